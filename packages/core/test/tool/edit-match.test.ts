import fc from "fast-check"
import { cpuMs } from "@opencode/testing/effort.ts"
import { describe, expect, test } from "vitest"
import { applyEdit, type Edit } from "../../src/tool/edit-match.ts"
import { nearestBlock } from "../../src/tool/edit-nearest.ts"

const edited = (text: string, oldString: string, newString: string, replaceAll?: boolean) => {
  const result = applyEdit(text, { oldString, newString, ...(replaceAll ? { replaceAll } : {}) } satisfies Edit)
  return result.kind === "changed" ? result.text : result
}

describe("each reading forgives one thing", () => {
  const cases: [name: string, text: string, oldString: string, newString: string, result: string][] = [
    ["exact", "a b c\n", "b", "x", "a x c\n"],
    ["exact, in the middle of lines", "one(two)\nthree(four)\n", "two)\nthree", "2)\n3", "one(2)\n3(four)\n"],
    ["exact wins over a looser place", "foo  bar\nfoo bar\n", "foo bar", "x", "foo  bar\nx\n"],
    ["quote with \\n, file with \\r\\n", "a\r\nb\r\nc\r\n", "a\nb", "x\ny", "x\r\ny\r\nc\r\n"],
    ["quote with \\r\\n, file with \\n", "a\nb\nc\n", "a\r\nb", "x\r\ny", "x\ny\nc\n"],
    ["a replacement takes the file's line ends", "a\r\nb\r\n", "a", "x\ny", "x\r\ny\r\nb\r\n"],
    ["trailing spaces in the file", "a  \nb\t\nc\n", "a\nb\nc", "x\ny\nz", "x\ny\nz\n"],
    ["trailing spaces in the quote", "a\nb\nc\n", "a \nb  \nc", "x\ny\nz", "x\ny\nz\n"],
    ["trailing spaces and carriage returns", "a  \r\nb\r\n", "a\nb", "x\ny", "x\r\ny\r\n"],
    [
      "an indentation that is missing",
      "f:\n    if a:\n        b()\n",
      "if a:\n    b()",
      "if a:\n    b()\n    c()",
      "f:\n    if a:\n        b()\n        c()\n",
    ],
    [
      "an indentation that is too deep",
      "if a:\n    b()\n",
      "        if a:\n            b()",
      "        if a:\n            b()\n        else:\n            c()",
      "if a:\n    b()\nelse:\n    c()\n",
    ],
    [
      "blanks for tabs",
      "f() {\n\tif (a) {\n\t\tb()\n\t}\n}\n",
      "    if (a) {\n        b()\n    }",
      "    if (a) {\n        b()\n        if (c) {\n            d()\n        }\n    }",
      "f() {\n\tif (a) {\n\t\tb()\n\t\tif (c) {\n\t\t\td()\n\t\t}\n\t}\n}\n",
    ],
    [
      "two blanks for four, a step further out than the quote",
      "{\n    {\n        a\n        b\n    }\n}\n",
      "    a\n    b\n  }",
      "    a\n  }\n  {\n    b\n  }",
      "{\n    {\n        a\n    }\n    {\n        b\n    }\n}\n",
    ],
    [
      "indentation under carriage returns",
      "f\r\n\ta\r\n\tb\r\n",
      "  a\n  b",
      "  a\n  c\n  b",
      "f\r\n\ta\r\n\tc\r\n\tb\r\n",
    ],
    ["runs of blanks inside lines", "const a   = 1\nconst bc  = 2\n", "const a = 1\nconst bc = 2", "x\ny", "x\ny\n"],
    [
      "a quote that starts behind its indentation",
      "\tfoo()  \n\tbar( 1 )\n",
      "foo()\n\tbar( 1 )",
      "foo()\n\tbaz()",
      "\tfoo()\n\tbaz()\n",
    ],
    ["line ends written out", "a\nb\n", "a\\nb", "x\\ny", "x\ny\n"],
    ["tabs written out", "a\tb\n", "a\\tb", "x\\ty", "x\ty\n"],
    ["quotes escaped", 'say("a\\n")\n', 'say(\\"a\\n\\")', 'say(\\"b\\n\\")', 'say("b\\n")\n'],
    ["blank lines around the quote", "a\nb\nc\n", "\n\nb\n\n", "\n\nx\n\n", "a\nx\nc\n"],
    ["a final line end that the file does not have", "a\nb", "b\n", "c\n", "a\nc"],
    ["dollars mean nothing", "a\n", "a", "$& $1 $$", "$& $1 $$\n"],
  ]
  test.each(cases)("%s", (_, text, oldString, newString, result) => {
    expect(edited(text, oldString, newString)).toBe(result)
  })
})

describe("what is not the same is not taken for it", () => {
  const cases: [name: string, text: string, oldString: string][] = [
    ["another text", "a\nb\n", "c"],
    ["another nesting", "if a:\n    b()\nc()\n", "  if a:\n    b()\n    c()"],
    ["a longer word behind trailing blanks", "foobar\n", "foo "],
    ["blanks alone", "a\n", "   \n  "],
    ["a word inside a line, for a shifted block", "x a\nb\n", "  a\n  b"],
  ]
  test.each(cases)("%s", (_, text, oldString) => {
    expect(applyEdit(text, { oldString, newString: "NEW" })).toEqual({ kind: "missing" })
  })
})

test("a quote that is there twice says on which lines", () => {
  expect(edited("a\nx\na\n", "a", "b")).toEqual({ kind: "ambiguous", lines: [1, 3] })
  expect(edited("\ta\n\tb\n\n  a\n  b\n", "a\nb", "c")).toEqual({ kind: "ambiguous", lines: [1, 4] })
})

test("a quote that overlaps itself is there twice", () => {
  expect(edited("x\nx\nx\n", "x\nx", "y")).toEqual({ kind: "ambiguous", lines: [1, 2] })
  expect(edited("x\nx\nx\n", "x\nx", "y", true)).toBe("y\nx\n")
  expect(edited("za \na\na\n", " a\n a\n", "b\n")).toBe("za \nb\n")
})

test("all places can be replaced at once", () => {
  expect(edited("a b a\n", "a", "aa", true)).toBe("aa b aa\n")
  expect(edited("f\n\ta\n\tb\ng\n    a\n    b\n", "a\nb", "a\nc\nb", true)).toBe(
    "f\n\ta\n\tc\n\tb\ng\n    a\n    c\n    b\n",
  )
})

test("a change of line ends alone is possible", () => {
  expect(edited("a\r\nb\r\nc\n", "b\r\nc", "b\nc")).toBe("a\r\nb\nc\n")
})

const anyLine = fc.stringMatching(/^[ \t]{0,4}[a-c(){}"'\\ ]{0,6}[ \t]{0,2}$/)
const anyText = fc
  .tuple(fc.array(anyLine, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"))
  .map(([lines, end]) => lines.join(end))

test("nothing outside a unique quote changes", () => {
  fc.assert(
    fc.property(anyText, fc.string(), anyText, anyText, (before, unique, after, replacement) => {
      const oldString = `<<${unique.replace(/[<>]/g, "")}>>`
      const result = edited(before + oldString + after, oldString, replacement)
      if (typeof result !== "string") return expect.fail(JSON.stringify(result))
      expect(result.startsWith(before)).toBe(true)
      expect(result.endsWith(after)).toBe(true)
      const inside = result.slice(before.length, result.length - after.length)
      expect(inside.replace(/\r\n/g, "\n")).toBe(replacement.replace(/\r\n/g, "\n"))
    }),
  )
})

test("a block quoted with other line ends, trailing blanks or depth changes only itself", () => {
  const word = fc.stringMatching(/^[a-z]{1,5}$/)
  const depth = fc.constantFrom("", "  ", "\t", "        ")
  fc.assert(
    fc.property(
      anyText,
      fc.array(word, { minLength: 1, maxLength: 4 }),
      anyText,
      depth,
      depth,
      (before, words, after, there, quoted) => {
        const named = words.map((name, index) => `<${index}${name}>`)
        const head = before === "" ? "" : `${before}\n`
        const text = `${head}${named.map((name) => there + name).join("\n")}\n${after}`
        const result = edited(
          text,
          named.map((name) => `${quoted}${name} `).join("\r\n"),
          `${quoted}one\n${quoted}  two`,
        )
        if (typeof result !== "string") return expect.fail(JSON.stringify(result))
        expect(result.startsWith(head)).toBe(true)
        expect(result.endsWith(`\n${after}`)).toBe(true)
        const [one, two] = result.slice(head.length).split(/\r?\n/)
        expect(one).toBe(`${there}one`)
        expect(two!.trim()).toBe("two")
      },
    ),
  )
})

test("a quote full of repetition in a large file takes no time", async () => {
  const text = `${" ".repeat(400_000)}a\n${"ab \n".repeat(100_000)}`
  const spent = await cpuMs(() => {
    expect(applyEdit(text, { oldString: `${"ab\n".repeat(50)}c`, newString: "" }).kind).toBe("missing")
    expect(nearestBlock(text, `${"ab\n".repeat(50)}c`)).toBeDefined()
    const all = applyEdit(text, { oldString: "ab", newString: "x\ny", replaceAll: true })
    expect(all).toMatchObject({ kind: "changed", places: 100_000 })
  })
  expect(spent).toBeLessThan(3_000)
})

test("the nearest block is the one with most of the quote in it, with its own line numbers", () => {
  const text = "one\ntwo\nfunction a() {\n  return 12\n}\nthree\nfunction b() {\n"
  expect(nearestBlock(text, "function a() {\n  return 1\n}")).toEqual({
    firstLine: 3,
    lines: ["function a() {", "  return 12", "}"],
  })
  expect(nearestBlock(text, "function c() {")).toEqual({ firstLine: 3, lines: ["function a() {"] })
  expect(nearestBlock(text, "SELECT * FROM table")).toBeUndefined()
})
