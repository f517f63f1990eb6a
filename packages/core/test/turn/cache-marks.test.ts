import type { LanguageModelV3Message } from "@ai-sdk/provider"
import { expect, test } from "vitest"
import { markForCache } from "../../src/turn/cache-marks.ts"

const MARK = { anthropic: { cacheControl: { type: "ephemeral" } } }
const system: LanguageModelV3Message = { role: "system", content: "be brief" }
const user: LanguageModelV3Message = { role: "user", content: [{ type: "text", text: "go" }] }
const assistant: LanguageModelV3Message = { role: "assistant", content: [{ type: "text", text: "done" }] }

const marked = (messages: LanguageModelV3Message[]): number[] =>
  markForCache(messages, MARK).flatMap((message, index) =>
    message.providerOptions?.anthropic?.cacheControl ? [index] : [],
  )

test.each([
  ["nothing", [], []],
  ["a system prompt alone", [system], [0]],
  ["one message", [system, user], [0, 1]],
  ["two messages", [system, user, assistant], [0, 1, 2]],
  ["a longer talk", [system, user, assistant, user, assistant, user], [0, 4, 5]],
  ["several system prompts", [system, system, system, user, assistant, user], [2, 4, 5]],
  ["no system prompt", [user, assistant, user], [1, 2]],
])("marks for %s", (_, messages, expected) => {
  expect(marked(messages)).toEqual(expected)
})

test("the newest message of a step is still marked at the next one", () => {
  const step = [system, user]
  const next = [...step, assistant, user]
  const newest = step.length - 1
  expect(marked(step)).toContain(newest)
  // A step adds the model's message and the results: the one before those is two from the end.
  expect(marked(next)).toEqual([0, 2, 3])
})

test("other providers get the messages as they are", () => {
  const messages = [system, user]
  expect(markForCache(messages, undefined)).toBe(messages)
})

test("messages are marked as copies", () => {
  markForCache([system, user], MARK)
  expect(system.providerOptions).toBeUndefined()
  expect(user.providerOptions).toBeUndefined()
})
