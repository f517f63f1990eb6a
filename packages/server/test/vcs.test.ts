import { unprivileged } from "@opencode/testing/unprivileged.ts"
import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { dataOf, served, type Served } from "./served.ts"

const FILES = {
  "a.txt": "alpha\nbeta\n",
  "src/b.ts": "one\ntwo\n",
  "src/deep/c.md": "x\n",
  "z.bin": Buffer.from("a\0b"),
}

const git = (folder: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.com", ...args], { cwd: folder }).toString()

const apply = (door: Served, patch: string) => door.post("/vcs/apply", { patch })

async function changedWorld(): Promise<Served> {
  const door = await served({ git: true, files: FILES })
  const { project } = door.world
  writeFileSync(join(project, "a.txt"), "alpha\nbeta\ngamma\n")
  git(project, "mv", "src/b.ts", "src/bb.ts")
  rmSync(join(project, "src/deep/c.md"))
  writeFileSync(join(project, 'n "e\nw.txt'), "new")
  return door
}

test("what is not committed is told, new files and renames included", async () => {
  await using door = await changedWorld()
  const expected = [
    { file: "a.txt", additions: 1, deletions: 0, status: "modified" },
    { file: 'n "e\nw.txt', additions: 1, deletions: 0, status: "added" },
    { file: "src/b.ts", additions: 0, deletions: 2, status: "deleted" },
    { file: "src/bb.ts", additions: 2, deletions: 0, status: "added" },
    { file: "src/deep/c.md", additions: 0, deletions: 1, status: "deleted" },
  ]
  expect(await dataOf(door.v2.vcs.status())).toEqual(expected)
  expect(await dataOf(door.v1.file.status())).toEqual(
    expected.map(({ file, additions, deletions, status }) => ({
      path: file,
      added: additions,
      removed: deletions,
      status,
    })),
  )
  const inside = { directory: join(door.world.project, "src") }
  expect((await dataOf(door.v2.vcs.status(inside))).map(({ file }) => file)).toEqual(
    expected.slice(2).map(({ file }) => file),
  )
  expect((await dataOf(door.v2.file.status(inside))).map(({ path }) => path)).toEqual(["b.ts", "bb.ts", "deep/c.md"])
})

test("each patch is that of its file, and new files have the patch that git would make", async () => {
  await using door = await changedWorld()
  const diffs = await dataOf(door.v2.vcs.diff({ mode: "git" }))
  expect(diffs.map(({ file, patch }) => [file, patch?.split("\n").at(-2)])).toEqual([
    ["a.txt", "+gamma"],
    ['n "e\nw.txt', "\\ No newline at end of file"],
    ["src/b.ts", "-two"],
    ["src/bb.ts", "+two"],
    ["src/deep/c.md", "-x"],
  ])
  git(door.world.project, "add", "--all")
  const staged = await dataOf(door.v2.vcs.diff({ mode: "git" }))
  expect(staged).toEqual(diffs)
  const [first] = await dataOf(door.v2.vcs.diff({ mode: "git", context: 0 }))
  expect(first?.patch).not.toContain(" alpha")
  expect((await door.fetch("/vcs/diff?mode=git&context=-1")).status).toBe(400)
  expect((await door.fetch("/vcs/diff")).status).toBe(400)
})

test("the raw patch, applied to what was committed, makes the same files", async () => {
  await using door = await changedWorld()
  const response = await door.fetch("/vcs/diff/raw")
  expect(response.headers.get("content-type")).toBe("text/x-diff; charset=utf-8")
  const patch = await response.text()
  const { project } = door.world
  const before = await dataOf(door.v2.vcs.status())
  git(project, "reset", "--hard", "--quiet")
  git(project, "clean", "-fdq")
  expect(await dataOf(door.v2.vcs.status())).toEqual([])
  expect(await (await apply(door, patch)).json()).toEqual({ applied: true })
  expect(await dataOf(door.v2.vcs.status())).toEqual(before)
  expect(readFileSync(join(project, 'n "e\nw.txt'), "utf8")).toBe("new")
})

test("a branch is compared with where it left the default one", async () => {
  await using door = await served({ git: true, files: FILES })
  const { project } = door.world
  expect(await dataOf(door.v2.vcs.get())).toEqual({ branch: "main", default_branch: "main" })
  expect(await dataOf(door.v2.vcs.diff({ mode: "branch" }))).toEqual([])
  git(project, "checkout", "--quiet", "-b", "feat/x")
  writeFileSync(join(project, "c.txt"), "committed\n")
  git(project, "add", "--all")
  git(project, "commit", "--quiet", "-m", "c")
  writeFileSync(join(project, "u.txt"), "new\n")
  expect(await dataOf(door.v2.vcs.get())).toEqual({ branch: "feat/x", default_branch: "main" })
  const diff = await dataOf(door.v2.vcs.diff({ mode: "branch" }))
  expect(diff.map(({ file, status }) => [file, status])).toEqual([
    ["c.txt", "added"],
    ["u.txt", "added"],
  ])
})

test("without commits all is new; without a repository there is nothing, until one is made", async () => {
  await using door = await served({ files: { "k.txt": "k\n" } })
  const { project } = door.world
  rmSync(join(project, ".keep"))
  expect(await dataOf(door.v2.vcs.get())).toEqual({})
  expect(await dataOf(door.v2.vcs.status())).toEqual([])
  expect(await dataOf(door.v2.vcs.diff({ mode: "git" }))).toEqual([])
  expect(await (await door.fetch("/vcs/diff/raw")).text()).toBe("")
  const refused = await apply(door, "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+n\n")
  expect(refused.status).toBe(400)
  expect(await refused.json()).toMatchObject({ name: "VcsApplyError", data: { reason: "non-git" } })

  const made = await dataOf(door.v2.project.initGit())
  expect(made).toMatchObject({ id: "global", worktree: project, vcs: "git" })
  expect(await dataOf(door.v2.project.initGit())).toMatchObject({ worktree: project, vcs: "git" })
  expect(await dataOf(door.v2.vcs.status())).toEqual([{ file: "k.txt", additions: 1, deletions: 0, status: "added" }])
  const [diff] = await dataOf(door.v2.vcs.diff({ mode: "git" }))
  expect(diff?.patch).toBe(
    "diff --git a/k.txt b/k.txt\nnew file mode 100644\nindex 0000000..b68fde2\n--- /dev/null\n+++ b/k.txt\n@@ -0,0 +1 @@\n+k\n",
  )
})

test("a patch is applied whole or not at all", async () => {
  await using door = await served({ git: true, files: FILES })
  const { project } = door.world
  const good = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n-alpha\n+ALPHA\n beta\n"
  const bad = "--- a/src/b.ts\n+++ b/src/b.ts\n@@ -1,2 +1,2 @@\n-nope\n+NOPE\n two\n"
  for (const patch of [good + bad, "garbage", "", "\0"]) {
    const response = await apply(door, patch)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ name: "VcsApplyError", data: { reason: "not-clean" } })
  }
  expect((await door.post("/vcs/apply", { patch: 5 })).status).toBe(400)
  expect(git(project, "status", "--porcelain")).toBe("")
  expect((await apply(door, good)).status).toBe(200)
  expect(readFileSync(join(project, "a.txt"), "utf8")).toBe("ALPHA\nbeta\n")
})

test("what was written before a folder refused is put back", async () => {
  await using door = await served({ git: true, files: FILES })
  const { project, folder } = door.world
  const patch =
    "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n-alpha\n+ALPHA\n beta\n" +
    "diff --git a/src/n.ts b/src/n.ts\nnew file mode 100644\n--- /dev/null\n+++ b/src/n.ts\n@@ -0,0 +1 @@\n+n\n"
  chmodSync(join(project, "src"), 0o555)
  const response = await unprivileged(folder.join("."), () => apply(door, patch))
  expect(await response.json()).toMatchObject({ name: "VcsApplyError", data: { reason: "not-clean" } })
  chmodSync(join(project, "src"), 0o755)
  expect(readFileSync(join(project, "a.txt"), "utf8")).toBe("alpha\nbeta\n")
  expect(existsSync(join(project, "src/n.ts"))).toBe(false)
})

test("a patch writes nowhere but into the worktree", async () => {
  await using door = await served({ git: true, files: FILES })
  const { project, folder } = door.world
  symlinkSync(folder.join("."), join(project, "up"))
  for (const name of ["../out.txt", folder.join("out.txt"), "up/out.txt", ".git/out.txt", "src/../../out.txt"]) {
    const patch = `diff --git a/${name} b/${name}\nnew file mode 100644\n--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+n\n`
    expect([name, (await apply(door, patch)).status]).toEqual([name, 400])
  }
  expect(existsSync(folder.join("out.txt"))).toBe(false)
  expect(existsSync(join(project, ".git/out.txt"))).toBe(false)
})

test("no program that a repository names is started, by a look or by a patch", async () => {
  await using door = await changedWorld()
  const { project, folder } = door.world
  const trap = `sh -c 'touch ${folder.join("ran")}; cat'`
  for (const key of ["filter.t.clean", "filter.t.smudge", "filter.t.process", "diff.external", "diff.t.textconv"])
    git(project, "config", key, trap)
  for (const key of ["core.fsmonitor", "core.pager", "diff.t.command"]) git(project, "config", key, trap)
  writeFileSync(join(project, ".gitattributes"), "* filter=t diff=t\n")
  rmSync(folder.join("ran"), { force: true })
  await dataOf(door.v2.vcs.get())
  await dataOf(door.v2.vcs.status())
  await dataOf(door.v2.vcs.diff({ mode: "git" }))
  await dataOf(door.v2.vcs.diff({ mode: "branch" }))
  const patch = await (await door.fetch("/vcs/diff/raw")).text()
  expect(patch).toContain("+gamma")
  expect((await apply(door, "--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n-alpha\n+A\n beta\n gamma\n")).status).toBe(200)
  expect(existsSync(folder.join("ran"))).toBe(false)
})

test("new files that are large or data are told, and do not fill the answer", async () => {
  await using door = await served({ git: true, files: FILES })
  const { project } = door.world
  writeFileSync(join(project, "large.txt"), "line\n".repeat(500_000))
  writeFileSync(join(project, "data.bin"), Buffer.from("\0\x01\0"))
  for (let n = 0; n < 6; n++) writeFileSync(join(project, `m${n}.txt`), "y".repeat(900_000))
  const diff = await dataOf(door.v2.vcs.diff({ mode: "git" }))
  expect(diff.map(({ file, patch }) => [file, patch?.split("\n").at(-2)?.slice(0, 30)])).toEqual([
    ["data.bin", "Binary files /dev/null and b/d"],
    ["large.txt", "Binary files /dev/null and b/l"],
    ...[0, 1, 2, 3].map((n) => [`m${n}.txt`, "\\ No newline at end of file"]),
    ["m4.txt", undefined],
    ["m5.txt", undefined],
  ])
})

test("repositories inside are left alone, and links are links", async () => {
  await using door = await served({ git: true, files: FILES })
  const { project } = door.world
  mkdirSync(join(project, "inner"))
  git(join(project, "inner"), "init", "--quiet")
  writeFileSync(join(project, "inner/f.txt"), "f\n")
  symlinkSync("/etc/passwd", join(project, "link"))
  const diff = await dataOf(door.v2.vcs.diff({ mode: "git" }))
  expect(diff.map(({ file }) => file)).toEqual(["link"])
  expect(diff[0]?.patch).toContain("new file mode 120000")
  expect(diff[0]?.patch).toContain("+/etc/passwd\n\\ No newline at end of file\n")
})
