import { expect, test } from "vitest"
import { changeOf, fingerprint } from "../../src/recording/fingerprint.ts"

const places = new Map([
  ["/home/me/project", "<folder 1>"],
  ["/home/me", "<worktree 1>"],
  ["/tmp/stage", "<folder 1>"],
])
const body = (value: object): string => JSON.stringify(value)
const before = { model: "large", messages: ["one in /home/me/project", "two"], tools: [{ name: "read" }] }

test.each([
  ["nothing", before, undefined],
  ["another folder", { ...before, messages: ["one in /tmp/stage", "two"] }, undefined],
  ["a member", { ...before, model: "small" }, '"model" differs; now it is "small"'],
  ["an item", { ...before, messages: [before.messages[0], "2"] }, '"messages[1]" differs; now it is "2"'],
  [
    "more items",
    { ...before, messages: [...before.messages, "three"] },
    '"messages" has 3 items instead of 2; the first that is new is "three"',
  ],
  ["fewer items", { ...before, tools: [] }, '"tools[0]" differs; now it is nothing'],
  ["a new member", { ...before, top_p: 1 }, '"top_p" differs; now it is 1'],
  ["a member that is gone", { model: "large", messages: before.messages }, '"tools" differs; now it is nothing'],
])("%s that differs between two requests is named", (_, now, change) => {
  expect(changeOf(fingerprint(body(before), places), body(now), places)).toBe(change)
})

test("a body that is no JSON is compared as a whole", () => {
  expect(changeOf(fingerprint("a=1", places), "a=1", places)).toBeUndefined()
  expect(changeOf(fingerprint("a=1", places), "a=2", places)).toBe('"body" differs; now it is "a=2"')
})
