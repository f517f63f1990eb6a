import { mkdir, symlink } from "node:fs/promises"
import { expect, test } from "vitest"
import { createPaths, isInside, levelsUp, parentPattern } from "../../src/workspace/paths.ts"
import { folderWith } from "./support.ts"

test.each([
  ["/proj", "/proj", true],
  ["/proj", "/proj/a/b", true],
  ["/proj", "/proj-secret", false],
  ["/proj", "/pro", false],
  ["/proj", "/", false],
  ["/proj", "/proj/..a", true],
  ["/", "/anything", true],
  ["/a/b", "/a", false],
])("isInside(%s, %s) is %s", (parent, child, expected) => {
  expect(isInside(parent, child)).toBe(expected)
})

test.each([
  ["/home/a/b", "/home", ["/home/a/b", "/home/a", "/home"]],
  ["/home/..notes/b", "/home", ["/home/..notes/b", "/home/..notes", "/home"]],
  ["/home", "/home", ["/home"]],
  ["/a/b", "/", ["/a/b", "/a", "/"]],
  ["/elsewhere/a", "/home", ["/elsewhere/a"]],
  ["/home-2/a", "/home", ["/home-2/a"]],
])("the levels from %s up to %s", (directory, top, levels) => {
  expect(levelsUp(directory, top)).toEqual(levels)
})

async function world() {
  const folder = await folderWith({
    "proj/src/a.ts": "",
    "proj-secret/key": "",
    "home/notes": "",
    "allowed/x": "",
    "second/y": "",
  })
  const paths = await createPaths({
    directory: folder.at("proj/src"),
    roots: [folder.at("proj"), folder.at("second")],
    home: folder.at("home"),
    allowed: [folder.at("allowed")],
  })
  return { folder, paths, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test("relative paths start at the directory, and are shown relative to the worktree", async () => {
  await using w = await world()
  expect(await w.paths.resolve("a.ts")).toEqual({
    absolute: w.folder.at("proj/src/a.ts"),
    real: w.folder.at("proj/src/a.ts"),
    relative: "src/a.ts",
    inside: true,
    root: w.folder.at("proj"),
  })
  expect((await w.paths.resolve("../new/file")).relative).toBe("new/file")
  expect((await w.paths.resolve("..")).relative).toBe("")
})

test("outside, home, further roots and always allowed folders", async () => {
  await using w = await world()
  const secret = await w.paths.resolve("../../proj-secret/key")
  expect(secret).toMatchObject({ inside: false, relative: "../proj-secret/key" })
  expect(secret.root).toBeUndefined()
  expect(parentPattern(secret)).toBe(w.folder.at("proj-secret/*"))
  expect(parentPattern(await w.paths.resolve("~"), "directory")).toBe(w.folder.at("home/*"))
  expect(await w.paths.resolve("~/notes")).toMatchObject({ real: w.folder.at("home/notes"), inside: false })
  expect(await w.paths.resolve(w.folder.at("second/y"))).toMatchObject({ inside: true, relative: "y" })
  const allowed = await w.paths.resolve(w.folder.at("allowed/new"))
  expect(allowed).toMatchObject({ inside: true })
  expect(allowed.root).toBeUndefined()
})

test("symbolic links are followed before anything is decided", async () => {
  await using w = await world()
  await symlink(w.folder.at("proj-secret"), w.folder.at("proj/link"))
  await symlink("../proj-secret/not-yet", w.folder.at("proj/dangling"))
  await symlink("loop", w.folder.at("proj/loop"))
  expect(await w.paths.resolve("../link/key")).toMatchObject({ real: w.folder.at("proj-secret/key"), inside: false })
  expect(await w.paths.resolve("../link/new")).toMatchObject({ real: w.folder.at("proj-secret/new"), inside: false })
  expect(await w.paths.resolve("../dangling")).toMatchObject({
    real: w.folder.at("proj-secret/not-yet"),
    inside: false,
  })
  // The parent of a link's target, as the kernel sees it, and not the folder the link is in.
  expect(await w.paths.resolve("../link/../home")).toMatchObject({ real: w.folder.at("home"), inside: false })
  await expect(w.paths.resolve("../loop")).rejects.toThrow("loop of symbolic links")
})

test("a directory reached through a link has canonical roots", async () => {
  await using w = await world()
  await symlink(w.folder.at("proj"), w.folder.at("alias"))
  const paths = await createPaths({
    directory: w.folder.at("alias"),
    roots: [w.folder.at("alias")],
    home: "/",
    allowed: [],
  })
  expect(paths.roots).toEqual([w.folder.at("proj")])
  expect(await paths.resolve("src/a.ts")).toMatchObject({ relative: "src/a.ts", inside: true })
})

test.each(["/proc/self/environ", "/dev/tty", "/sys", "//proc/1", "a/../../../../../../../../proc/1"])(
  "%s is refused",
  async (path) => {
    await using w = await world()
    await expect(w.paths.resolve(path)).rejects.toThrow("cannot be used as files")
  },
)

test("a link into /proc and NUL bytes are refused, /dev/null is not", async () => {
  await using w = await world()
  await symlink("/proc/self", w.folder.at("proj/src/me"))
  await expect(w.paths.resolve("me/environ")).rejects.toThrow("cannot be used as files")
  await expect(w.paths.resolve("a\0b")).rejects.toThrow("NUL")
  expect((await w.paths.resolve("/dev/null")).real).toBe("/dev/null")
})

test("a path through a file, or through nothing at all, still resolves", async () => {
  await using w = await world()
  await mkdir(w.folder.at("proj/src/d"))
  expect((await w.paths.resolve("a.ts/b/c")).relative).toBe("src/a.ts/b/c")
  expect((await w.paths.resolve("x/y/../z")).relative).toBe("src/x/z")
})
