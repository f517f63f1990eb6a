import { expect, test } from "vitest"
import { reminderFor } from "../../src/turn/reminder.prompt.ts"

test.each([
  ["plan", undefined, /Plan mode/],
  ["plan", "plan", /Plan mode/],
  ["plan", "build", /Plan mode/],
  ["build", "plan", /Plan mode is over/],
  ["build", "build", undefined],
  ["build", undefined, undefined],
  ["custom", "plan", undefined],
] as const)("a prompt for %s after one for %s", (agent, previous, expected) => {
  const reminder = reminderFor(agent, previous)
  if (expected) expect(reminder).toMatch(expected)
  else expect(reminder).toBeUndefined()
})
