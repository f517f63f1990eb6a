import { applyPatch } from "diff"
import fc from "fast-check"
import { cpuMs } from "@opencode/testing/effort.ts"
import { expect, test } from "vitest"
import { diffFile } from "../../src/tool/diff.ts"

test("a change is a patch that applies, with its lines counted", async () => {
  const before = "a\nb\nc\n"
  const after = "a\nB\nc\nd\n"
  const diff = await diffFile("src/x.ts", before, after)
  expect(diff).toMatchObject({ file: "src/x.ts", additions: 2, deletions: 1 })
  expect(diff.patch.startsWith("Index: src/x.ts\n===")).toBe(true)
  expect(applyPatch(before, diff.patch)).toBe(after)
})

test("a new file is all additions", async () => {
  expect(await diffFile("x", "", "a\nb")).toMatchObject({ additions: 2, deletions: 0 })
})

test("two large unrelated texts end in time, with a patch that still applies", async () => {
  const numbered = (word: string) => Array.from({ length: 8_000 }, (_, line) => `${word} ${line * 7}`).join("\n")
  const before = `same\n${numbered("before")}\nend`
  const after = `same\n${numbered("after")}\nend`
  let diff = await diffFile("x", "", "")
  expect(await cpuMs(async () => void (diff = await diffFile("x", before, after)))).toBeLessThan(3_000)
  expect(diff).toMatchObject({ additions: 8_000, deletions: 8_000 })
  expect(applyPatch(before, diff.patch)).toBe(after)
})

test("whatever changes, the patch makes the second text of the first", async () => {
  const text = fc
    .array(fc.constantFrom("a", "b", "c", "\n", "\n", "\r\n", "\u{1F600}"), { maxLength: 40 })
    .map((all) => all.join(""))
  await fc.assert(
    fc.asyncProperty(text, text, text, text, async (head, one, other, tail) => {
      const [before, after] = [head + one + tail, head + other + tail]
      const { patch } = await diffFile("x", before, after)
      if (before !== after) expect(applyPatch(before, patch, { autoConvertLineEndings: false })).toBe(after)
    }),
    { numRuns: 1_000 },
  )
})

test("a change far down is numbered as in the whole file, with three lines around it", async () => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index + 1}\n`)
  const { patch } = await diffFile("x", lines.join(""), lines.with(49, "new\n").join(""))
  expect(patch).toContain(
    "@@ -47,7 +47,7 @@\n line 47\n line 48\n line 49\n-line 50\n+new\n line 51\n line 52\n line 53\n",
  )
})
