import type { AssistantMessage } from "@opencode/protocol/message.ts"
import { expect, test } from "vitest"
import { stopReasonOf } from "../src/turn-end.ts"

const aborted = { name: "MessageAbortedError", data: { message: "It was stopped." } } as const
const failed = { name: "UnknownError", data: { message: "It failed." } } as const

test.each<[string, Pick<AssistantMessage, "error" | "endReason" | "finish">, string]>([
  ["an answer", { endReason: "stop", finish: "stop" }, "end_turn"],
  ["a refused permission", { endReason: "rejected" }, "end_turn"],
  ["an answer of OpenCode's", { finish: "stop" }, "end_turn"],
  ["one that was cut", { finish: "length" }, "max_tokens"],
  ["a person who stops it", { endReason: "aborted", error: aborted }, "cancelled"],
  ["the same in what OpenCode wrote", { error: aborted }, "cancelled"],
  ["the limit of steps", { endReason: "steps" }, "max_turn_requests"],
  ["the provider's filter", { endReason: "content-filter", error: failed }, "refusal"],
])("%s is told as an end", (_, message, stopReason) => {
  expect(stopReasonOf(message as AssistantMessage)).toBe(stopReason)
})

test.each<[string, Pick<AssistantMessage, "error" | "endReason">]>([
  ["a limit of time", { endReason: "time", error: aborted }],
  ["a limit of money", { endReason: "cost", error: aborted }],
  ["the death of the process that was at it", { endReason: "interrupted", error: aborted }],
  ["a failure", { endReason: "provider", error: failed }],
])("%s is no cancellation and no success: the prompt fails with its words", (_, message) => {
  expect(() => stopReasonOf(message as AssistantMessage)).toThrow(message.error?.data.message as string)
})
