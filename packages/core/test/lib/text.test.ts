import { expect, test } from "vitest"
import { clip, didYouMean, nearNames } from "../../src/lib/text.ts"

const known = ["bash", "read", "glob", "grep", "edit", "write"]

test.each([
  ["bahs", ["bash"]],
  ["Bash", ["bash"]],
  ["READ", ["read"]],
  ["edits", ["edit"]],
  ["rite", ["write"]],
  ["something-else", []],
])("names near %s", (wanted, near) => {
  expect(nearNames(wanted, known).slice(0, near.length || undefined)).toEqual(near)
})

test("three near names at most, the nearest first, and always in the same order", () => {
  const names = ["abcx", "abcd", "abcy", "abcz", "abc"]
  expect(nearNames("abcd", names)).toEqual(nearNames("abcd", [...names].reverse()))
  expect(nearNames("abcd", names)).toHaveLength(3)
  expect(nearNames("abcd", names)[0]).toBe("abcd")
})

test("a sentence names them, or there is none", () => {
  expect(didYouMean("bahs", known)).toBe(" Did you mean bash?")
  expect(didYouMean("x", ["y", "z"])).toBe(" Did you mean y or z?")
  expect(didYouMean("something-else", known)).toBe("")
  expect(didYouMean("anything", [])).toBe("")
})

test.each([
  ["short", 10, "short"],
  ["exactly ten", 11, "exactly ten"],
  ["one too many", 11, "one too ma…"],
  ["ab🙂cd", 4, "ab…"],
  ["a🙂bcd", 4, "a🙂…"],
  ["🙂🙂", 2, "…"],
  ["abc", 1, "…"],
])("%j in %i characters", (text, characters, clipped) => {
  expect(clip(text, characters)).toBe(clipped)
})

test("clipped text is never longer than asked for, nor ends in half a character", () => {
  const text = "a🙂bé🙂🙂c🙂".repeat(3)
  for (let characters = 1; characters <= text.length; characters++) {
    expect(clip(text, characters).length).toBeLessThanOrEqual(characters)
    expect(clip(text, characters)).not.toMatch(/\p{Surrogate}/u)
  }
})
