import { symlink } from "node:fs/promises"
import { cpuMs } from "@opencode/testing/effort.ts"
import { describe, expect, test } from "vitest"
import { startProcess, type StartOptions } from "../../src/process/spawn.ts"
import { normaliseGlob } from "../../src/workspace/glob.ts"
import { createSearch } from "../../src/workspace/search.ts"
import { env, folderWith } from "./support.ts"

const project = () =>
  folderWith({
    ".gitignore": "dist/\n*.log\n!keep.log\n",
    ".ignore": "!dist/seen/\n",
    "old.ts": "needle old\n",
    "dist/out.ts": "needle built\n",
    "debug.log": "needle log\n",
    "keep.log": "needle kept\n",
    ".hidden/h.ts": "needle hidden\n",
    ".git/config": "needle git\n",
    "sub/.gitignore": "local.ts\n",
    "sub/local.ts": "needle local\n",
    "sub/(auth)/page.tsx": "no\nNeedle two\r\nneedle three\n",
    "data.bin": Buffer.from("needle\0binary"),
    "new.md": "the needle\n",
  })

test.each([
  ["*.ts", "**/*.ts"],
  ["src/*.ts", "src/*.ts"],
  ["./src/*.ts", "src/*.ts"],
  ["/w/src/*.ts", "src/*.ts"],
  ["*.ts, *.tsx", "**/{*.ts,*.tsx}"],
  ["!*.ts", "!**/*.ts"],
  ["(auth)/*.ts", "\\(auth\\)/*.ts"],
  ["@(a|b).ts", "**/@(a|b).ts"],
])("glob %s means %s", (glob, expected) => {
  expect(normaliseGlob("/w", glob)).toBe(expected)
})

describe.each(["ripgrep", "walker"] as const)("%s", (engine) => {
  const search = createSearch({ start: startProcess, env, engine })
  const names = (folder: { path: string }, files: string[]) => files.map((file) => file.slice(folder.path.length + 1))

  test("files come newest first, ignored ones and .git left out", async () => {
    await using folder = await project()
    await symlink(folder.at("old.ts"), folder.at("link.ts"))
    const all = await search.listFiles({ cwd: folder.path, limit: 100 })
    expect(all.truncated).toBe(false)
    expect(names(folder, all.files)).toEqual([
      "new.md",
      "data.bin",
      "sub/(auth)/page.tsx",
      "sub/.gitignore",
      ".hidden/h.ts",
      "keep.log",
      "old.ts",
      ".ignore",
      ".gitignore",
    ])
  })

  test("globs, hidden files and limits", async () => {
    await using folder = await project()
    const list = async (query: object) =>
      names(folder, (await search.listFiles({ cwd: folder.path, limit: 100, ...query })).files)
    expect(await list({ glob: "*.ts" })).toEqual([".hidden/h.ts", "old.ts"])
    expect(await list({ glob: "*.ts", hidden: false })).toEqual(["old.ts"])
    expect(await list({ glob: "**/*" })).not.toContain("dist/out.ts")
    expect(await list({ glob: "sub/(auth)/*.{ts,tsx}" })).toEqual(["sub/(auth)/page.tsx"])
    expect(await search.listFiles({ cwd: folder.path, limit: 1 })).toEqual({
      files: [folder.at("new.md")],
      truncated: true,
    })
  })

  test("a search below the root obeys the ignore files above it", async () => {
    await using folder = await project()
    expect((await search.listFiles({ cwd: folder.at("sub"), limit: 100 })).files).not.toContain(
      folder.at("sub/local.ts"),
    )
    await folder.write("sub/x.log", "needle")
    expect(
      (await search.grep({ cwd: folder.at("sub"), pattern: "needle", limit: 9 })).matches.map((match) => match.text),
    ).toEqual(["needle three"])
  })

  test("an ignored folder is searched when it is named", async () => {
    await using folder = await project()
    expect((await search.listFiles({ cwd: folder.at("dist"), limit: 9 })).files).toEqual([folder.at("dist/out.ts")])
    expect((await search.grep({ cwd: folder.at("dist"), pattern: "built", limit: 9 })).matches).toHaveLength(1)
  })

  test("matches have file, line and text", async () => {
    await using folder = await project()
    expect(await search.grep({ cwd: folder.path, pattern: "[Nn]eedle t(wo|hree)$", limit: 10 })).toEqual({
      matches: [
        { file: folder.at("sub/(auth)/page.tsx"), line: 2, text: "Needle two" },
        { file: folder.at("sub/(auth)/page.tsx"), line: 3, text: "needle three" },
      ],
      truncated: false,
    })
  })

  test("include, a single file, case and limits", async () => {
    await using folder = await project()
    const grep = async (query: object) => {
      const found = await search.grep({ cwd: folder.path, pattern: "needle", limit: 100, ...query })
      return found.matches.map(({ file, line }) => `${names(folder, [file])[0]}:${line}`)
    }
    expect(await grep({})).toEqual(["new.md:1", "sub/(auth)/page.tsx:3", ".hidden/h.ts:1", "keep.log:1", "old.ts:1"])
    expect(await grep({ include: "*.{ts,tsx}" })).toEqual(["sub/(auth)/page.tsx:3", ".hidden/h.ts:1", "old.ts:1"])
    expect(await grep({ include: "sub/**" })).toEqual(["sub/(auth)/page.tsx:3"])
    expect(await grep({ include: "sub/**/*.tsx" })).toEqual(["sub/(auth)/page.tsx:3"])
    expect(await grep({ file: "old.ts" })).toEqual(["old.ts:1"])
    expect(await grep({ pattern: "(?i)NEEDLE TWO" })).toEqual(["sub/(auth)/page.tsx:2"])
    expect(await grep({ pattern: "needle(?= old)" })).toEqual(["old.ts:1"])
    expect((await search.grep({ cwd: folder.path, pattern: "needle", limit: 1 })).truncated).toBe(true)
    expect(await grep({ pattern: "absent" })).toEqual([])
  })

  test("a line is told with where it stands, in bytes", async () => {
    await using folder = await folderWith({ "ä.txt": "é\r\nß needle, needle\n", "two.txt": "needle" })
    const found = await search.find({ cwd: folder.path, pattern: "need(le)", limit: 10 })
    expect(found).toEqual([
      {
        path: { text: "two.txt" },
        lines: { text: "needle" },
        line_number: 1,
        absolute_offset: 0,
        submatches: [{ match: { text: "needle" }, start: 0, end: 6 }],
      },
      {
        path: { text: "ä.txt" },
        lines: { text: "ß needle, needle\n" },
        line_number: 2,
        absolute_offset: 4,
        submatches: [
          { match: { text: "needle" }, start: 3, end: 9 },
          { match: { text: "needle" }, start: 11, end: 17 },
        ],
      },
    ])
    expect(await search.find({ cwd: folder.path, pattern: "needle", limit: 1 })).toHaveLength(1)
    await expect(search.find({ cwd: folder.path, pattern: "(", limit: 1 })).rejects.toThrow("regex parse error")
  })

  test("a pattern is never an option", async () => {
    await using folder = await folderWith({ f: "--files\n--pre=touch\n" })
    const found = await search.grep({ cwd: folder.path, pattern: "--pre=touch", limit: 5 })
    expect(found.matches.map((match) => match.line)).toEqual([2])
    const named = await folderWith({ "--files": "x\n" })
    expect((await search.grep({ cwd: named.path, file: "--files", pattern: "x", limit: 5 })).matches).toHaveLength(1)
    await named[Symbol.asyncDispose]()
  })

  test("an invalid expression is a failure in the engine's words", async () => {
    await using folder = await project()
    await expect(search.grep({ cwd: folder.path, pattern: "foo(", limit: 1 })).rejects.toThrow(
      /regex parse error: .*(unclosed|nterminated)/,
    )
  })

  test("a huge line is cut", async () => {
    await using folder = await folderWith({ min: `needle${"x".repeat(3_000_000)}\n` })
    const { matches } = await search.grep({ cwd: folder.path, pattern: "needle", limit: 5 })
    expect(matches).toHaveLength(1)
    expect(matches[0]?.text.length).toBeLessThan(2_100)
  })

  test("an aborted search ends", async () => {
    await using folder = await project()
    const stop = AbortSignal.abort()
    await expect(search.listFiles({ cwd: folder.path, limit: 1, signal: stop })).rejects.toMatchObject({
      code: "aborted",
    })
    await expect(search.grep({ cwd: folder.path, pattern: "x", limit: 1, signal: stop })).rejects.toMatchObject({
      code: "aborted",
    })
  })
})

test("the walk interrupts a pattern that explodes", async () => {
  await using folder = await folderWith({ f: `${"a".repeat(60)}!\n` })
  const search = createSearch({ start: startProcess, env, engine: "walker" })
  const looking = () => search.grep({ cwd: folder.path, pattern: "(a+)+$", limit: 1 })
  expect(await cpuMs(() => expect(looking()).rejects.toThrow("takes too long"))).toBeLessThan(2_000)
})

test("a repository cannot configure ripgrep", async () => {
  await using folder = await folderWith({ f: "needle\n", rc: "--max-count=0\n" })
  const seen: StartOptions[] = []
  const start = (options: StartOptions) => (seen.push(options), startProcess(options))
  const search = createSearch({ start, env: { ...env, RIPGREP_CONFIG_PATH: folder.at("rc") } })
  expect((await search.grep({ cwd: folder.path, pattern: "needle", limit: 5 })).matches).toHaveLength(1)
  expect(seen[0]?.args).toContain("--no-config")
})
