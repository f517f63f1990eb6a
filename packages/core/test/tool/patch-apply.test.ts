import fc from "fast-check"
import { applyHunks } from "../../src/tool/patch-apply.ts"
import { parsePatch, type PatchStep } from "../../src/tool/patch-parse.ts"
import { cpuMs } from "@opencode/testing/effort.ts"
import { describe, expect, test } from "vitest"

const patch = (...lines: string[]) => ["*** Begin Patch", ...lines, "*** End Patch"].join("\n")
const update = (...lines: string[]) => patch("*** Update File: a", ...lines)

function apply(text: string, ...lines: string[]) {
  const [step] = parsePatch(update(...lines)) as [PatchStep & { kind: "update" }]
  return applyHunks(text, step.hunks)
}

describe("a patch is read", () => {
  test("with every kind of section", () => {
    const text = patch(
      "*** Add File: new file.ts",
      "+a",
      "+",
      "",
      "*** Update File: old.ts",
      "*** Move to: other.ts",
      "@@ class A",
      "@@ run()",
      " keep",
      "-gone",
      "+come",
      "",
      " last",
      "*** End of File",
      "*** Delete File: x",
    )
    const line = (kind: string, text: string) => ({ kind, text })
    expect(parsePatch(text)).toEqual([
      { kind: "add", path: "new file.ts", lines: ["a", ""] },
      {
        kind: "update",
        path: "old.ts",
        moveTo: "other.ts",
        hunks: [
          {
            anchors: ["class A", "run()"],
            lines: [
              line("keep", "keep"),
              line("remove", "gone"),
              line("insert", "come"),
              line("keep", ""),
              line("keep", "last"),
            ],
            isAtEnd: true,
          },
        ],
      },
      { kind: "delete", path: "x" },
    ])
  })

  test.each([
    ["a here-document", `apply_patch <<'EOF'\n${update("-a")}\nEOF\n`],
    ["a bare here-document", `<<EOF\n${update("-a")}\nEOF`],
    ["a fence", `\n\`\`\`patch\n${update("-a")}\n\`\`\`\n`],
    ["other line ends", update("-a").replaceAll("\n", "\r\n")],
    ["numbers of a unified diff", update("@@ -1,2 +1,2 @@ fn", "-a")],
  ])("inside %s", (_, text) => {
    expect(parsePatch(text)).toEqual([
      { kind: "update", path: "a", hunks: [{ anchors: [], lines: [{ kind: "remove", text: "a" }], isAtEnd: false }] },
    ])
  })

  test.each([
    ["nothing", "", /does not begin/],
    ["a cut end", "*** Begin Patch\n*** Delete File: a", /cut off/],
    ["only a begin", "*** Begin Patch", /cut off/],
    ["no file", patch(), /names no file/],
    ["words before it", `Sure!\n${update("-a")}`, /does not begin/],
    ["a line that is none", update("-a", "b"), /Line 4 of the patch .*"b"/],
    ["a new file's line without a mark", patch("*** Add File: a", "b"), /Line 3 .*begin with "\+"/],
    ["a move behind a change", update("-a", "*** Move to: b"), /right behind/],
    ["a move of a new file", patch("*** Add File: a", "*** Move to: b"), /right behind/],
    ["a header without a path", patch("*** Delete File: "), /names no file/],
    ["lines of a deleted file", patch("*** Delete File: a", "-a"), /Line 3/],
    ["an update of nothing", update("@@", " a"), /changes nothing in a/],
    ["another patch in it", patch("*** Begin Patch", "*** Delete File: a"), /Line 2/],
    ["too many files", patch(...Array.from({ length: 201 }, (_, n) => `*** Delete File: ${n}`)), /more than 200/],
    ["too much", patch(`*** Add File: a\n+${"x".repeat(11 * 1024 * 1024)}`), /larger than 10 MB/],
  ])("%s is refused with the reason", (_, text, reason) => expect(() => parsePatch(text)).toThrow(reason))
})

describe("a change is put in", () => {
  const changed = (text: string) => ({ kind: "changed", text })
  const twice = "function a() {\n  return 1\n}\nfunction b() {\n  return 1\n}\n"

  test.each([
    ["where it fits", "a\nb\nc\n", [" a", "-b", "+B"], "a\nB\nc\n"],
    ["into a file without a last line end", "a\nb", [" a", "-b", "+B"], "a\nB"],
    ["keeping other line ends", "a\r\nb\r\n", [" a", "-b", "+B", "+C"], "a\r\nB\r\nC\r\n"],
    ["behind a last line without an end", "a\r\nb", [" b", "+c"], "a\r\nb\r\nc"],
    ["at the end of one, in its place", "a\r\nb", ["-b", "+c"], "a\r\nc"],
    ["with the line end of its place", "a\nb\nc\r\nd\n", ["-c", "+C", "+D"], "a\nb\nC\r\nD\r\nd\n"],
    ["keeping the bytes of what stays", "a  \nb\n", [" a", "-b", "+B"], "a  \nB\n"],
    ["with the indentation of the file", "\tif x\n\t\tb\n", ["   if x", "-    b", "+    B"], "\tif x\n\t\tB\n"],
    ["behind an anchor", twice, ["@@ function b() {", "-  return 1", "+  return 2"], twice.replace(/1(?=\n}\n$)/, "2")],
    [
      "whose first line is its anchor",
      twice,
      ["@@ function b() {", " function b() {", "-  return 1"],
      "function a() {\n  return 1\n}\nfunction b() {\n}\n",
    ],
    ["at the end", "x\ny\nx\n", ["-x", "+z", "*** End of File"], "x\ny\nz\n"],
    ["as new lines at the end", "x\n", ["+y"], "x\ny\n"],
    ["as new lines behind an anchor", "x\ny\n", ["@@ x", "+z"], "x\nz\ny\n"],
    ["into an empty file", "", ["+y"], "y\n"],
    [
      "in two places in order",
      twice,
      ["-  return 1", "+  return 2", " }", " function b() {", "@@", "-  return 1", "+  return 3"],
      "function a() {\n  return 2\n}\nfunction b() {\n  return 3\n}\n",
    ],
    ["in two places out of order", "a\nb\nc\n", ["-c", "+C", "@@", "-a", "+A"], "A\nb\nC\n"],
    ["an anchor that is no line does not lead astray", "a\nb\n", ["@@ def nothing", "-b", "+B"], "a\nB\n"],
    ["everything away", "a\n", ["-a"], ""],
  ])("%s", (_, text, lines, expected) => expect(apply(text, ...lines)).toEqual(changed(expected)))

  test.each([
    ["two places", twice, ["-  return 1", "+  return 2"], { kind: "ambiguous", hunk: 1, lines: [2, 5] }],
    ["no place", "a\n", [" b", "+c"], { kind: "missing", hunk: 1, quote: "b" }],
    ["a part of a line", "abc\n", ["-b", "+c"], { kind: "missing", hunk: 1, quote: "b" }],
    [
      "another nesting",
      "if a:\n  b\nc\n",
      [" if a:", "   b", "-  c"],
      { kind: "missing", hunk: 1, quote: "if a:\n  b\n  c" },
    ],
    ["one place for two", "a\n", ["-a", "+b", "@@", "-a", "+c"], { kind: "overlap", hunk: 2 }],
    ["lines of an empty file", "", ["-", "+c"], { kind: "missing", hunk: 1, quote: "" }],
  ])("not when there is %s", (_, text, lines, expected) => expect(apply(text, ...lines)).toEqual(expected))

  test("whatever was changed between two texts, the patch of it gives the second or is refused", () => {
    const texts = fc.array(fc.constantFrom("a", "b", " a", "  b", "", "}"), { maxLength: 12 })
    const ends = fc.constantFrom("\n", "\r\n")
    const numbers = fc.record({ at: fc.nat(11), removed: fc.nat(3), context: fc.nat(3) })
    fc.assert(
      fc.property(texts, texts, numbers, ends, fc.boolean(), (lines, fresh, { at, removed, context }, end, isOpen) => {
        const from = Math.min(at, lines.length)
        const to = Math.min(from + removed, lines.length)
        const hunk = [
          ...lines.slice(Math.max(0, from - context), from).map((line) => ` ${line}`),
          ...lines.slice(from, to).map((line) => `-${line}`),
          ...fresh.map((line) => `+${line}`),
          ...lines.slice(to, to + context).map((line) => ` ${line}`),
        ]
        fc.pre(to > from && hunk.length > fresh.length)
        // One line says nothing of line ends, and an empty last line is no line without an end.
        fc.pre(!isOpen || (lines.length > 1 && lines.at(-1) !== ""))
        const after = [...lines.slice(0, from), ...fresh, ...lines.slice(to)]
        const last = isOpen ? "" : end
        const result = apply(lines.join(end) + last, ...hunk)
        if (result.kind === "changed") expect(result.text).toBe(after.join(end) + (after.length > 0 ? last : ""))
        else expect(result.kind).toBe("ambiguous")
      }),
      { numRuns: 3_000 },
    )
  })

  test("many places in a large file take no time, and too many are refused", async () => {
    const lines = Array.from({ length: 1_000_000 }, (_, index) => `${index}`).join("\n")
    const hunks = (count: number) =>
      Array.from({ length: count }, (_, index) => ["@@", `-  ${index * 900}`, "+new"]).flat()
    const patch = hunks(200)
    let result: ReturnType<typeof apply> | undefined
    expect(await cpuMs(() => void (result = apply(lines, ...patch)))).toBeLessThan(5_000)
    expect(result?.kind === "changed" && result.text.split("\n")[199 * 900]).toBe("new")
    expect(apply(lines, ...hunks(400))).toEqual({ kind: "excessive" })
  })

  test("a hostile text does not hold the process up", async () => {
    const spent = await cpuMs(() => {
      apply("a\n".repeat(200_000), ...Array.from({ length: 5_000 }, () => " a"), "-b")
      apply("a\n".repeat(200_000), "@@ b", "-  a", "+c")
    })
    expect(spent).toBeLessThan(3_000)
  })
})
