import type { LanguageModelV3CallOptions, LanguageModelV3Prompt } from "@ai-sdk/provider"
import { PIXEL } from "@opencode/testing/pixel.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { says } from "@opencode/testing/script.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { secret } from "../../src/lib/secret.ts"
import { openLanguage } from "../../src/model/language.ts"
import { createRequest } from "../../src/model/request.ts"
import { streamAnswer } from "../../src/model/stream.ts"
import { compile } from "../../src/turn/compile.ts"
import { anyHistory, anyModel, FAMILIES, modelOf, TOOLS } from "./history.ts"
import { broken } from "./rules.ts"

const compiled = (
  messages: MessageWithParts[],
  model: Model,
  more: { lastStep?: string } = {},
): LanguageModelV3CallOptions => compile({ system: ["You are a test.", " "], messages, tools: TOOLS, model, ...more })

test("any history becomes a request that breaks no rule of its provider", () => {
  const lastStep = fc.constantFrom(undefined, "Answer now.")
  fc.assert(
    fc.property(anyHistory, anyModel, lastStep, (messages, model, last) => {
      const options = compiled(messages, model, last === undefined ? {} : { lastStep: last })
      expect(broken(options, model)).toEqual([])
    }),
    { numRuns: 10_000 },
  )
  // Five seconds when nothing else runs.
}, 90_000)

test("the same history gives the same bytes, and is left as it was", () => {
  fc.assert(
    fc.property(anyHistory, anyModel, (messages, model) => {
      const before = JSON.stringify(messages)
      expect(JSON.stringify(compiled(messages, model))).toBe(JSON.stringify(compiled(messages, model)))
      expect(JSON.stringify(messages)).toBe(before)
    }),
    { numRuns: 200 },
  )
})

test("what was sent stays the start of what is sent later, cache marks aside", () => {
  fc.assert(
    fc.property(anyHistory, anyHistory, anyModel, (messages, more, model) => {
      // Notes begin a new epoch.
      const added = more.filter(({ info }) => info.role === "user" || !info.summary)
      const earlier = compiled(messages, model).prompt
      const later = compiled([...messages, ...added], model).prompt
      // So does an image too many.
      if (leftOut(earlier) !== leftOut(later)) return
      // The one thing that does not stay: the word that makes a request legal which would end with the model's own.
      if (isNudge(earlier.at(-1)) && !isNudge(later[earlier.length - 1])) earlier.pop()
      expect(blocks(later).join("\n").startsWith(blocks(earlier).join("\n"))).toBe(true)
    }),
    { numRuns: 600 },
  )
})

test.each(FAMILIES)("the provider's own package sends any history, and the provider takes it (%s)", async (npm) => {
  await using server = await modelServer({ script: () => says("ok") })
  const request = createRequest()
  const language = await openLanguage({
    npm,
    request,
    providerID: "mock",
    modelID: "large",
    baseURL: `${server.url}/${npm === "@ai-sdk/google" ? "v1beta" : "v1"}`,
    key: secret("sk-test"),
    headers: {},
    options: {},
    deadlines: {},
  })
  for (const [number, messages] of fc.sample(anyHistory, { numRuns: 75 }).entries()) {
    const model = modelOf(npm, { image: number % 3 !== 0, interleaved: number % 2 === 0, toolcall: number % 5 !== 0 })
    const options = compiled(messages, model)
    const { signal } = new AbortController()
    for await (const event of streamAnswer({ language, options, signal, now: Date.now })) {
      if (event.type === "finish") expect(event.reason).toBe("stop")
    }
  }
  expect(server.unexpected).toEqual([])
  expect(server.requests).toHaveLength(75)
  request.close()
})

test.each([
  ["@ai-sdk/groq", 5, 6, 1],
  ["@ai-sdk/mistral", 8, 8, 0],
  ["@ai-sdk/amazon-bedrock", 20, 31, 12],
  ["@ai-sdk/anthropic", 100, 101, 10],
  ["@ai-sdk/openai-compatible", 100, 200, 100],
] as const)("of more images than %s takes in a request (%d), the oldest are left out", (npm, most, count, left) => {
  const png = `data:image/png;base64,${PIXEL}`
  const owned = { id: "prt_a", sessionID: "ses_a", messageID: "msg_a" }
  const parts = Array.from({ length: count }, () => ({ ...owned, type: "file" as const, mime: "image/png", url: png }))
  const info = { ...owned, id: "msg_a", role: "user" as const, time: { created: 1 }, agent: "build" }
  const options = compiled(
    [{ info: { ...info, model: { providerID: "mock", modelID: "large" } }, parts }],
    modelOf(npm),
  )
  const content = options.prompt.at(-1)?.content as { type: string; text?: string }[]
  expect(content.map(({ type }) => type).lastIndexOf("text")).toBe(left - 1)
  expect(content.filter(({ type }) => type === "file").length).toBeLessThanOrEqual(most)
  expect(broken(options, modelOf(npm))).toEqual([])
})

test("a file of any size compiles", () => {
  const url = `data:image/png;base64,${"A".repeat(100_000_000)}`
  const part = { id: "prt_a", sessionID: "ses_a", messageID: "msg_a", type: "file" as const, mime: "image/png", url }
  const info = {
    id: "msg_a",
    sessionID: "ses_a",
    role: "user" as const,
    time: { created: 1 },
    agent: "build",
    model: { providerID: "mock", modelID: "large" },
  }
  const { prompt } = compiled([{ info, parts: [part] }], modelOf("@ai-sdk/anthropic"))
  expect(JSON.stringify(prompt)).toContain("too large")
})

/** As a cache sees it: piece by piece, whichever messages they are in, without the marks. */
const blocks = (prompt: LanguageModelV3Prompt): string[] =>
  prompt.flatMap(({ role, content }) =>
    typeof content === "string"
      ? [JSON.stringify({ role, content })]
      : content.map((part) => JSON.stringify({ role, part })),
  )

const leftOut = (prompt: LanguageModelV3Prompt): number => JSON.stringify(prompt).split("An older image").length

const isNudge = (message: LanguageModelV3Prompt[number] | undefined): boolean =>
  message?.role === "user" && message.content[0]?.type === "text" && message.content[0].text === "Continue."
