import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import type { LanguageModelV3, LanguageModelV3Message } from "@ai-sdk/provider"
import { openaiCompatible } from "@opencode/core/model/packages/openai-compatible.ts"
import { expect, test } from "vitest"

const text = (value: string) => ({ type: "text" as const, text: value })
const call = (id: string) => ({
  type: "tool-call" as const,
  toolCallId: id,
  toolName: "read",
  input: { filePath: `/${id}` },
})
const result = (id: string, value: string) => ({
  type: "tool-result" as const,
  toolCallId: id,
  toolName: "read",
  output: { type: "text" as const, value },
})
const image = { type: "file" as const, mediaType: "image/png", data: "iVBORw0KGgo=" }

const CONVERSATION: LanguageModelV3Message[] = [
  { role: "system", content: "You are an agent." },
  { role: "user", content: [text("Look at both, please.")] },
  { role: "assistant", content: [{ type: "reasoning", text: "Hm." }, text("I look."), call("one"), call("two")] },
  { role: "tool", content: [result("one", "1"), result("two", "2")] },
  { role: "assistant", content: [text("And now this.")], providerOptions: { openaiCompatible: { mark: "here" } } },
  { role: "user", content: [text("What is on it?"), image] },
  { role: "assistant", content: [call("three")] },
  { role: "tool", content: [result("three", "3")] },
]

/** Sends by a model, and answers the body. */
function sender(providerID: string, build: (fetch: typeof globalThis.fetch) => LanguageModelV3) {
  let body: Record<string, unknown> = {}
  const model = build(async (_, init) => {
    body = JSON.parse(String(init?.body))
    throw new Error("sent")
  })
  return async (prompt: LanguageModelV3Message[]) => {
    const providerOptions = { [providerID.split(".")[0] ?? ""]: { effort: "high" } }
    await expect(model.doStream({ prompt, providerOptions })).rejects.toThrow("sent")
    return body
  }
}

const baseURL = "http://127.0.0.1:1/v1"

/** The package alone, which remembers nothing. */
const plainly = (name: string) =>
  sender(name, (fetch) => createOpenAICompatible({ name, baseURL, fetch, includeUsage: true }).languageModel("large"))

async function ours(providerID: string) {
  const { build } = await openaiCompatible({
    npm: "@ai-sdk/openai-compatible",
    providerID,
    modelID: "large",
    baseURL,
    headers: {},
    options: {},
    deadlines: {} as never,
    request: Object.assign(() => Promise.reject(new Error("not used")), { close() {} }),
  })
  return sender(providerID, build)
}

test.each(["mock", "my-provider", "local.host", "openaiCompatible"])(
  "a conversation that grows is sent as one that is sent for the first time (%s)",
  async (providerID) => {
    const send = await ours(providerID)
    for (let length = 1; length <= CONVERSATION.length; length++) {
      const prompt = CONVERSATION.slice(0, length)
      const expected = await plainly(providerID)(prompt)
      expect(await send(prompt)).toEqual(expected)
      expect(expected).toMatchObject({ model: "large", effort: "high" })
    }
    // Sent again, another beginning, another order: nothing depends on what was sent before.
    for (const prompt of [CONVERSATION, CONVERSATION.slice(1), CONVERSATION.toReversed()]) {
      expect(await send(prompt)).toEqual(await plainly(providerID)(prompt))
    }
    const twice = [...CONVERSATION, ...CONVERSATION]
    expect(await (await ours(providerID))(twice)).toEqual(await plainly(providerID)(twice))
  },
)
