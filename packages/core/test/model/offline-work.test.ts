import { existsSync } from "node:fs"
import { mkdir, readdir } from "node:fs/promises"
import { execFileSync } from "node:child_process"
import { describe, expect, test } from "vitest"
import { openWorld } from "../tool/world.ts"
import { talk } from "./offline-talk.ts"

const TRICKY = [
  "my notes.txt",
  "it's.txt",
  'say "hi".txt',
  "-rf.txt",
  "über 日本.txt",
  "new\nline.txt",
  "$HOME.txt",
  "a;b&c.txt",
]
/** In quotes that the name does not hold. */
const inQuotes = (name: string) => (name.includes('"') ? `\`${name}\`` : `"${name}"`)

describe("rename", () => {
  test("whole words only; longer words are left alone, counted and named", async () => {
    await using world = await openWorld()
    await world.write("a.ts", "const foo = 1\nconst foobar = foo + 2\nuse(foo, foo_x, $foo)\nfoo\nfoobar\n")
    await world.write("b.ts", "foo(foo)\n")
    await world.write("c.ts", "barfoo\n")
    const chat = talk(world)
    const said = await chat.say("rename foo to quux in all ts files")
    expect(await world.text("a.ts")).toBe(
      "const quux = 1\nconst foobar = quux + 2\nuse(quux, foo_x, $foo)\nquux\nfoobar\n",
    )
    expect(await world.text("b.ts")).toBe("quux(quux)\n")
    expect(await world.text("c.ts")).toBe("barfoo\n")
    expect(said).toContain("Renamed `foo` to `quux`: 6 places in 2 files.")
    expect(said).toContain("- a.ts (4)")
    expect(said).toMatch(/Left alone: 5 places .*`foobar`/)
    expect(said).toContain("`barfoo`")
  })

  test("lines that stand elsewhere inside longer ones are not confused", async () => {
    await using world = await openWorld()
    await world.write("a.txt", "foobar\nfoo\nfoobar\n")
    await talk(world).say("rename foo to x in a.txt")
    expect(await world.text("a.txt")).toBe("foobar\nx\nfoobar\n")
  })

  test("a file with other line ends keeps them, and letters of other scripts belong to words", async () => {
    await using world = await openWorld()
    await world.write("a.txt", "größe\r\nhöhe größen\r\ngröße\r\n")
    await talk(world).say("rename größe to size")
    expect(await world.text("a.txt")).toBe("size\r\nhöhe größen\r\nsize\r\n")
  })

  test("a name that is taken is mentioned; a name that is not there changes nothing", async () => {
    await using world = await openWorld()
    await world.write("a.ts", "foo\nbar\n")
    const chat = talk(world)
    expect(await chat.say("rename nowhere to bar")).toContain("was not found as a whole word. Nothing was changed.")
    expect(await chat.say("rename foo to bar")).toContain("Mind that `bar` was there before, as on line 2 of `a.ts`.")
  })

  test("long files are read to their end before they are edited", async () => {
    await using world = await openWorld()
    await world.write("big.txt", `${"line of text\n".repeat(4_500)}foobar\nfoo\n`)
    const said = await talk(world).say("rename foo to x")
    expect(said).toContain("1 place in 1 file")
    expect((await world.text("big.txt")).endsWith("foobar\nx\n")).toBe(true)
  })
})

describe("files", () => {
  test.each(TRICKY)("a file with the name %j is moved, copied, read and deleted", async (name) => {
    await using world = await openWorld()
    await world.write(name, "content\n")
    const chat = talk(world)
    const said = inQuotes(name)
    expect(await chat.say(`copy ${said} to backup/`)).toContain("Copied ")
    expect(existsSync(world.path(`backup/${name}`))).toBe(true)
    expect(await chat.say(`move the file ${said} to lib/`)).toContain("Moved ")
    expect(existsSync(world.path(name))).toBe(false)
    expect(await world.text(`lib/${name}`)).toBe("content\n")
    expect(await chat.say("show it")).toContain("content")
    expect(await chat.say(`delete the file ${inQuotes(`lib/${name}`)}`)).toContain("Deleted ")
    expect(await readdir(world.path("lib"))).toEqual([])
  })

  test("nothing is overwritten by a move, and what is missing is said", async () => {
    await using world = await openWorld()
    await world.write("a.txt", "a")
    await world.write("b.txt", "b")
    await world.write("lib/a.txt", "c")
    const chat = talk(world)
    expect(await chat.say("rename a.txt to b.txt")).toContain("`b.txt` is there already")
    expect(await chat.say("move a.txt to lib")).toContain("`lib/a.txt` is there already")
    expect(await chat.say("move z.txt to lib")).toContain("there is no `z.txt`")
    expect(chat.calls.some((call) => call.startsWith("bash"))).toBe(false)
    expect(await chat.say("move a.txt and b.txt to new/deep")).toContain("Moved 2 files")
    expect((await readdir(world.path("new/deep"))).sort()).toEqual(["a.txt", "b.txt"])
  })

  test("a folder is deleted after what is in it was named; an empty one with rmdir", async () => {
    await using world = await openWorld()
    await world.write("old/a.txt", "a")
    await world.write("old/deep/b.txt", "b")
    await mkdir(world.path("empty"))
    const chat = talk(world)
    await chat.say("delete the folder old")
    const before = chat.prompt.findLast(
      ({ role, content }) => role === "assistant" && JSON.stringify(content).includes("rm -r"),
    )
    expect(JSON.stringify(before)).toContain("`old` holds 2 entries:\\n- a.txt\\n- deep/")
    expect(existsSync(world.path("old"))).toBe(false)
    expect(await chat.say("delete the folder empty")).toContain("Deleted `empty`")
    expect(chat.calls.at(-1)).toContain("rmdir -- 'empty'")
  })

  test("the workspace, what holds it, and git's own folder are not deleted or moved", async () => {
    await using world = await openWorld()
    await world.write("a.txt", "a")
    const chat = talk(world)
    for (const what of [".", "..", "/", "~", ".git", "../", world.directory])
      expect(await chat.say(`delete the folder "${what}"`)).toMatch(/Nothing was deleted|do not understand/)
    expect(await chat.say(`move the folder "${world.directory}" to x`)).toContain("Nothing was moved")
    expect(chat.calls.some((call) => call.startsWith("bash"))).toBe(false)
  })

  test("files of a kind are named and deleted; others stay", async () => {
    await using world = await openWorld()
    for (const file of ["a.log", "b c.log", "deep/-d.log", "keep.txt", "tests/t.log"]) await world.write(file, "x")
    const said = await talk(world).say("delete all log files, but not in tests")
    expect(said).toContain("Deleted 3 files.")
    expect((await readdir(world.directory, { recursive: true })).sort()).toEqual([
      "deep",
      "keep.txt",
      "tests",
      "tests/t.log",
    ])
  })

  test("a no ends it, and nothing is deleted", async () => {
    await using world = await openWorld()
    await world.write("a.txt", "a")
    const refuse = (name: string) =>
      name === "bash" ? "The user rejected permission to use this specific tool call." : undefined
    const said = await talk(world, { refuse }).say("delete a.txt then make a folder x")
    expect(said).toContain("Nothing was deleted: The user rejected permission")
    expect(said).toContain("did not make `x`")
    expect(await readdir(world.directory)).toEqual(["a.txt"])
  })
})

describe("replace", () => {
  test("all files, however many rounds of searching they take", async () => {
    await using world = await openWorld()
    for (let n = 0; n < 130; n++) await world.write(`f/${n}.txt`, "foo\n")
    const said = await talk(world).say("replace foo with bar")
    expect(said).toContain("130 places in 130 files")
    expect(said).not.toContain("may not be all")
  })

  test("says so when what it leaves behind hides other files", async () => {
    await using world = await openWorld()
    for (let n = 0; n < 130; n++) await world.write(`f/${n}.txt`, "foo\n")
    const said = await talk(world).say("replace foo with foofoo then run ls")
    expect(said).toContain("That may not be all")
    expect(said).toContain("did not run")
  })
})

test("a rename that is too large for its rounds of searching says so", async () => {
  await using world = await openWorld()
  for (let n = 0; n < 7; n++) await world.write(`${n}.txt`, "foo\n".repeat(120))
  const chat = talk(world)
  expect(await chat.say("rename foo to bar")).toContain("That may not be all")
  expect(await chat.say("rename foo to bar")).not.toContain("That may not be all")
  for (let n = 0; n < 7; n++) expect(await world.text(`${n}.txt`)).toBe("bar\n".repeat(120))
})

describe("looking closer", () => {
  test("count: lines, occurrences, files, also beyond what a search shows", async () => {
    await using world = await openWorld()
    for (let n = 0; n < 130; n++) await world.write(`f/${n}.txt`, "foo foo\n")
    await world.write("a b.txt", "one\ntwo\nthree")
    execFileSync("git", ["init", "-q", world.directory])
    const chat = talk(world)
    expect(await chat.say('how many lines does "a b.txt" have?')).toContain("a b.txt: 3 lines.")
    expect(await chat.say("count lines in all txt files in f")).toMatch(
      /^More than these: the newest 100 files, 100 lines/,
    )
    expect(await chat.say("how many times does foo occur?")).toBe("`foo` occurs 260 times, by the count of git.")
    expect(await chat.say("how many txt files are there?")).toBe("131 files match `**/*.txt`, by the count of git.")
    expect(await chat.say("how many times does foo appear in f/1.txt")).toContain(
      "on 1 line of 1 file in f/1.txt, 2 times in all",
    )
  })

  test("a folder tree, and of a large one its upper levels", async () => {
    await using world = await openWorld()
    await world.write("src/a.ts", "")
    await world.write("src/deep/b.ts", "")
    await world.write("top.md", "")
    const chat = talk(world)
    expect(await chat.say("show the folder tree")).toContain("```\nsrc/\n  a.ts\n  deep/\n    b.ts\ntop.md\n```")
    for (let n = 0; n < 120; n++) await world.write(`many/${n}.txt`, "")
    expect(await chat.say("show the folder tree")).toMatch(
      /two upper levels:\n```\nmany\/\n  0.txt[\s\S]*src\/\n  a.ts\n  deep\/\ntop.md/,
    )
  })

  test("compare", async () => {
    await using world = await openWorld()
    await world.write("a b.txt", "one\ntwo\n")
    await world.write("-c.txt", "one\nthree\n")
    await world.write("same.txt", "one\ntwo\n")
    const chat = talk(world)
    expect(await chat.say('compare "a b.txt" with "-c.txt"')).toMatch(
      /differ: 1 only in the first, 1 only in the second[\s\S]*-two\n\+three/,
    )
    expect(await chat.say('are "a b.txt" and same.txt the same?')).toContain("are the same")
    expect(await chat.say("compare same.txt and none.txt")).toContain("could not be compared")
  })
})

describe("what must be left alone", () => {
  test("is left alone by replace, rename and search", async () => {
    await using world = await openWorld()
    await world.write("src/a.ts", "foo\n")
    await world.write("src/a.test.ts", "foo\n")
    await world.write("tests/b.ts", "foo\n")
    await world.write("docs/c.md", "foo\n")
    const chat = talk(world)
    expect(await chat.say("search for foo but not in docs or tests")).toMatch(
      /on 1 line of 1 file[^]*Left alone, as you said: `docs`, `tests`/,
    )
    await chat.say("Do not touch the tests. Replace foo with bar everywhere")
    await chat.say("rename foo to baz except in src")
    const all = await Promise.all(
      ["src/a.ts", "src/a.test.ts", "tests/b.ts", "docs/c.md"].map((file) => world.text(file)),
    )
    expect(all).toEqual(["bar\n", "foo\n", "baz\n", "bar\n"])
  })

  test("a command cannot be held to it, a named file is refused, and a promise alone does nothing", async () => {
    await using world = await openWorld()
    await world.write("a.txt", "a")
    const chat = talk(world)
    expect(await chat.say("run the tests without touching docs")).toContain(
      "I cannot make sure that a command leaves `docs` alone",
    )
    expect(await chat.say("delete a.txt but do not touch a.txt")).toContain("you said to leave `a.txt` alone")
    expect(await chat.say("do not touch docs")).toContain("nothing else to do")
    expect(await chat.say("list the files but don't run the tests")).toContain("As you said, I did not run the tests.")
    expect(chat.calls.some((call) => call.startsWith("bash"))).toBe(false)
  })
})

describe("talking about requests", () => {
  test("a plan goes to the list when there is one, and is Markdown otherwise", async () => {
    await using world = await openWorld()
    const chat = talk(world)
    const said = await chat.say("plan: replace foo with bar in src, then run the tests")
    expect(said).toContain("- [ ] replace foo with bar in src\n- [ ] run the tests")
    expect(said).toContain("kept nowhere but here")
    expect(chat.calls).toEqual([])
  })

  test("what it would do is told without a call", async () => {
    await using world = await openWorld()
    await world.write("a b.txt", "a")
    const chat = talk(world)
    const said = await chat.say('what would you do to delete "a b.txt" and then run npm test?')
    expect(said).toMatch(/I did nothing[\s\S]*1. .*delete `a b.txt`[\s\S]*2. run `npm test` \(bash\)/)
    expect(chat.calls).toEqual([])
  })

  test("how to undo names what was done, and does nothing", async () => {
    await using world = await openWorld()
    await world.write("a.txt", "foo\n")
    const chat = talk(world)
    expect(await chat.say("undo that")).toContain("I changed nothing so far")
    await chat.say("replace foo with bar in a.txt then move a.txt to lib/")
    const before = chat.calls.length
    const said = await chat.say("undo that")
    expect(said).toMatch(/- edited `.*a\.txt`/)
    expect(said).toContain("`mkdir -p -- 'lib' && mv -n -- 'a.txt' 'lib/a.txt'`")
    expect(said).toContain("git restore")
    expect(chat.calls.length).toBe(before)
  })

  test("it is the file that was spoken of or found last, and what is not known is asked for", async () => {
    await using world = await openWorld()
    await world.write("deep/only.md", "# One\ntext\n## Two\n")
    await world.write("b.txt", "b\n")
    const chat = talk(world)
    expect(await chat.say("delete it")).toContain("I do not know what `it` stands for")
    expect(await chat.say("find only.md and outline it")).toMatch(/1: # One\n3:   ## Two/)
    expect(await chat.say("how many lines does that file have?")).toContain("3 lines")
    await chat.say("show b.txt")
    await chat.say("list the files")
    expect(await chat.say("rename it to c.txt")).toContain("Moved `b.txt` to `c.txt`")
    expect(await chat.say("and delete it")).toContain("Deleted `c.txt`")
    await chat.say("where is nowhere")
    expect(chat.calls.filter((call) => call.startsWith("bash")).length).toBe(2)
  })

  test("what is not understood is named, with the nearest thing, and nothing is called", async () => {
    await using world = await openWorld()
    const chat = talk(world)
    const said = await chat.say("transmogrify the functions of src/a.ts")
    expect(said).toContain("Words I do not know: `transmogrify`")
    expect(said).toContain("The nearest I can do is like this: `outline src/index.ts`")
    expect(await chat.say("delet notes.txt")).toContain("`delete notes.txt`")
    expect(await chat.say("delete a.txt unless somebody needs it")).toContain("do not understand")
    expect(chat.calls).toEqual([])
  })
})
