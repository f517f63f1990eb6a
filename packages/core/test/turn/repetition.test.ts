import { expect, test } from "vitest"
import { createRepetition, ROUND_LIMIT, SAME_CALL_LIMIT } from "../../src/turn/repetition.ts"

const answers = (calls: [tool: string, input: unknown][]): boolean[] => {
  const repetition = createRepetition()
  return calls.map(([tool, input]) => repetition.isLoop(tool, input))
}

test("the same call is a loop from the third time on, whatever lies between", () => {
  const same: [string, unknown] = ["bash", { command: "make" }]
  expect(SAME_CALL_LIMIT).toBe(3)
  expect(answers([same, ["read", {}], same, ["bash", { command: "ls" }], same, same])).toEqual([
    false,
    false,
    false,
    false,
    true,
    true,
  ])
})

test.each([
  ["another tool", ["read", { a: 1 }]],
  ["another value", ["bash", { a: 2 }]],
  ["another type of the value", ["bash", { a: "1" }]],
  ["a member more", ["bash", { a: 1, b: null }]],
  ["another order in a list", ["bash", { a: [2, 1] }]],
  ["nothing", ["bash", undefined]],
] as [string, [string, unknown]][])("%s is another call", (_, other) => {
  const call: [string, unknown] = ["bash", { a: 1 }]
  expect(answers([call, call, other])).toEqual([false, false, false])
})

test("the order of members does not matter, at any depth", () => {
  const calls: [string, unknown][] = [
    ["edit", { a: 1, b: { c: [{ d: 1, e: 2 }], f: 3 } }],
    ["edit", { b: { f: 3, c: [{ e: 2, d: 1 }] }, a: 1 }],
    ["edit", { b: { c: [{ d: 1, e: 2 }], f: 3 }, a: 1 }],
  ]
  expect(answers(calls)).toEqual([false, false, true])
})

test("a tool's name and its input are not mixed up", () => {
  expect(
    answers([
      ["a", "b c"],
      ["a", "b c"],
      ['a "b', "c"],
    ]),
  ).toEqual([false, false, false])
})

test("each turn counts anew", () => {
  const first = createRepetition()
  for (let n = 0; n < 5; n++) first.isLoop("bash", {})
  expect(createRepetition().isLoop("bash", {})).toBe(false)
})

/** Makes calls one after the other. @returns which of them were asked about, and whether it all went in circles */
function made(calls: [tool: string, input: unknown, result: string][]): { asked: boolean[]; circling: boolean } {
  const repetition = createRepetition()
  const asked = calls.map(([tool, input, result]) => {
    const isLoop = repetition.isLoop(tool, input)
    repetition.ended(tool, input, result)
    return isLoop
  })
  return { asked, circling: repetition.isCircling() }
}

const times = <T>(count: number, item: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => item(n))

test("a call whose result changes is progress, however often it is made", () => {
  const { asked, circling } = made(times(60, (n) => ["bash", "git status", `${n} files`]))
  expect([asked.includes(true), circling]).toEqual([false, false])
})

test("results count from the last change on", () => {
  const results = ["a", "a", "b", "b", "b"]
  expect(made(results.map((result) => ["bash", "make", result])).asked).toEqual([false, false, true, false, true])
})

test("a subagent that is started again for the same is no progress", () => {
  const { asked } = made(times(3, (n) => ["task", { prompt: "look" }, `<task id="ses_0a${n}Zz">nothing</task>`]))
  expect(asked).toEqual([false, false, true])
})

test.each([1, 2, 3, 10])("rounds of %i calls with the same results are circles in the end", (size) => {
  const rounds = (count: number) =>
    times(count * size, (n) => ["bash", `${n % size}`, "same"] as [string, string, string])
  expect(made(rounds(ROUND_LIMIT)).circling).toBe(true)
  expect(made(rounds(ROUND_LIMIT - 1)).circling).toBe(false)
  expect(made([...rounds(ROUND_LIMIT), ["read", "x", "y"]]).circling).toBe(false)
  expect(made(times(ROUND_LIMIT * size, (n) => ["bash", `${n % size}`, `${n}`])).circling).toBe(false)
})
