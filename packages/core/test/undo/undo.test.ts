import { execFileSync } from "node:child_process"
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { calls, says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { YOUNG_MS } from "../../src/workspace/snapshot-tree.ts"
import { open, bash, write, prompt, revert, unrevert, told } from "./undone.ts"

test("what tools and commands did is taken back from a message on, and brought back again", async () => {
  await using w = await open({
    files: { "a.txt": "one\n", "b.txt": "b\n", "sub/c.txt": "c\n" },
    model: script(
      calls("edit", { filePath: "a.txt", oldString: "one", newString: "two" }),
      says("first"),
      write("new/deep/n.txt", "n\n"),
      bash("echo more >> b.txt; mv sub/c.txt sub/d.txt; chmod 755 a.txt; ln -s b.txt link"),
      says("second"),
    ),
  })
  chmodSync(join(w.project, "b.txt"), 0o640)
  const first = await prompt(w)
  const second = await prompt(w)
  expect(w.files()).toEqual(["a.txt", "b.txt", "new/deep/n.txt", "sub/d.txt"])

  const session = await revert(w, second)
  expect(session.revert).toMatchObject({ messageID: second })
  expect(told(w, session.undo)).toEqual({
    "a.txt": "restored",
    "b.txt": "restored",
    link: "restored",
    "new/deep/n.txt": "restored",
    "sub/c.txt": "restored",
    "sub/d.txt": "restored",
  })
  expect(session.undo?.files.filter(({ observed }) => observed)).toHaveLength(5)
  expect(w.files()).toEqual(["a.txt", "b.txt", "sub/c.txt"])
  expect(existsSync(join(w.project, "new"))).toBe(false)
  expect(existsSync(join(w.project, "link"))).toBe(false)
  expect([w.read("a.txt"), w.read("b.txt"), w.read("sub/c.txt")]).toEqual(["two\n", "b\n", "c\n"])
  expect(statSync(join(w.project, "b.txt")).mode & 0o777).toBe(0o640)

  await revert(w, first)
  expect(w.read("a.txt")).toBe("one\n")
  await unrevert(w)
  expect((await w.session()).revert).toBeUndefined()
  expect(w.files()).toEqual(["a.txt", "b.txt", "new/deep/n.txt", "sub/d.txt"])
  expect([w.read("a.txt"), w.read("b.txt")]).toEqual(["two\n", "b\nmore\n"])
  expect(statSync(join(w.project, "a.txt")).mode & 0o777).toBe(0o755)
  expect(readlinkSync(join(w.project, "link"))).toBe("b.txt")
})

test("a change that an editor made when it was allowed is the agent's, and is taken back to what was before", async () => {
  await using w = await open({
    files: { "a.txt": "one\n" },
    permission: { edit: "ask" },
    model: script(
      calls("edit", { filePath: "a.txt", oldString: "one", newString: "two" }),
      calls("write", { filePath: "n.txt", content: "n\n" }),
      says("done"),
    ),
  })
  chmodSync(join(w.project, "a.txt"), 0o640)
  const turn = prompt(w)
  for (const [file, text] of [
    ["a.txt", "two\n"],
    ["n.txt", "n\n"],
  ] as const) {
    const question = await w.asked("edit")
    writeFileSync(join(w.project, file), text)
    question.once()
  }
  const first = await turn
  expect(w.model.heard()).toContain("Edit applied successfully.")

  const session = await revert(w, first)
  expect(told(w, session.undo)).toEqual({ "a.txt": "restored", "n.txt": "restored" })
  expect(w.files()).toEqual(["a.txt"])
  expect(w.read("a.txt")).toBe("one\n")
  expect(statSync(join(w.project, "a.txt")).mode & 0o777).toBe(0o640)
  await unrevert(w)
  expect([w.read("a.txt"), w.read("n.txt")]).toEqual(["two\n", "n\n"])
})

test("a file that somebody changed since is left alone and told, the others are restored", async () => {
  await using w = await open({
    files: { "a.txt": "a", "b.txt": "b", "c.txt": "c" },
    model: script(bash("echo x > a.txt; echo x > b.txt; rm c.txt; echo x > new.txt"), says("ok")),
  })
  const messageID = await prompt(w)
  writeFileSync(join(w.project, "b.txt"), "mine")
  writeFileSync(join(w.project, "c.txt"), "also mine")
  chmodSync(join(w.project, "new.txt"), 0o600)
  const session = await revert(w, messageID)
  expect(told(w, session.undo)).toEqual({
    "a.txt": "restored",
    "b.txt": "refused",
    "c.txt": "refused",
    "new.txt": "refused",
  })
  expect(session.revert?.diff).toContain("a.txt")
  expect(session.revert?.diff).not.toContain("b.txt")
  expect([w.read("a.txt"), w.read("b.txt"), w.read("c.txt"), w.read("new.txt")]).toEqual([
    "a",
    "mine",
    "also mine",
    "x\n",
  ])

  writeFileSync(join(w.project, "a.txt"), "mine too")
  const back = await unrevert(w)
  expect(told(w, back.undo)).toEqual({ "a.txt": "refused" })
  expect(w.read("a.txt")).toBe("mine too")
})

test("somebody else's change between two of the agent's stays, and the newer one is taken back", async () => {
  await using w = await open({
    files: { "a.txt": "1\n" },
    model: script(
      calls("edit", { filePath: "a.txt", oldString: "1", newString: "2" }),
      says("ok"),
      calls("edit", { filePath: "a.txt", oldString: "mine", newString: "3" }),
      says("ok"),
    ),
  })
  const first = await prompt(w)
  writeFileSync(join(w.project, "a.txt"), "2\nmine\n")
  await prompt(w)
  expect(w.read("a.txt")).toBe("2\n3\n")
  expect(told(w, (await revert(w, first)).undo)).toEqual({ "a.txt": "partial" })
  expect(w.read("a.txt")).toBe("2\nmine\n")
  await unrevert(w)
  expect(w.read("a.txt")).toBe("2\n3\n")
})

test("a command that only reads is not looked after, and leaves no trace", async () => {
  await using w = await open({ files: { "a.txt": "a" }, model: script(bash("ls; cat a.txt"), says("ok")) })
  await prompt(w)
  expect(w.home.store.changes.list((await w.session()).id)).toEqual([])
  expect(existsSync(w.folder.join("data/opencode/snapshot"))).toBe(false)
})

test("with snapshots off it is told that nobody knows what commands changed; edits are known all the same", async () => {
  await using w = await open({
    config: { snapshot: false },
    model: script(write("a.txt", "a"), bash("echo b > b.txt"), says("ok")),
  })
  const messageID = await prompt(w)
  const { undo } = await revert(w, messageID)
  expect(told(w, undo)).toEqual({ "a.txt": "restored" })
  expect(undo?.unseen).toEqual([expect.stringContaining("switched off")])
  expect(w.files()).toEqual(["b.txt"])
})

test("files that are ignored, and repositories' own, are never touched; nested repositories are files like others", async () => {
  await using w = await open({
    git: true,
    files: { ".gitignore": "build/\n*.log\n", "build/out.js": "old", "app.log": "old", "src/a.ts": "a" },
    model: script(
      bash("echo new > build/out.js; echo new > app.log; echo b > src/a.ts; git init -q nested; echo n > nested/n.ts"),
      says("ok"),
      bash("echo > .gitignore; echo c > src/a.ts"),
      says("ok"),
    ),
  })
  const first = await prompt(w)
  // What changed just before a command, unseen, and what it changed bear times that cannot be told apart.
  await expect.poll(() => Date.now() - statSync(join(w.project, "app.log")).ctimeMs).toBeGreaterThan(2 * YOUNG_MS)
  const second = await prompt(w)
  expect(told(w, (await revert(w, second)).undo)).toEqual({ ".gitignore": "restored", "src/a.ts": "restored" })
  expect(told(w, (await revert(w, first)).undo)).toMatchObject({ "nested/n.ts": "restored", "src/a.ts": "restored" })
  expect([w.read("build/out.js"), w.read("app.log"), w.read("src/a.ts")]).toEqual(["new\n", "new\n", "a"])
  expect(existsSync(join(w.project, "nested/.git/HEAD"))).toBe(true)
})

test("what is done in a submodule is taken back file by file, and its repository stays as it is", async () => {
  await using w = await open({
    git: true,
    files: { "lib/sub/a.ts": "a" },
    model: script(bash("echo b > lib/sub/a.ts; echo new > lib/sub/new.ts; git -C lib/sub add ."), says("ok")),
  })
  // As `git submodule` leaves it: the repository lies elsewhere, a file says where.
  mkdirSync(join(w.project, ".git/modules"))
  const modules = join(w.project, ".git/modules/sub")
  const git = (...args: string[]) => execFileSync("git", args, { cwd: join(w.project, "lib/sub"), encoding: "utf8" })
  git("init", "--quiet", `--separate-git-dir=${modules}`)
  const pointer = w.read("lib/sub/.git")
  const messageID = await prompt(w)
  const staged = git("ls-files", "--stage")
  expect(staged).toContain("new.ts")

  const { undo } = await revert(w, messageID)
  expect(told(w, undo)).toEqual({ "lib/sub/a.ts": "restored", "lib/sub/new.ts": "restored" })
  expect(w.files().filter((file) => !file.endsWith("/.git"))).toEqual(["lib/sub/a.ts"])
  expect(w.read("lib/sub/a.ts")).toBe("a")
  expect([w.read("lib/sub/.git"), git("ls-files", "--stage")]).toEqual([pointer, staged])
})

test("a folder that became a file, and a file that became a folder, are what they were, and back", async () => {
  await using w = await open({
    files: { "d/x": "x", "d/e/y": "y", f: "f" },
    model: script(bash("rm -r d; echo now > d; rm f; mkdir -p f/g; echo z > f/g/z"), says("ok")),
  })
  const messageID = await prompt(w)
  expect(w.files()).toEqual(["d", "f/g/z"])
  const { undo } = await revert(w, messageID)
  expect(new Set(Object.values(told(w, undo)))).toEqual(new Set(["restored"]))
  expect(w.files()).toEqual(["d/e/y", "d/x", "f"])
  await unrevert(w)
  expect(w.files()).toEqual(["d", "f/g/z"])
})

test("a link in the place of a folder is not followed out", async () => {
  await using w = await open({
    files: { "d/x": "x" },
    model: script(bash("echo changed > d/x"), says("ok")),
  })
  const messageID = await prompt(w)
  mkdirSync(w.folder.join("outside"))
  writeFileSync(w.folder.join("outside/x"), "changed\n")
  rmSync(join(w.project, "d"), { recursive: true })
  symlinkSync(w.folder.join("outside"), join(w.project, "d"))
  expect(told(w, (await revert(w, messageID)).undo)).toEqual({ "d/x": "refused" })
  expect(readFileSync(w.folder.join("outside/x"), "utf8")).toBe("changed\n")
})

test("read-only files, odd names and odd bytes come back exactly; what is too large is told", async () => {
  await using w = await open({
    files: { locked: "locked", "latin.txt": Buffer.from([0x66, 0xfc, 0x0a]) },
    model: script(
      bash(
        "chmod 600 locked; echo x > locked; chmod 400 locked; printf '\\374\\n' > latin.txt; " +
          "printf x > $'odd\\377name'; truncate -s 20M huge; truncate -s 30M grown",
      ),
      says("ok"),
    ),
  })
  const huge = Buffer.alloc(5 * 1024 * 1024, 1)
  writeFileSync(join(w.project, "grown"), huge)
  chmodSync(join(w.project, "locked"), 0o444)
  const messageID = await prompt(w)
  const odd = Buffer.concat([Buffer.from(join(w.project, "odd")), Buffer.of(0xff), Buffer.from("name")])
  expect(existsSync(odd)).toBe(true)
  const { undo } = await revert(w, messageID)
  expect(told(w, undo)).toEqual({
    locked: "restored",
    "latin.txt": "restored",
    "odd\uFFFDname": "restored",
    huge: "unknown",
    grown: "unknown",
  })
  expect(w.read("locked")).toBe("locked")
  expect(lstatSync(join(w.project, "locked")).mode & 0o777).toBe(0o444)
  expect([...readFileSync(join(w.project, "latin.txt"))]).toEqual([0x66, 0xfc, 0x0a])
  expect(existsSync(odd)).toBe(false)
  await unrevert(w)
  expect(existsSync(odd)).toBe(true)
})
