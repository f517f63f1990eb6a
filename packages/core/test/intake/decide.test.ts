import { expect, test } from "vitest"
import { decide } from "../../src/intake/decide.ts"

test.each([
  // recorded, isHere, isAtWork, hasOwn
  [undefined, false, false, false, "added"],
  [undefined, true, false, false, "extended"], // an import that did not come to its end
  [undefined, true, false, true, "diverged"],
  ["now", true, false, false, "unchanged"],
  ["now", true, true, true, "unchanged"],
  ["now", false, false, false, "removed"],
  ["before", false, false, false, "removed"],
  ["before", true, false, false, "extended"],
  ["before", true, false, true, "diverged"],
  ["before", true, true, false, "busy"],
] as const)(
  "recorded %s, here %s, at work %s, with messages of its own %s: %s",
  (recorded, isHere, isAtWork, own, verdict) => {
    expect(decide({ stamp: "now", recorded, isHere, isAtWork, hasOwn: () => own })).toBe(verdict)
  },
)
