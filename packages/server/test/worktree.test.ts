import { execFileSync } from "node:child_process"
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { calls, says, script } from "@opencode/testing/script.ts"
import type { KeptWork } from "@opencode/protocol/worktree.ts"
import type { ToolPart } from "@opencode/protocol/part.ts"
import { expect, test } from "vitest"
import { dataOf, readEvents, served, type Served } from "./served.ts"

const git = (folder: string, ...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: folder, encoding: "utf8" }).trim()

const made = (door: Served, body: { name?: string; startCommand?: string } = {}, directory?: string) =>
  dataOf(door.v2.worktree.create({ worktreeCreateInput: body, ...(directory ? { directory } : {}) }))

const send = (door: Served, method: string, path: string, body: unknown) =>
  door.fetch(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
const remove = (door: Served, directory: string) => send(door, "DELETE", "/experimental/worktree", { directory })
const reset = (door: Served, directory: string) => send(door, "POST", "/experimental/worktree/reset", { directory })

const ready = (door: Served, directory: string) =>
  door.world.happened("worktree.ready", ({ name }) => directory.endsWith(`/${name}`))

const refs = (door: Served) => git(door.world.project, "for-each-ref", "--format=%(refname)", "refs/opencode")

test("a worktree has a folder in the data folder, a branch and the files, and is told when they are there", async () => {
  await using door = await served({ git: true, files: { "a.txt": "one\n" } })
  const stream = await door.fetch("/global/event")
  const told = readEvents(stream, ({ data }) => data.payload?.type === "worktree.ready")
  const worktree = await made(door, { name: "My Feature!!  x" })
  const { id } = await dataOf(door.v2.project.current())
  expect(worktree).toEqual({
    name: "my-feature-x",
    branch: "opencode/my-feature-x",
    directory: door.world.folder.join("data", "opencode", "worktree", id, "my-feature-x"),
  })
  const last = (await told).at(-1)?.data
  expect(last).toMatchObject({
    directory: worktree.directory,
    payload: { properties: { name: "my-feature-x", branch: "opencode/my-feature-x" } },
  })
  expect(readFileSync(join(worktree.directory, "a.txt"), "utf8")).toBe("one\n")
  expect(await dataOf(door.v2.worktree.list())).toEqual([worktree.directory])
  const second = await made(door, { name: "my feature x" })
  expect(second.name).toMatch(/^my-feature-x-[a-z]+-[a-z]+$/)
  expect((await made(door)).name).toMatch(/^[a-z]+-[a-z]+$/)
  expect((await made(door, { name: "../../é/" })).name).toMatch(/^[a-z]+-[a-z]+$/)
})

test("a worktree belongs to the project, whose home stays the main folder", async () => {
  await using door = await served({ git: true })
  const project = await dataOf(door.v2.project.current())
  const { directory } = await made(door, { name: "side" })
  await ready(door, directory)
  const inside = await dataOf(door.v2.project.current({ directory }))
  expect(inside).toMatchObject({ id: project.id, worktree: door.world.project, sandboxes: [directory] })
  expect(await dataOf(door.v2.path.get({ directory }))).toMatchObject({ worktree: directory, directory })
  expect(await dataOf(door.v2.worktree.list({ directory }))).toEqual([directory])
})

test("an agent works in a worktree as in any folder", async () => {
  await using door = await served({
    git: true,
    files: { "a.txt": "one\n" },
    permission: { edit: "allow", bash: "allow", external_directory: "deny" },
    model: script(calls("bash", { command: "echo two > b.txt && cat a.txt", description: "x" }), says("done")),
  })
  const { directory } = await made(door, { name: "work" })
  await ready(door, directory)
  const session = await dataOf(door.v2.session.create({ directory }))
  await dataOf(door.v2.session.prompt({ sessionID: session.id, parts: [{ type: "text", text: "go" }] }))
  const messages = await dataOf(door.v2.session.messages({ sessionID: session.id }))
  const parts = messages.flatMap((message) => message.parts as { type: string }[])
  const call = parts.find((part): part is ToolPart => part.type === "tool")
  expect(call?.state).toMatchObject({ status: "completed", output: expect.stringContaining("one") })
  expect(readFileSync(join(directory, "b.txt"), "utf8")).toBe("two\n")
  const changed = parts.filter((part) => part.type === "patch")
  expect(JSON.stringify(changed)).toContain("b.txt")
})

test("the project's start command runs in it and then the given one; one that fails is told", async () => {
  await using door = await served({ git: true })
  const { id } = await dataOf(door.v2.project.current())
  await dataOf(door.v2.project.update({ projectID: id, commands: { start: "echo project >> started" } }))
  const first = await made(door, { name: "one", startCommand: "echo given >> started; echo done > done" })
  await ready(door, first.directory)
  await expect.poll(() => existsSync(join(first.directory, "done"))).toBe(true)
  expect(readFileSync(join(first.directory, "started"), "utf8")).toBe("project\ngiven\n")
  await made(door, { name: "two", startCommand: "echo broken >&2; exit 3" })
  expect(await door.world.happened("worktree.failed")).toEqual({
    message: "The start command of the worktree two failed (exit code 3): broken",
  })
})

test("removing keeps what nobody committed, and commits that are nowhere else, under a name", async () => {
  await using door = await served({ git: true, files: { "a.txt": "one\n" } })
  const { directory, branch } = await made(door, { name: "gone" })
  await ready(door, directory)
  writeFileSync(join(directory, "c.txt"), "committed\n")
  git(directory, "add", "-A")
  git(directory, "commit", "-qm", "mine")
  appendFileSync(join(directory, "a.txt"), "two\n")
  writeFileSync(join(directory, "new.txt"), "new\n")
  const answer = await remove(door, directory)
  expect([answer.status, await answer.json()]).toEqual([200, true])
  expect(existsSync(directory)).toBe(false)
  expect(git(door.world.project, "branch", "--list", branch ?? "")).toBe("")
  const kept = answer.headers.get("x-opencode-kept") ?? ""
  expect(refs(door)).toBe(kept)
  expect(git(door.world.project, "show", `${kept}:a.txt`)).toBe("one\ntwo")
  expect(git(door.world.project, "show", `${kept}:new.txt`)).toBe("new")
  expect(git(door.world.project, "show", `${kept}^:c.txt`)).toBe("committed")
  expect(await dataOf(door.v2.worktree.list())).toEqual([])
  expect((await dataOf(door.v2.project.current())).sandboxes).toEqual([])
})

test("what was kept is listed; what is older than 90 days goes with the next removal or reset, and nothing else", async () => {
  await using door = await served({ git: true, files: { "a.txt": "one\n" } })
  const { project } = door.world
  git(project, "branch", "-M", "main")
  const day = 24 * 60 * 60 * 1000
  const only = git(project, "commit-tree", "HEAD^{tree}", "-m", "nowhere else")
  const name = (days: number, of = "tree") => `refs/opencode/kept/${of}-${Date.now() - days * day}`
  const [old, young, own] = [name(91), name(89), "refs/opencode/kept/of-a-person-1"]
  for (const ref of [old, young, own]) git(project, "update-ref", ref, only)
  const kept = async () => (await (await door.fetch("/experimental/worktree/kept")).json()) as KeptWork[]
  expect(await kept()).toEqual([
    { name: "tree", ref: young, commit: only, time: Number(young.split("-").at(-1)) },
    { name: "tree", ref: old, commit: only, time: Number(old.split("-").at(-1)) },
  ])

  const { directory } = await made(door, { name: "next" })
  await ready(door, directory)
  let answer = await reset(door, directory)
  while (answer.status === 400) answer = await reset(door, directory)
  expect(refs(door).split("\n")).toEqual([own, young])

  git(project, "update-ref", old, only)
  writeFileSync(join(directory, "new.txt"), "new\n")
  const removed = await remove(door, directory)
  const ref = removed.headers.get("x-opencode-kept") ?? ""
  expect(refs(door).split("\n").sort()).toEqual([own, young, ref].sort())
  expect((await kept()).map((one) => one.ref)).toEqual([ref, young])
})

test("a page that may call may also read under which name work was kept", async () => {
  await using door = await served({ git: true })
  const answer = await door.fetch("/path", { headers: { origin: "http://localhost:5173" } })
  expect(answer.headers.get("access-control-expose-headers")?.toLowerCase().split(", ")).toContain("x-opencode-kept")
})

test("a clean worktree goes without a trace, also right after it was asked for", async () => {
  await using door = await served({ git: true, files: { "a.txt": "one\n", ".gitignore": "build/\n" } })
  const { directory } = await made(door, { name: "clean" })
  const removed = async () => (await remove(door, directory)).status
  await expect.poll(removed).toBe(200)
  expect(existsSync(directory)).toBe(false)
  expect(refs(door)).toBe("")
})

test("a reset puts the branch where the default one is and keeps what would be lost; ignored files stay", async () => {
  await using door = await served({ git: true, files: { "a.txt": "one\n", ".gitignore": "build/\n" } })
  git(door.world.project, "branch", "-M", "main")
  const { directory } = await made(door, { name: "again" })
  await ready(door, directory)
  appendFileSync(join(directory, "a.txt"), "two\n")
  git(directory, "commit", "-qam", "mine")
  writeFileSync(join(directory, "new.txt"), "new\n")
  mkdirSync(join(directory, "build"))
  writeFileSync(join(directory, "build", "out"), "x")
  writeFileSync(join(door.world.project, "later.txt"), "later\n")
  git(door.world.project, "add", "-A")
  git(door.world.project, "commit", "-qm", "later")
  let answer = await reset(door, directory)
  while (answer.status === 400) answer = await reset(door, directory)
  expect(await answer.json()).toBe(true)
  expect(git(directory, "status", "--porcelain")).toBe("")
  expect(readFileSync(join(directory, "a.txt"), "utf8")).toBe("one\n")
  expect(existsSync(join(directory, "later.txt"))).toBe(true)
  expect(existsSync(join(directory, "build", "out"))).toBe(true)
  const kept = answer.headers.get("x-opencode-kept") ?? ""
  expect(git(door.world.project, "show", `${kept}:new.txt`)).toBe("new")
  expect(git(door.world.project, "show", `${kept}^:a.txt`)).toBe("one\ntwo")
})

test("only what was made here is removed or set back, and never the main folder", async () => {
  await using door = await served({ git: true })
  git(door.world.project, "branch", "-M", "main")
  const own = door.world.folder.join("own")
  git(door.world.project, "worktree", "add", "-q", own, "-b", "mine")
  const error = async (asked: Promise<Response>) => {
    const answer = await asked
    return { ...(await bodyOf(answer)), status: answer.status }
  }
  expect(await error(remove(door, door.world.project))).toMatchObject({
    status: 400,
    name: "WorktreeRemoveFailedError",
    data: { message: `'${door.world.project}' is a main working tree` },
  })
  expect(await error(remove(door, ""))).toMatchObject({ status: 400, name: "WorktreeRemoveFailedError" })
  expect(await error(remove(door, own))).toMatchObject({ status: 400, name: "WorktreeRemoveFailedError" })
  expect(existsSync(own)).toBe(true)
  expect(await (await remove(door, "/nowhere/at/all")).json()).toBe(true)
  expect(await error(reset(door, door.world.project))).toMatchObject({
    status: 400,
    name: "WorktreeResetFailedError",
    data: { message: "Cannot reset the primary workspace" },
  })
  expect(await error(reset(door, "/nowhere"))).toMatchObject({ data: { message: "Worktree not found" } })
  expect(await error(reset(door, own))).toMatchObject({ status: 400, name: "WorktreeResetFailedError" })
  const { directory } = await made(door, { name: "switched" })
  await ready(door, directory)
  git(directory, "switch", "-qc", "feature")
  let refused = await error(reset(door, directory))
  while (/works in/.test(refused.data.message)) refused = await error(reset(door, directory))
  expect(refused.data.message).toMatch(/^The branch feature was not made by this program/)
})

test("a worktree whose folder somebody deleted can be removed, and its commits stay", async () => {
  await using door = await served({ git: true, files: { "a.txt": "one\n" } })
  const { directory, branch } = await made(door, { name: "lost" })
  await ready(door, directory)
  writeFileSync(join(directory, "b.txt"), "two\n")
  git(directory, "add", "b.txt")
  git(directory, "commit", "-qm", "only here")
  rmSync(directory, { recursive: true })
  const refused = await reset(door, directory)
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("is gone")])
  const removed = await remove(door, directory)
  expect([removed.status, await removed.json()]).toEqual([200, true])
  const kept = removed.headers.get("x-opencode-kept")
  expect(git(door.world.project, "show", `${kept}:b.txt`)).toBe("two")
  expect(git(door.world.project, "branch", "--list", String(branch))).toBe("")
  expect(await dataOf(door.v2.worktree.list())).toEqual([])
})

test("what cannot be kept is not removed", async () => {
  await using door = await served({ git: true })
  const { directory } = await made(door, { name: "nested" })
  await ready(door, directory)
  const inner = join(directory, "inner")
  mkdirSync(inner)
  git(inner, "init", "-q")
  writeFileSync(join(inner, "precious"), "x")
  git(inner, "add", "-A")
  git(inner, "commit", "-qm", "inner")
  let answer = await remove(door, directory)
  let body = await bodyOf(answer)
  while (/works in/.test(body.data?.message)) [answer, body] = await again(door, directory)
  expect([answer.status, body.name]).toEqual([400, "WorktreeRemoveFailedError"])
  expect(body.data.message).toContain("another repository lies in it")
  expect(existsSync(join(inner, "precious"))).toBe(true)
})

test("work in a repository that the branch knows, at the very commit that it names, is not removed either", async () => {
  await using door = await served({ git: true })
  const { project } = door.world
  const commit = git(project, "rev-parse", "HEAD")
  git(project, "update-index", "--add", "--cacheinfo", `160000,${commit},inner`)
  git(project, "commit", "-qm", "inner")
  const { directory } = await made(door, { name: "known" })
  await ready(door, directory)
  const inner = join(directory, "inner")
  git(project, "clone", "--quiet", ".", inner)
  git(inner, "checkout", "--quiet", commit)
  writeFileSync(join(inner, "precious"), "x")
  let answer = await remove(door, directory)
  let body = await bodyOf(answer)
  while (/works in/.test(body.data?.message)) [answer, body] = await again(door, directory)
  expect(body).toMatchObject({ data: { message: expect.stringContaining("another repository lies in it") } })
  expect(existsSync(join(inner, "precious"))).toBe(true)
})

async function again(door: Served, directory: string) {
  const answer = await remove(door, directory)
  return [answer, await bodyOf(answer)] as const
}

/** A refusal. */
async function bodyOf(answer: Response): Promise<{ name: string; data: { message: string } }> {
  return (await answer.json()) as { name: string; data: { message: string } }
}

test("a worktree in which something works stays", async () => {
  await using door = await served({ git: true })
  const { directory } = await made(door, { name: "busy", startCommand: "sleep 60" })
  await ready(door, directory)
  const answer = await remove(door, directory)
  expect([answer.status, await answer.json()]).toEqual([
    400,
    { name: "WorktreeRemoveFailedError", data: { message: `Something works in ${directory}: end it first.` } },
  ])
})

test("without git, or without a commit, there are no worktrees", async () => {
  await using door = await served()
  expect(await dataOf(door.v2.worktree.list())).toEqual([])
  for (const answer of [
    await door.post("/experimental/worktree", {}),
    await remove(door, "/x"),
    await reset(door, "/x"),
  ])
    expect([answer.status, (await bodyOf(answer)).name]).toEqual([400, "WorktreeNotGitError"])
  expect(await (await door.fetch("/experimental/worktree/kept")).json()).toEqual([])
  git(door.world.project, "init", "-q")
  const folder = join(door.world.project, "sub")
  mkdirSync(folder)
  const answer = await door.post(`/experimental/worktree?directory=${encodeURIComponent(folder)}`, {})
  expect([answer.status, (await bodyOf(answer)).name]).toEqual([400, "WorktreeCreateFailedError"])
  for (const body of [{ name: 5 }, { startCommand: {} }, [], { name: "x".repeat(5_000) }])
    expect((await door.post("/experimental/worktree", body)).status).toBe(400)
})
