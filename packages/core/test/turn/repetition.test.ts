import { expect, test } from "vitest"
import { createRepetition, SAME_CALL_LIMIT } from "../../src/turn/repetition.ts"

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
