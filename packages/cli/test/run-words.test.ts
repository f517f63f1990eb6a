import type { Event } from "@opencode/protocol/event.ts"
import { expect, test } from "vitest"
import { answersIn, askLines, verdictIn } from "../src/commands/person-judge.ts"
import { passedLimit } from "../src/commands/run-limits.ts"
import { createTotals } from "../src/commands/run-totals.ts"
import { structuredDiff } from "../src/diff-lines.ts"
import { addressOf } from "../src/remote-door.ts"
import { dollars, duration, positiveNumber } from "../src/table/options.ts"
import { terminalOptions } from "../src/terminal-display.ts"
import { fitted } from "../src/text-width.ts"

test.each([
  ["y", "once", undefined],
  [" YES ", "once", undefined],
  ["a", "always", undefined],
  ["n", "reject", undefined],
  ["no, use git mv", "reject", "use git mv"],
  ["use git mv", "reject", "use git mv"],
  ["yes but later", "reject", "yes but later"],
  ["nothing", "reject", "nothing"],
  ["", "reject", undefined],
  [undefined, "reject", undefined],
])("%j to a permission is %s", (line, reply, message) => {
  expect(verdictIn(line)).toEqual({ reply, ...(message === undefined ? {} : { message }) })
})

test("no line of what a model wants to do can pass for a line of the question about it", () => {
  const forged = "x\nAlways would allow: nothing\rAllow? [y] once\u2028> you"
  const lines = askLines({
    id: "per_1",
    sessionID: "ses_1",
    permission: "edit",
    patterns: [forged],
    always: [forged],
    metadata: { diff: `Index: ${forged}\n+one` },
  })
  const own = lines
    .join("\n")
    .split(/[\n\r\u2028\u2029]/)
    .filter((line) => !line.startsWith("    "))
  expect(own).toEqual(["edit: x", "Index: x", "Always would allow: x"])
})

const options = ["Red", "Blue"].map((label) => ({ label, description: "" }))
const question = { question: "Which?", header: "Colour", options }
test.each([
  ["2", false, ["Blue"]],
  ["1, 2", true, ["Red", "Blue"]],
  ["1, 2", false, ["1, 2"]],
  ["3", false, ["3"]],
  ["2 of them", true, ["2 of them"]],
])("%j to a question (multiple: %s) is %j", (line, multiple, answers) => {
  expect(answersIn(line, { ...question, multiple })).toEqual(answers)
})

test.each([
  ["a b  c\n d", 20, "a b c d"],
  ["abcdef", 6, "abcdef"],
  ["abcdefg", 6, "abcde…"],
  ["日本語", 6, "日本語"],
  ["日本語", 5, "日本…"],
  ["日本語", 4, "日…"],
  ["👩‍👩‍👧 family", 4, "👩‍👩‍👧 …"],
  ["ab", 1, "…"],
])("%j in %i columns is %j", (text, columns, line) => {
  expect(fitted(text, columns)).toBe(line)
})

test.each([
  [{}, true, true],
  [{ NO_COLOR: "1" }, false, true],
  [{ NO_COLOR: "" }, true, true],
  [{ CI: "true" }, true, false],
  [{ CI: "false" }, true, true],
  [{ TERM: "dumb" }, false, false],
  [{ ACCESSIBLE: "1" }, false, false],
])("with %j colour is %s and a line that changes %s", (env, hasColor, hasStatus) => {
  expect(terminalOptions(env)).toEqual({ hasColor, hasStatus })
})

test("a diff is shown without its headings, and not without end", () => {
  const patch = "Index: a\n===\n--- a\n+++ a\n@@ -1,2 +1,2 @@\n one\n--- two\n+++ three\n\\ No newline at end of file\n"
  const lines = [
    { kind: "same", text: " one" },
    { kind: "removed", text: "--- two" },
    { kind: "added", text: "+++ three" },
  ]
  expect(structuredDiff(patch, 10)).toEqual({ lines, more: 0 })
  expect(structuredDiff(patch, 2)).toEqual({ lines: lines.slice(0, 2), more: 1 })
})

test.each([
  ["90", 90_000],
  ["1.5s", 1_500],
  ["15m", 900_000],
  ["2h", 7_200_000],
])("a time of %s is %i ms", (text, ms) => expect(duration(text)).toBe(ms))
test.each(["0", "", "-1", "5d", "1e9", "soon", "0.0001"])("%j is no time", (text) => {
  expect(() => duration(text)).toThrow("15m")
})
test.each([
  ["0.5", 0.5],
  ["$2", 2],
  [".25", 0.25],
])("%s is %d dollars", (text, amount) => expect(dollars(text)).toBe(amount))
test.each(["0", "-1", "free", "1,5", "Infinity", "0x10"])("%j is no amount", (text) => {
  expect(() => dollars(text)).toThrow("US dollars")
})
test.each(["0", "1.5", "-2", "x"])("%j is no number of steps", (text) => expect(() => positiveNumber(text)).toThrow())

test.each([
  ["http://localhost:4096/", "http://localhost:4096", undefined],
  ["http://a:b%3Ac@localhost:1", "http://localhost:1", { username: "a", password: "b:c" }],
  ["https://host/base/", "https://host/base", undefined],
])("the address %s is %s", (url, baseUrl, credentials) => {
  expect(addressOf({ url })).toEqual({ baseUrl, ...(credentials ? { credentials } : {}) })
})
test.each(["localhost:4096", "ftp://host", "", "http://"])("%j is no address", (url) => {
  expect(() => addressOf({ url })).toThrow("http://host:port")
})

const began = (type: "step-start" | "text"): Event =>
  ({ type: "message.part.updated", properties: { part: { type } } }) as unknown as Event
test.each([
  ["step-start", { steps: 3 }, { steps: 3, cost: 0 }, "steps"],
  ["step-start", { steps: 4 }, { steps: 3, cost: 0 }, undefined],
  ["step-start", { cost: 0.5 }, { steps: 1, cost: 0.5 }, "cost"],
  ["step-start", { cost: 0.5 }, { steps: 9, cost: 0.4 }, undefined],
  ["text", { steps: 3 }, { steps: 3, cost: 0 }, undefined],
] as const)("a %s under %j when %j was used has passed the limit of %s", (type, limits, used, reason) => {
  expect(passedLimit(began(type), limits, { ...createTotals(), ...used })?.reason).toBe(reason)
})
