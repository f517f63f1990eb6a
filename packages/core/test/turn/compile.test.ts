import type { LanguageModelV3CallOptions, LanguageModelV3Prompt } from "@ai-sdk/provider"
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
    { numRuns: 2_500 },
  )
})

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
      const earlier = withoutMarks(compiled(messages, model).prompt)
      const later = withoutMarks(compiled([...messages, ...more], model).prompt)
      // The one thing that does not stay: the word that makes a request legal which would end with the model's own.
      if (isNudge(earlier.at(-1)) && !isNudge(later[earlier.length - 1])) earlier.pop()
      expect(JSON.stringify(later.slice(0, earlier.length))).toBe(JSON.stringify(earlier))
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

function withoutMarks(prompt: LanguageModelV3Prompt): LanguageModelV3Prompt {
  return prompt.map(({ providerOptions: _, ...message }) => message as LanguageModelV3Prompt[number])
}

const isNudge = (message: LanguageModelV3Prompt[number] | undefined): boolean =>
  message?.role === "user" && message.content[0]?.type === "text" && message.content[0].text === "Continue."
