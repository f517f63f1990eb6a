import { symlink } from "node:fs/promises"
import { expect, test } from "vitest"
import { startProcess, type StartOptions } from "../../src/process/spawn.ts"
import { openWorkspace } from "../../src/workspace/workspace.ts"
import { env, folderWith } from "./support.ts"

function options(directory: string) {
  const started: StartOptions[] = []
  const projects = new Map<string, string>()
  return {
    started,
    projects,
    directory,
    home: "/nonexistent",
    env,
    start: (child: StartOptions) => (started.push(child), startProcess(child)),
    rememberedProjectID: (worktree: string) => projects.get(worktree),
    remember: (worktree: string, id: string) => void projects.set(worktree, id),
  }
}

test("a folder in a repository belongs to the project of its root commit; the second time no process runs", async () => {
  await using folder = await folderWith({ "sub/x": "" })
  folder.git("init", "-q")
  folder.git("add", "-A")
  folder.git("commit", "-qm", "first")
  const root = folder.git("rev-parse", "HEAD").trim()
  await symlink(folder.at("sub"), folder.at("alias"))

  const given = options(folder.at("alias"))
  const workspace = await openWorkspace(given)
  expect(workspace).toMatchObject({
    directory: folder.at("sub"),
    worktree: folder.path,
    roots: [folder.path],
    vcs: "git",
    projectID: root,
  })
  expect((await workspace.paths.resolve("x")).relative).toBe("sub/x")
  expect(given.started).toHaveLength(1)
  expect((await openWorkspace(given)).projectID).toBe(root)
  expect(given.started).toHaveLength(1)
  await workspace.close()
})

test("without git, and without commits, the project is global", async () => {
  await using folder = await folderWith({ x: "" })
  const given = options(folder.path)
  const plain = await openWorkspace({ ...given, roots: ["/usr"] })
  expect(plain).toMatchObject({
    directory: folder.path,
    worktree: "/",
    roots: [folder.path, "/usr"],
    projectID: "global",
  })
  expect(plain.vcs).toBeUndefined()
  expect(given.started).toHaveLength(0)

  folder.git("init", "-q")
  expect(await openWorkspace(given)).toMatchObject({ worktree: folder.path, vcs: "git", projectID: "global" })
  expect(given.projects.size).toBe(0)
})

test("a missing folder is the caller's mistake", async () => {
  await expect(openWorkspace(options("/no/such/folder"))).rejects.toMatchObject({
    code: "bad_request",
    message: "The folder /no/such/folder does not exist.",
  })
  await expect(openWorkspace(options("/etc/passwd"))).rejects.toMatchObject({ code: "bad_request" })
})
