import { execFileSync } from "node:child_process"
import { chmod, cp, mkdir, rm, stat } from "node:fs/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { startProcess } from "../../src/process/spawn.ts"
import { createGit, refName } from "../../src/workspace/git.ts"
import { findWorktree } from "../../src/workspace/repository.ts"
import { env, folderWith } from "./support.ts"

const git = createGit({ start: startProcess, env: { ...env, GIT_DIR: "/nowhere" } })

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

async function repository(files: Record<string, string> = { "a.txt": "one\n" }) {
  const folder = await folderWith(files)
  folder.git("init", "-q")
  folder.git("add", "-A")
  folder.git("commit", "-qm", "first")
  return folder
}

test("the worktree is found without running git, from any folder in it", async () => {
  await using folder = await repository({ "deep/er/x": "" })
  const expected = { worktree: folder.path, gitDir: folder.at(".git"), commonDir: folder.at(".git") }
  expect(await findWorktree(folder.at("deep/er"))).toEqual(expected)
  await mkdir(folder.at("deep/.git"))
  expect(await findWorktree(folder.at("deep"))).toEqual(expected)
  expect(await findWorktree("/")).toBeUndefined()
})

test("a linked working tree is its own worktree of the same project", async () => {
  await using folder = await repository()
  folder.git("worktree", "add", "-q", "linked", "-b", "feature/x")
  expect(await findWorktree(folder.at("linked"))).toEqual({
    worktree: folder.at("linked"),
    gitDir: folder.at(".git/worktrees/linked"),
    commonDir: folder.at(".git"),
  })
  expect(await git.branch(folder.at("linked"))).toBe("feature/x")
  expect(await git.rootCommit(folder.at("linked"))).toBe(await git.rootCommit(folder.path))
})

test("root commit and branch, also without commits and with a detached head", async () => {
  await using folder = await folderWith({ "a.txt": "" })
  folder.git("init", "-q")
  expect(await git.rootCommit(folder.path)).toBeUndefined()
  expect(await git.branch(folder.path)).toBe("main")
  folder.git("add", "-A")
  folder.git("commit", "-qm", "first")
  const root = folder.git("rev-parse", "HEAD").trim()
  folder.git("commit", "-qm", "second", "--allow-empty")
  expect(await git.rootCommit(folder.path)).toBe(root)
  folder.git("checkout", "-q", "--detach")
  expect(await git.branch(folder.path)).toBeUndefined()
})

test("status and diff list what changed", async () => {
  await using folder = await repository({
    "mod.txt": "a\nb\n",
    "gone.txt": "x\ny\n",
    "tab\there.txt": "1\n",
    ".gitignore": "ignored\n",
  })
  await folder.write("mod.txt", "a\nc\nd\n")
  await folder.write("new/file.txt", "1\n2")
  await folder.write("tab\there.txt", "1\n2\n")
  await folder.write("ignored", "x")
  await rm(folder.at("gone.txt"))
  expect((await git.status(folder.path)).sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
    { path: "gone.txt", status: "deleted", added: 0, removed: 2 },
    { path: "mod.txt", status: "modified", added: 2, removed: 1 },
    { path: "new/file.txt", status: "added", added: 2, removed: 0 },
    { path: "tab\there.txt", status: "modified", added: 1, removed: 0 },
  ])
  expect(await git.diff(folder.path, ["mod.txt"])).toContain("-b\n+c\n+d\n")
})

test("nothing that a repository names is run", async () => {
  await using folder = await repository({
    "a.txt": "one\n",
    "b.dat": "one\n",
    ".gitattributes": "*.dat filter=evil diff=evil\n",
  })
  const marker = folder.at("ran")
  const script = folder.at(".git/evil.sh")
  await folder.write(".git/evil.sh", `#!/bin/sh\ntouch ${marker}\ncat\n`)
  await chmod(script, 0o755)
  for (const key of [
    "core.fsmonitor",
    "diff.external",
    "core.pager",
    "core.sshCommand",
    "filter.evil.clean",
    "filter.evil.process",
    "filter.evil.smudge",
    "diff.evil.textconv",
    "diff.evil.command",
    "core.askPass",
    "core.editor",
    "gpg.program",
  ])
    folder.git("config", key, script)
  folder.git("config", "filter.evil.required", "true")
  await folder.write(".git/hooks/post-index-change", `#!/bin/sh\ntouch ${marker}\n`)
  await chmod(folder.at(".git/hooks/post-index-change"), 0o755)
  await rm(marker, { force: true })
  await folder.write("b.dat", "two\n")

  expect((await git.status(folder.path)).map(({ path }) => path)).toContain("b.dat")
  expect(await git.diff(folder.path)).toContain("+two")
  await git.rootCommit(folder.path)
  await git.branch(folder.path)
  expect(await exists(marker)).toBe(false)

  // The traps are real: git by itself falls into them.
  expect(() => folder.git("status")).toThrow("filter 'evil' failed")
  expect(await exists(marker)).toBe(true)
  await rm(marker)

  // A name that cannot be switched off on the command line switches the comparison off instead.
  folder.git("config", "filter.e=vil.clean", script)
  await folder.write(".gitattributes", "*.dat filter=e=vil\n")
  expect(await git.status(folder.path)).toEqual([])
  expect(await exists(marker)).toBe(false)
})

/** Made once, since it takes fifty processes: a repository of which every setting that can name a program names one. */
const traps = { folder: undefined as Awaited<ReturnType<typeof repository>> | undefined, marker: "" }
beforeAll(async () => {
  await using inner = await repository({ "x.dat": "one\n", ".gitattributes": "*.dat filter=evil\n" })
  const folder = await repository({
    "b.dat": "one\n",
    "c.odd": "one\n",
    ".gitattributes": "*.dat filter=evil diff=evil merge=evil\n*.odd filter=o=dd diff=Se.ction\n",
  })
  traps.folder = folder
  traps.marker = `${folder.path}-ran`
  folder.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", "--name", "sub", inner.path, "sub")
  folder.git("commit", "-q", "--amend", "--no-edit")
  const script = folder.at(".git/evil.sh")
  await folder.write(".git/evil.sh", `#!/bin/sh\ntouch ${traps.marker}\ncat "$@"\n`)
  await chmod(script, 0o755)
  const keys = ["clean", "process", "smudge"].flatMap((name) => [`filter.evil.${name}`, `filter.o=dd.${name}`])
  for (const name of ["evil", "Se.ction"]) keys.push(`diff.${name}.textconv`, `diff.${name}.command`)
  for (const key of [...keys, "merge.evil.driver", "diff.external", "core.fsmonitor", "core.pager", "gpg.program"])
    folder.git("config", key, script)
  folder.git("config", "filter.evil.required", "true")
  folder.git("config", "core.alternateRefsCommand", script)
  folder.git("config", "format.pretty", "%G? %s")
  folder.git("config", "submodule.sub.ignore", "none")
  folder.git("-C", "sub", "config", "filter.evil.clean", script)
  await folder.write("b.dat", "two\n")
  await folder.write("c.odd", "two\n")
  await folder.write("sub/x.dat", "two\n")
}, 60_000)
afterAll(async () => {
  await rm(traps.marker, { force: true })
  await traps.folder?.[Symbol.asyncDispose]()
})

test.each([
  ["status", []],
  ["diff", ["+two"]],
  ["diff HEAD", ["+two"]],
  ["diff --stat", ["b.dat"]],
  ["log -p", ["+one"]],
  ["show HEAD", ["+one"]],
  ["blame b.dat", ["two"]],
])("with the quiet variables git %s runs nothing that a repository names", async (command, shown) => {
  // What git wrote down of the files is of the original: it has to look into each of them again.
  await using folder = await folderWith()
  await cp(traps.folder!.path, folder.path, { recursive: true })
  await rm(traps.marker, { force: true })

  const quiet = await git.quiet(folder.path)
  const run = () =>
    execFileSync("git", command.split(" "), { cwd: folder.path, env: { ...env, ...quiet }, encoding: "utf8" })
  const output = run()
  for (const part of shown) expect(output).toContain(part)
  expect(await exists(traps.marker)).toBe(false)

  // The traps are real: git by itself falls into them.
  try {
    folder.git(...command.split(" "))
  } catch (error) {
    expect(error).toMatchObject({ status: 128 })
  }
  expect(await exists(traps.marker)).toBe(true)
})

test("where nothing is named, the quiet variables change nothing, and without a repository none is looked for", async () => {
  await using folder = await repository()
  await folder.write("a.txt", "two\n")
  const quiet = await git.quiet(folder.path)
  expect(execFileSync("git", ["diff"], { cwd: folder.path, env: { ...env, ...quiet }, encoding: "utf8" })).toContain(
    "+two",
  )
  await using plain = await folderWith({ "a.txt": "" })
  const refusing = createGit({ start: () => expect.unreachable("a process was started"), env })
  expect(Number((await refusing.quiet(plain.path))["GIT_CONFIG_COUNT"])).toBeGreaterThan(10)
})

test("a repository whose settings cannot be listed is none to the commands", async () => {
  await using folder = await repository()
  const none = createGit({ start: startProcess, env: { PATH: "" } })
  const quiet = await none.quiet(folder.path)
  expect(() => execFileSync("git", ["status"], { cwd: folder.path, env: { ...env, ...quiet }, stdio: "pipe" })).toThrow(
    "not a git repository",
  )
})

test("names that git would read as options are refused", () => {
  expect(refName("feature/x")).toBe("feature/x")
  for (const name of ["", "--upload-pack=x", "a b", "a\nb", "a..b^{/x}"])
    expect(() => refName(name)).toThrow("not the name")
})

test("without git there are no answers and no failures", async () => {
  await using folder = await repository()
  const none = createGit({ start: startProcess, env: { PATH: "" } })
  expect(await none.status(folder.path)).toEqual([])
  expect(await none.rootCommit(folder.path)).toBeUndefined()
  expect(await none.branch(folder.path)).toBe("main")
})
