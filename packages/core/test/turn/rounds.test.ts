import fc from "fast-check"
import { expect, test } from "vitest"
import { hasRounds } from "../../src/turn/rounds.ts"
import { watchText } from "../../src/turn/text-loop.ts"

test.each([
  ["", 2, 1, false],
  ["a", 2, 1, false],
  ["aa", 2, 1, true],
  ["ab", 2, 1, false],
  ["abab", 2, 1, true],
  ["ababa", 2, 1, true],
  ["xyzabab", 2, 1, true],
  ["abababx", 2, 1, false],
  ["abcabcabc", 3, 1, true],
  ["abcabcab", 3, 1, false],
  ["aabaab", 2, 6, true],
  ["aabaab", 2, 7, false],
] as const)("%s ends in %i rounds of at least %i in all: %s", (text, atLeast, minLength, expected) => {
  expect(hasRounds(text, { atLeast, minLength })).toBe(expected)
})

/** The definition, as slowly as can be. */
function slowly(items: string[], atLeast: number, minLength: number): boolean {
  for (let period = 1; period <= items.length; period++) {
    let size = period
    while (size < items.length && items[items.length - 1 - size] === items[items.length - 1 - size + period]) size++
    if (size >= minLength && size >= atLeast * period) return true
  }
  return false
}

test("finds exactly what the definition says, for any sequence", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "b"), { maxLength: 40 }),
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 1, max: 20 }),
      (items, atLeast, minLength) => {
        expect(hasRounds(items, { atLeast, minLength })).toBe(slowly(items, atLeast, minLength))
      },
    ),
    { numRuns: 2_000 },
  )
})

/** How many characters were read when it was called a loop; undefined: never. */
function loopAt(text: string, size = 40): number | undefined {
  const isLoop = watchText()
  for (let at = 0; at < text.length; at += size) if (isLoop(text.slice(at, at + size))) return at + size
  return undefined
}

const lines = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => line(n)).join("\n")
const PARAGRAPH = "The test still fails, so I will read the file again and look for the reason.\n".repeat(12)

test.each([
  ["one line for ever", "I will try again.\n".repeat(5_000)],
  ["one character for ever", "!".repeat(60_000)],
  ["blank lines for ever", "\n".repeat(60_000)],
  ["two sentences in turn", "Let me check the file. Now I run the tests. ".repeat(2_000)],
  [
    "three lines in turn, after an honest beginning",
    `${lines(300, (n) => `${n}: fine`)}\n${"a\nbb\nccc\n".repeat(9_000)}`,
  ],
  ["a paragraph of a thousand characters", PARAGRAPH.repeat(60)],
])("%s is stopped before it has cost ten thousand tokens", (_, text) => {
  const start = text.startsWith("0: fine") ? text.indexOf("a\n") : 0
  expect(loopAt(text)).toBeLessThan(start + 40_000)
})

test.each([
  ["a table of numbers", lines(2_000, (n) => `| ${n} | ${n * n} | ok |`)],
  ["a log of one message with its time", lines(2_000, (n) => `12:00:${n} GET /health 200`)],
  ["two hundred equal lines of a log", `${lines(200, () => "GET /health 200 in 3 ms, all is well")}\ndone`],
  ["a file with the same closing lines everywhere", lines(1_500, (n) => `  if (a${n}) {\n    return\n  }\n}`)],
  ["a frame of signs", lines(60, (n) => `${"=".repeat(120)}\nSection ${n}\n${"-".repeat(120)}`)],
  ["a list of empty cells", lines(150, () => "| | | | | | | | | | |")],
  ["a paragraph that came four times", `${PARAGRAPH.repeat(4)} That is all.`],
  ["numbers in base 64", Buffer.from(lines(3_000, (n) => String(n * 7919))).toString("base64")],
])("%s is an honest answer", (_, text) => {
  expect(loopAt(text)).toBeUndefined()
})

test("the size of the pieces in which it comes makes no difference", () => {
  for (const size of [1, 7, 4_000, 50_000]) expect(loopAt("round and round. ".repeat(4_000), size)).toBeDefined()
})
