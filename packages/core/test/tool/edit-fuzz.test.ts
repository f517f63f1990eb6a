import fc from "fast-check"
import { expect, test } from "vitest"
import { applyEdit } from "../../src/tool/edit-match.ts"

/**
 * The matcher against references that are too simple to be wrong: a quote that is bent in a way the matcher forgives
 * changes the place that it was taken from, and nothing else; or it is refused. There is no third outcome.
 */
const RUNS = 1_500

const indents = fc.constantFrom("", "  ", "    ", "\t", "\t\t")
/** Lines that are told apart by more than blanks. */
const distinct = fc
  .array(indents, { minLength: 1, maxLength: 14 })
  .map((all) => all.map((indent, index) => `${indent}call${index}(${index}, "x")`))

const bends: Record<string, (line: string) => string> = {
  nothing: (line) => line,
  "blanks at the end": (line) => `${line}  `,
  "a tab for two blanks": (line) => line.replace(/^ +/, (blanks) => "\t".repeat(blanks.length / 2)),
  "more indentation": (line) => `    ${line}`,
  "no indentation": (line) => line.trimStart(),
  "blanks inside": (line) => line.replace(", ", ",  "),
  "escaped quotes": (line) => line.replaceAll('"', '\\"'),
}

test("a bent quote changes the place it was taken from, or is refused", () => {
  let changed = 0
  const ends = fc.constantFrom("\n", "\r\n")
  const property = fc.property(
    distinct,
    fc.nat(13),
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom(...Object.keys(bends)),
    ends,
    fc.boolean(),
    (lines, at, count, bend, end, isOpen) => {
      const start = at % lines.length
      const block = lines.slice(start, start + count)
      const text = lines.join(end) + (isOpen ? "" : end)
      const quote = block.map(bends[bend]!).join("\n")
      const result = applyEdit(text, { oldString: quote, newString: `${bends[bend]!("call99()")}` })
      if (result.kind === "ambiguous") throw new Error("There is one place only.")
      if (result.kind === "missing") return
      changed++
      // Outside the block every byte is as it was.
      const before = lines
        .slice(0, start)
        .map((line) => line + end)
        .join("")
      const after = text.slice(before.length + block.join(end).length)
      expect(result.text.startsWith(before)).toBe(true)
      expect(result.text.endsWith(after)).toBe(true)
      const inside = result.text.slice(before.length, result.text.length - after.length)
      expect(inside.trim()).toBe("call99()")
    },
  )
  fc.assert(property, { numRuns: RUNS })
  // Refusing everything would be safe as well.
  expect(changed).toBeGreaterThan(RUNS / 2)
})

/** What no forgiveness may change: the characters that are not blank. */
const essence = (text: string): string => text.replace(/\s+/g, "")

test("in a text that repeats itself, what is replaced is what was quoted, and only where it is the one place", () => {
  const piece = fc.constantFrom("a", "b", "a ", "  a", "\tb", "ab", "", "a  b", "a b")
  const texts = fc.array(piece, { maxLength: 10 }).map((lines) => lines.join("\n"))
  const property = fc.property(texts, texts, (text, oldString) => {
    fc.pre(oldString !== "")
    const result = applyEdit(text, { oldString, newString: "\u0001" })
    const exact = text.split(oldString).length - 1
    const isOnly = exact === 1 && text.indexOf(oldString) === text.lastIndexOf(oldString)
    if (isOnly) expect(result).toEqual({ kind: "changed", text: text.replace(oldString, "\u0001"), places: 1 })
    else if (exact > 0) expect(result.kind).toBe("ambiguous")
    if (isOnly || result.kind !== "changed") return
    const [before = "", tail = ""] = result.text.split("\u0001")
    // The replacement is indented as the file is.
    const head = before.replace(/[ \t]+$/, "")
    expect(text.startsWith(head) && text.endsWith(tail)).toBe(true)
    expect(essence(text.slice(head.length, text.length - tail.length))).toBe(essence(oldString))
  })
  fc.assert(property, { numRuns: RUNS })
})

test("all places are those that an exact search finds, when there are any", () => {
  const word = fc.stringMatching(/^[ab]{1,2}$/)
  const texts = fc.array(fc.constantFrom("a", "b", "\n", " "), { maxLength: 30 }).map((all) => all.join(""))
  fc.assert(
    fc.property(texts, word, (text, oldString) => {
      const result = applyEdit(text, { oldString, newString: "X", replaceAll: true })
      if (text.includes(oldString))
        expect(result).toMatchObject({ kind: "changed", text: text.replaceAll(oldString, "X") })
      else expect(result.kind).toBe("missing")
    }),
    { numRuns: 500 },
  )
})
