import fc from "fast-check"
import { cpuMs } from "@opencode/testing/effort.ts"
import { describe, expect, test } from "vitest"
import { outlineOf } from "../../src/model/offline/outline.ts"
import { editOf, wholeWord } from "../../src/model/offline/rename.ts"

/** Each file, and its outline as `line: depth text`. */
const outlines: [file: string, text: string, ...symbols: string[]][] = [
  [
    "a.ts",
    'import x from "y"\nexport class Engine<T> {\n  private count = 0\n  async start(a: number): Promise<void> {\n    if (a) {\n    }\n  }\n}\nexport const run = async () => {\n  return 1\n}\ntype Name = string\ninterface Thing {}\nexport default function main() {}\n',
    "2: 0 export class Engine",
    "4: 1 async start",
    "9: 0 export const run",
    "12: 0 type Name",
    "13: 0 interface Thing",
    "14: 0 export default function main",
  ],
  ["b.jsx", "function App() {\n  const inner = () => 1\n  return null\n}\n", "1: 0 function App", "2: 1 const inner"],
  [
    "m.py",
    "LIMIT = 3\n\nclass Model(Base):\n    async def fit(self):\n        def inner():\n            pass\n\ndef main():\n    pass\n",
    "1: 0 LIMIT",
    "3: 0 class Model",
    "4: 1 async def fit",
    "5: 2 def inner",
    "8: 0 def main",
  ],
  [
    "m.go",
    "package m\n\ntype Box struct {\n}\n\nfunc (b *Box) Open(x int) error {\n}\nfunc New() *Box {\n}\nconst Limit = 1\n",
    "3: 0 type Box struct",
    "6: 0 func (b *Box) Open",
    "8: 0 func New",
    "10: 0 const Limit",
  ],
  [
    "m.rs",
    "pub struct Box;\nimpl<T> Trait for Box {\n    pub(crate) async fn open(&self) {}\n}\nmod deep {\n}\n",
    "1: 0 pub struct Box",
    "2: 0 impl<T> Trait for Box",
    "3: 1 pub(crate) async fn open",
    "5: 0 mod deep",
  ],
  [
    "M.java",
    "public final class M extends B {\n    private static int count(List<String> a) {\n        return f(a);\n    }\n}\n",
    "1: 0 public final class M",
    "2: 1 private static int count",
  ],
  [
    "m.c",
    "#define LIMIT 3\nstruct box {\n  int a;\n};\nstatic int open(struct box *b)\n{\n  return run(b);\n}\nint main(void) {\n",
    "1: 0 #define LIMIT",
    "2: 0 struct box",
    "5: 0 static int open",
    "9: 0 int main",
  ],
  [
    "m.rb",
    "module Deep\n  class Box < Base\n    def open?\n    end\n  end\nend\n",
    "1: 0 module Deep",
    "2: 1 class Box",
    "3: 2 def open?",
  ],
  [
    "m.php",
    "<?php\nabstract class Box {\n  public static function open() {}\n  private const A = 1;\n}\n",
    "2: 0 abstract class Box",
    "3: 1 public static function open",
    "4: 1 private const A",
  ],
  ["m.sh", "#!/bin/sh\nopen() {\n  echo\n}\nfunction shut {\n}\n", "2: 0 open()", "5: 0 function shut"],
  [
    "m.md",
    "# One\n\n```sh\n# no heading\n```\n\n## Two #\ntext\n### Three\n",
    "1: 0 # One",
    "7: 1 ## Two #",
    "9: 2 ### Three",
  ],
  [
    "m.css",
    ".a, .b {\n  color: red;\n}\n@media (x) {\n  .c { top: 0 }\n}\n",
    "1: 0 .a, .b",
    "4: 0 @media (x)",
    "5: 1 .c",
  ],
  [
    "package.json",
    '{\n  "name": "a: {b}",\n  "scripts": {\n    "test": "x",\n    "deep": { "no": 1 }\n  },\n  "list": [{ "in": 1 }]\n}\n',
    "2: 0 name",
    "3: 0 scripts",
    "4: 1 test",
    "5: 1 deep",
    "7: 0 list",
  ],
  ["one.json", '{"a":{"b":{"c":1}},"d":2}', "1: 0 a", "1: 1 b", "1: 0 d"],
  ["m.toml", "[package]\nname = 1\n[[bin]]\n", "1: 0 [package]", "3: 0 [[bin]]"],
  ["m.yml", "on: push\njobs:\n  build:\n    steps: []\n", "1: 0 on", "2: 0 jobs", "3: 1 build"],
  ["Makefile", "all: test\n\techo\nX := 1\ntest:\n", "1: 0 all", "4: 0 test"],
]

describe("outline", () => {
  test.each(outlines)("%s", (file, text, ...symbols) => {
    const found = outlineOf(file, text.split("\n"))
    expect(found?.map(({ line, depth, text: name }) => `${line}: ${depth} ${name}`)).toEqual(symbols)
  })

  test("of a language that is not known there is none", () => {
    expect(outlineOf("a.xyz", ["function a() {}"])).toBeUndefined()
  })

  test("no text is slow or throws", async () => {
    const endings = ["ts", "py", "go", "rs", "java", "c", "rb", "php", "sh", "md", "css", "json", "sql", "yml", "toml"]
    const pieces = ["function ", "class a ", "public static ", "a: ", "((((", "{", '"', "<T>", "  ", "# ", "x, ", "\\"]
    for (const ending of endings) {
      for (const piece of pieces) {
        const lines = [piece.repeat(40), piece.repeat(400), ...Array.from({ length: 200 }, () => piece.repeat(8))]
        expect(await cpuMs(() => outlineOf(`a.${ending}`, lines)), `${ending} ${piece}`).toBeLessThan(500)
      }
    }
    fc.assert(
      fc.property(fc.constantFrom(...endings), fc.array(fc.string({ unit: "binary" })), (ending, lines) => {
        outlineOf(`a.${ending}`, lines)
      }),
    )
  })
})

describe("the edit of a rename", () => {
  const word = fc.constantFrom("foo", "foobar", "xfoo", "foo.foo", "$foo", "a", "foo(foo)", "fooß", "", "  foo")
  const lines = fc.array(
    fc.array(word, { maxLength: 4 }).map((words) => words.join(" ")),
    { maxLength: 12 },
  )

  test("is found once, or everywhere it is meant, and gives what a careful person would", () => {
    fc.assert(
      fc.property(lines, fc.constantFrom("bar", "foofoo", "$&"), (text, to) => {
        const whole = text.join("\n")
        const planned = editOf(text, { from: "foo", to })
        if (typeof planned === "string") {
          expect(wholeWord("foo").test(whole)).toBe(false)
          return
        }
        const { oldString, newString, replaceAll } = planned.edit
        if (!replaceAll) expect(whole.indexOf(oldString)).toBe(whole.lastIndexOf(oldString))
        const edited = whole.split(oldString).join(newString)
        expect(edited).toBe(whole.replace(wholeWord("foo"), () => to))
      }),
      { numRuns: 2000 },
    )
  })
})
