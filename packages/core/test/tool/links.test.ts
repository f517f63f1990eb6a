import { execFile } from "node:child_process"
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, test } from "vitest"
import { holdFolder } from "../../src/workspace/held-folder.ts"
import { listDirectory, readAllBytes, removeResolved, writeResolved } from "../../src/workspace/files.ts"
import type { ToolContext } from "../../src/tool/tool.ts"
import { openWorld } from "./world.ts"

/**
 * What was asked about is what is touched: a link that comes into the way later leads nobody out, whenever it comes.
 */

const patch = (...lines: string[]) => ({ patchText: ["*** Begin Patch", ...lines, "*** End Patch"].join("\n") })

const CHANGES: [string, string, unknown][] = [
  ["write", "write", { filePath: "sub/new", content: "x" }],
  ["write over", "write", { filePath: "sub/a", content: "x" }],
  ["write below folders to be made", "write", { filePath: "sub/b/c/new", content: "x" }],
  ["edit", "edit", { filePath: "sub/a", oldString: "1", newString: "2" }],
  ["patch that adds", "apply_patch", patch("*** Add File: sub/new", "+x")],
  ["patch that changes", "apply_patch", patch("*** Update File: sub/a", "@@", "-1", "+2")],
  ["patch that deletes", "apply_patch", patch("*** Delete File: sub/a")],
  ["patch that moves away", "apply_patch", patch("*** Update File: sub/a", "*** Move to: b", "@@", "-1", "+2")],
  ["patch that moves in", "apply_patch", patch("*** Update File: c", "*** Move to: sub/b", "@@", "-1", "+2")],
]

/** A workspace in which `sub` can be exchanged for a link to a folder outside with the same names in it. */
async function exchangeable(changes: Partial<ToolContext> = {}) {
  const w = await openWorld(changes)
  await w.write("sub/a", "1\n")
  await w.write("c", "1\n")
  writeFileSync(join(w.outside, "a"), "1\n")
  await w.call("read", { filePath: "sub/a" })
  const before = inside(w.outside)
  return Object.assign(w, {
    exchange: () => {
      if (!existsSync(w.path("sub-was"))) renameSync(w.path("sub"), w.path("sub-was"))
      symlinkSync(w.outside, w.path("sub"))
    },
    requireOutsideAsBefore: () => expect(inside(w.outside)).toEqual(before),
  })
}

const inside = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]))

describe("a folder exchanged for a link", () => {
  test.each(CHANGES)("between the question and a %s: nothing outside changes", async (_, tool, input) => {
    await using w = await exchangeable()
    const run = await w.prepared(tool, input)
    w.exchange()
    await expect(run()).rejects.toThrow("somewhere else")
    w.requireOutsideAsBefore()
  })

  test.each(CHANGES)("in the middle of a %s: nothing outside changes", async (_, tool, input) => {
    const late = { now: () => {} }
    await using w = await exchangeable({
      journal: {
        changing(_changes, act) {
          late.now()
          return act()
        },
      },
    })
    const run = await w.prepared(tool, input)
    late.now = w.exchange
    await expect(run()).rejects.toThrow()
    w.requireOutsideAsBefore()
  })

  test.each<[string, unknown]>([
    ["read", { filePath: "sub/a" }],
    ["read", { filePath: "sub" }],
    ["glob", { pattern: "*", path: "sub" }],
    ["grep", { pattern: "1", path: "sub" }],
    ["grep", { pattern: "1", path: "sub/a" }],
    ["bash", { command: "cat a", workdir: "sub" }],
  ])("between the question and %s %j: nothing of the outside is shown", async (tool, input) => {
    await using w = await exchangeable()
    const run = await w.prepared(tool, input)
    w.exchange()
    await expect(run()).rejects.toThrow("somewhere else")
  })

  test("under the hands of what opens, lists, writes and removes by a resolved path", async () => {
    await using w = await exchangeable()
    w.exchange()
    const file = w.path("sub/a")
    await expect(readAllBytes(file, 10)).rejects.toThrow("somewhere else")
    await expect(listDirectory(w.path("sub"), 10)).rejects.toThrow("somewhere else")
    await expect(writeResolved(file, "x")).rejects.toThrow("somewhere else")
    await expect(writeResolved(w.path("sub/d/e"), "x")).rejects.toThrow("somewhere else")
    await expect(removeResolved(file)).rejects.toThrow("somewhere else")
    w.requireOutsideAsBefore()
  })

  test("does not matter to a folder that is held already", async () => {
    await using w = await exchangeable()
    await using folder = await holdFolder(w.path("sub"))
    w.exchange()
    writeFileSync(folder.at("made"), "x")
    w.requireOutsideAsBefore()
    expect(readdirSync(w.path("sub-was"))).toEqual(["a", "made"])
  })
})

describe("the last name exchanged for a link", () => {
  test.each(CHANGES.filter(([what]) => !what.includes("below")))("in the middle of a %s", async (_, tool, input) => {
    const late = { now: () => {} }
    await using w = await exchangeable({
      journal: {
        changing(changes, act) {
          late.now()
          late.now = () => {}
          void changes
          return act()
        },
      },
    })
    const run = await w.prepared(tool, input)
    late.now = () => {
      for (const name of ["sub/a", "sub/new", "sub/b"]) {
        rmSync(w.path(name), { force: true })
        symlinkSync(join(w.outside, "a"), w.path(name))
      }
    }
    // A deletion takes the link away, which is in the place that was asked about.
    await run().catch(() => {})
    w.requireOutsideAsBefore()
  })
})

describe("links that were there before", () => {
  test("a workspace under a link is its own place", async () => {
    await using w = await openWorld()
    await w.write("a", "1\n")
    symlinkSync(w.directory, join(w.outside, "alias"))
    const alias = join(w.outside, "alias")
    expect(await w.asks("read", { filePath: join(alias, "a") })).toMatchObject([
      { permission: "read", patterns: ["a"] },
    ])
    await w.call("read", { filePath: join(alias, "a") })
    await w.call("write", { filePath: join(alias, "a"), content: "2\n" })
    expect(await w.text("a")).toBe("2\n")
  })

  test.each<[string, unknown]>([
    ["write", { filePath: "way/new", content: "x" }],
    ["write", { filePath: "dangling", content: "x" }],
    ["edit", { filePath: "way/secret", oldString: "1", newString: "2" }],
    ["read", { filePath: "way/secret" }],
    ["read", { filePath: "file" }],
    ["read", { filePath: "way" }],
    ["grep", { pattern: "1", path: "way" }],
    ["grep", { pattern: "1", path: "file" }],
    ["glob", { pattern: "*", path: "way" }],
    ["glob", { pattern: "*", path: "inner/../way" }],
    ["apply_patch", patch("*** Add File: way/new", "+x")],
    ["bash", { command: "cat way/secret" }],
    ["bash", { command: "cat < file" }],
    ["bash", { command: "echo x > dangling" }],
    ["bash", { command: "ls", workdir: "way" }],
  ])("%s %j asks for the place that it leads to", async (tool, input) => {
    await using w = await openWorld()
    mkdirSync(w.path("inner"))
    writeFileSync(join(w.outside, "secret"), "1\n")
    symlinkSync(w.outside, w.path("way"))
    symlinkSync(join(w.outside, "secret"), w.path("file"))
    symlinkSync("../outside/not-yet", w.path("dangling"))
    const [first] = await w.asks(tool, input)
    expect(first).toMatchObject({ permission: "external_directory", patterns: [`${w.outside}/*`] })
  })

  test("searches do not follow them out", async () => {
    await using w = await openWorld()
    await w.write("a.txt", "needle")
    writeFileSync(join(w.outside, "secret.txt"), "needle")
    symlinkSync(w.outside, w.path("way"))
    symlinkSync(join(w.outside, "secret.txt"), w.path("file.txt"))
    expect((await w.call("grep", { pattern: "needle" })).output).not.toContain("secret")
    expect((await w.call("grep", { pattern: "needle" })).metadata["matches"]).toBe(1)
    expect((await w.call("glob", { pattern: "**/*.txt" })).output).toBe(w.path("a.txt"))
    expect((await w.call("glob", { pattern: "way/*.txt" })).output).toBe("No files found")
  })

  test("a second name of the same file cannot be told from it", async () => {
    await using w = await openWorld()
    writeFileSync(join(w.outside, "secret"), "1\n")
    linkSync(join(w.outside, "secret"), w.path("hard"))
    expect(await w.asks("read", { filePath: "hard" })).toMatchObject([{ permission: "read", patterns: ["hard"] }])
    // A change gives the name in the workspace a file of its own.
    await w.call("read", { filePath: "hard" })
    await w.call("write", { filePath: "hard", content: "2\n" })
    expect(readFileSync(join(w.outside, "secret"), "utf8")).toBe("1\n")
  })

  test.each([
    "/proc/self/environ",
    "/proc/self/cwd/a",
    "/proc/self/root/etc/passwd",
    "/dev/stdin",
    "/dev/fd/0",
    "/sys/kernel/version",
    "sub/../../../../../../../../../../proc/self/environ",
  ])("%s is no file for any tool", async (path) => {
    await using w = await openWorld()
    for (const [tool, input] of [
      ["read", { filePath: path }],
      ["write", { filePath: path, content: "x" }],
      ["edit", { filePath: path, oldString: "a", newString: "b" }],
      ["apply_patch", patch(`*** Add File: ${path}`, "+x")],
      ["grep", { pattern: "x", path }],
      ["glob", { pattern: "*", path }],
      ["bash", { command: "ls", workdir: path }],
    ] as const) {
      await expect(w.asks(tool, input), tool).rejects.toThrow("cannot be used as files")
    }
  })
})

describe("why a change fails", () => {
  const FAILING: [string, (path: string) => unknown][] = [
    ["edit", (path) => ({ filePath: path, oldString: "the secrets", newString: "x" })],
    ["edit", (path) => ({ filePath: join(dirname(path), "nam"), oldString: "a", newString: "x" })],
    ["write", (path) => ({ filePath: path, content: "x" })],
    ["apply_patch", (path) => patch(`*** Update File: ${path}`, "@@", "-the secrets", "+x")],
    ["apply_patch", (path) => patch(`*** Add File: ${path}`, "+x")],
  ]

  test.each(FAILING)("is told by %s only to whoever may read the file", async (tool, input) => {
    await using w = await openWorld()
    const outside = join(w.outside, "name")
    writeFileSync(outside, "the secret is 42\n")
    expect(await w.asks(tool, input(outside))).toMatchObject([
      { permission: "external_directory", patterns: [`${w.outside}/*`] },
      { permission: "read" },
    ])
    await expect(w.call(tool, input(outside))).rejects.toThrow()
    const own = await w.write(".env/name", "the secret is 42\n")
    expect((await w.asks(tool, input(own))).map((ask) => ask.permission)).toEqual(["read"])
  })
})

test("a file that an editor replaces while it is read is read all the same", async () => {
  await using w = await openWorld()
  const file = await w.write("a", "1\n")
  const replace = `for i in $(seq 200); do echo $i > ${file}.new; mv ${file}.new ${file}; done`
  const replacing = { done: false }
  const ended = promisify(execFile)("sh", ["-c", replace]).finally(() => (replacing.done = true))
  while (!replacing.done) expect((await readAllBytes(file, 100)).length).toBeGreaterThan(1)
  await ended
})
