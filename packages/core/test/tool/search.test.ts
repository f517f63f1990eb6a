import { utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { openWorld } from "./world.ts"

const age = (path: string, seconds: number) => utimes(path, 1_700_000_000 - seconds, 1_700_000_000 - seconds)

describe("glob", () => {
  test("absolute paths, newest first", async () => {
    await using w = await openWorld()
    const old = await w.write("src/old.ts", "")
    const fresh = await w.write("src/deep/fresh.ts", "")
    await w.write("src/other.js", "")
    await age(old, 100)
    expect(await w.call("glob", { pattern: "**/*.ts" })).toEqual({
      title: "**/*.ts",
      output: `${fresh}\n${old}`,
      metadata: { count: 2, truncated: false },
    })
    expect((await w.call("glob", { pattern: "*.ts", path: "src/deep" })).output).toBe(fresh)
  })

  test("nothing found is said", async () => {
    await using w = await openWorld()
    expect(await w.call("glob", { pattern: "*.nope" })).toMatchObject({
      output: "No files found",
      metadata: { count: 0 },
    })
    await expect(w.call("glob", { pattern: "*", path: "nowhere" })).rejects.toThrow("There is no file or folder")
  })

  test("a hundred at most, with a word about the others", async () => {
    await using w = await openWorld()
    await Promise.all(Array.from({ length: 101 }, (_, index) => w.write(`${index}.txt`, "")))
    const { output, metadata } = await w.call("glob", { pattern: "*.txt" })
    expect(metadata).toEqual({ count: 100, truncated: true })
    expect(
      output
        .split("\n")
        .slice(0, 100)
        .every((line) => line.endsWith(".txt")),
    ).toBe(true)
    expect(output).toContain("Only the newest 100 are shown")
  })
})

test("a name with line ends is one name, in every list", async () => {
  await using w = await openWorld()
  const path = await w.write("a\nb.txt", "hit\n")
  await w.write("b.txt", "nothing\n")
  const shown = JSON.stringify(path)
  expect((await w.call("glob", { pattern: "a*" })).output).toBe(shown)
  expect((await w.call("grep", { pattern: "hit" })).output).toContain(`\n${shown}:\n  Line 1: hit`)
  expect((await w.call("read", { filePath: w.directory })).output).toContain('<entries>\n"a\\nb.txt"\nb.txt\n')
  expect((await w.call("read", { filePath: path })).output).toContain(`<path>${shown}</path>`)
  await expect(w.call("read", { filePath: "a\nc.txt" })).rejects.toThrow(shown)
})

describe("grep", () => {
  test("shows no lines of files that may not be read without a question", async () => {
    await using w = await openWorld({ mayRead: (name) => !/(^|\/)\.env$/.test(name) })
    await w.write(".env", "KEY=1\n")
    await w.write("app/.env", "KEY=2\n")
    const path = await w.write("app/a.ts", "KEY\n")
    const result = await w.call("grep", { pattern: "KEY" })
    expect(result).toMatchObject({ output: `Found 1 matches\n${path}:\n  Line 1: KEY\n`, metadata: { matches: 1 } })
    expect((await w.call("grep", { pattern: "KEY=", path: "app" })).output).toBe("No matches found")
  })

  test("in one file asks as reading it would", async () => {
    await using w = await openWorld({ mayRead: () => false })
    await w.write(".env", "KEY=1\n")
    expect(await w.asks("grep", { pattern: "KEY", path: ".env" })).toMatchObject([
      { permission: "read", patterns: [".env"] },
      { permission: "grep", patterns: ["KEY"] },
    ])
    expect((await w.call("grep", { pattern: "KEY", path: ".env" })).output).toContain("Line 1: KEY=1")
  })

  test("says so where nothing may be read without a question", async () => {
    await using w = await openWorld({ mayRead: () => false })
    await w.write("a", "KEY\n")
    expect((await w.call("grep", { pattern: "KEY" })).output).toMatch(/^No matches found\n\(Files that may not be read/)
  })

  test("matches by file, with line numbers", async () => {
    await using w = await openWorld()
    const path = await w.write("a.txt", "alpha\nbeta\n")
    expect(await w.call("grep", { pattern: "b.ta" })).toEqual({
      title: "b.ta",
      output: `Found 1 matches\n${path}:\n  Line 2: beta\n`,
      metadata: { matches: 1, truncated: false },
    })
  })

  test("several files, one file, some files", async () => {
    await using w = await openWorld()
    const a = await w.write("a.ts", "x1\nx2\n")
    const b = await w.write("b.js", "x3\n")
    await age(b, 100)
    expect((await w.call("grep", { pattern: "x" })).output).toBe(
      `Found 3 matches\n${a}:\n  Line 1: x1\n  Line 2: x2\n\n${b}:\n  Line 1: x3\n`,
    )
    expect((await w.call("grep", { pattern: "x", path: "b.js" })).metadata["matches"]).toBe(1)
    expect((await w.call("grep", { pattern: "x", include: "*.ts" })).metadata["matches"]).toBe(2)
    expect((await w.call("grep", { pattern: "nope" })).output).toBe("No matches found")
  })

  test("a pattern is never an option, and a wrong one is explained", async () => {
    await using w = await openWorld()
    const path = await w.write("a.txt", "--pre=sh\n")
    expect((await w.call("grep", { pattern: "--pre=sh" })).output).toContain(`${path}:\n  Line 1: --pre=sh`)
    await expect(w.call("grep", { pattern: "(" })).rejects.toThrow(/regex|parenthes|group/i)
  })

  test("a hundred at most, with a word about the others", async () => {
    await using w = await openWorld()
    await w.write("a.txt", "x\n".repeat(150))
    const { output, metadata } = await w.call("grep", { pattern: "x" })
    expect(metadata).toEqual({ matches: 100, truncated: true })
    expect(output).toContain("Only the first 100 are shown")
  })
})

test.each(["glob", "grep"])("%s asks with its pattern, and for a folder outside first", async (name) => {
  await using w = await openWorld()
  await writeFile(join(w.outside, "a.txt"), "x")
  const own = { permission: name, patterns: ["x*"], always: ["*"] }
  expect(await w.asks(name, { pattern: "x*" })).toMatchObject([own])
  expect(await w.asks(name, { pattern: "x*", path: w.outside })).toMatchObject([
    { permission: "external_directory", patterns: [`${w.outside}/*`] },
    own,
  ])
})
