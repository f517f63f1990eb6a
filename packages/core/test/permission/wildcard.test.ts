import fc from "fast-check"
import { cpuMs } from "@opencode/testing/effort.ts"
import { expect, test } from "vitest"
import { expandHome, HOLE, matches, mayMatch } from "@opencode/core/permission/wildcard.ts"

test.each([
  ["*", "", true],
  ["*", "any/thing\nat all", true],
  ["git status *", "git status", true],
  ["git status *", "git status -s", true],
  ["git status *", "git statusx", false],
  ["git status*", "git statusx", true],
  ["rm", "rm -rf x", false],
  ["src/*.ts", "src/a/b.ts", true],
  ["*.env", "deep/.env", true],
  ["*.env", ".env.local", false],
  ["?", "é", true],
  ["?", "😀", true],
  ["?", "", false],
  ["a.c", "abc", false],
  ["(a|b)+$", "(a|b)+$", true],
  ["[ab]", "a", false],
  ["mymcp_*", "mymcp_read", true],
  ["", "", true],
  ["", "a", false],
])("%j against %j is %j", (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected)
})

test("the home folder stands for ~ and $HOME at the start of a pattern only", () => {
  expect(["~", "~/x/*", "$HOME/x", "~root/x", "$HOMEPAGE", "a/~/b"].map((it) => expandHome(it, "/h"))).toEqual([
    "/h",
    "/h/x/*",
    "/h/x",
    "~root/x",
    "$HOMEPAGE",
    "a/~/b",
  ])
})

test("agrees with the obvious, slow definition", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "/", "\n", "😀"), maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", " ", "/", "*", "?", "😀"), maxLength: 6 })
  fc.assert(
    fc.property(pattern, text, (wildcard, input) => {
      const slow = obvious([...wildcard], [...input])
      const bare = wildcard.endsWith(" *") && obvious([...wildcard.slice(0, -2)], [...input])
      expect(matches(wildcard, input)).toBe(slow || bare)
    }),
    { numRuns: 3000 },
  )
})

test.each([
  ["rm *", "rm ?", true],
  ["rm -rf *", "rm ?", true],
  ["rm -rf *", "rm ? /", true],
  ["rm -rf *", "rm -f ?", false],
  ["git push *", "git ?", true],
  ["git push *", "git status ?", false],
  ["*.env", "cat ?", true],
  ["rm *", "ls ?", false],
  ["*", "?", true],
  ["", "?", true],
])("whether %j could match %j is %j", (pattern, text, expected) => {
  expect(mayMatch(pattern, text.replaceAll("?", HOLE))).toBe(expected)
})

test("a pattern that matches a text, however its holes are filled, may match it", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "😀"), maxLength: 4 })
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", " ", "*", "?", "😀"), maxLength: 6 })
  fc.assert(
    fc.property(
      pattern,
      fc.array(text, { minLength: 1, maxLength: 3 }),
      fc.array(text, { minLength: 3, maxLength: 3 }),
      (wildcard, known, fill) => {
        const filled = known.map((part, at) => (at === 0 ? part : (fill[at] ?? "") + part)).join("")
        if (matches(wildcard, filled)) expect(mayMatch(wildcard, known.join(HOLE))).toBe(true)
        expect(mayMatch(wildcard, filled)).toBe(matches(wildcard, filled))
      },
    ),
    { numRuns: 5000 },
  )
})

test("no pattern makes it slow", async () => {
  const spent = await cpuMs(() => expect(matches("*a".repeat(30) + "b", "a".repeat(100_000))).toBe(false))
  const open = await cpuMs(() => mayMatch("*a".repeat(30) + "b", `a${HOLE}`.repeat(50_000)))
  expect(open).toBeLessThan(2_000)
  expect(spent).toBeLessThan(2_000)
})

function obvious(pattern: string[], text: string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return text.length === 0
  if (first === "*") return obvious(rest, text) || (text.length > 0 && obvious(pattern, text.slice(1)))
  return text.length > 0 && (first === "?" || first === text[0]) && obvious(rest, text.slice(1))
}
