import type { AssistantMessage } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import { expect, test } from "vitest"
import { Rejection } from "../../src/lib/fault.ts"
import { failureOf, verdictOn } from "../../src/turn/child-verdict.ts"

const answer = (info: Partial<AssistantMessage>, ...texts: string[]) => ({
  info: { role: "assistant", ...info } as AssistantMessage,
  parts: texts.map((text) => ({ type: "text", text }) as Part),
})
const BROKE = { name: "UnknownError", data: { message: "It broke." } } as const

test.each([
  ["its last words", answer({ endReason: "stop" }, "one", "two", " "), {}, { state: "completed", text: "two" }],
  [
    "no words",
    answer({ endReason: "stop" }),
    {},
    { state: "completed", text: expect.stringContaining("without a word") },
  ],
  ["its own limit of steps", answer({ endReason: "steps" }, "half"), {}, { state: "limit", text: "half" }],
  ["a limit of the tree", answer({ endReason: "cost", error: BROKE }), {}, { state: "limit", error: "It broke." }],
  ["a failure", answer({ endReason: "retries", error: BROKE }, "so far"), {}, { state: "failed", error: "It broke." }],
  [
    "an abort of its own",
    answer({ endReason: "aborted", error: BROKE }),
    {},
    { state: "aborted", error: "The user stopped it." },
  ],
  ["an abort of the parent", answer({ endReason: "aborted", error: BROKE }), { isAborted: true }, { state: "aborted" }],
  [
    "a deadline",
    answer({ endReason: "time", error: BROKE }),
    { late: "Too late." },
    { state: "deadline", error: "Too late." },
  ],
  [
    "a result just before the deadline",
    answer({ endReason: "stop" }, "done"),
    { late: "Too late." },
    { state: "completed" },
  ],
  ["a bare no", answer({ endReason: "rejected" }), {}, { state: "failed", isRejection: true }],
  ["nothing", undefined, {}, { state: "failed", error: "It gave no answer." }],
] as const)("%s", (_, message, circumstances, verdict) => {
  expect(verdictOn({ answer: message }, { late: undefined, isAborted: false, ...circumstances })).toMatchObject(verdict)
})

test("a run that could not be begun says why", () => {
  const verdict = verdictOn({ error: new Error("Session is busy.") }, { late: undefined, isAborted: false })
  expect(verdict).toEqual({ state: "failed", error: "Session is busy." })
  const failure = failureOf("ses_1", verdict, { sessionId: "ses_1" })
  expect(failure).not.toBeInstanceOf(Rejection)
  expect(failure.message).toMatch(/Session is busy\. .*task_id "ses_1"/)
  expect(failureOf("ses_1", { ...verdict, isRejection: true }, {})).toBeInstanceOf(Rejection)
})
