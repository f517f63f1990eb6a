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
import type { UndoResult } from "@opencode/protocol/session.ts"
import { calls, callsMany, says, script } from "@opencode/testing/script.ts"
import { world, type World, type WorldOptions } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { YOUNG_MS } from "../../src/workspace/snapshot-tree.ts"

/** A world in which nothing is asked. */
const open = (options: WorldOptions) => world({ permission: "allow", ...options })

const bash = (command: string) => calls("bash", { command })
const write = (filePath: string, content: string) => calls("write", { filePath, content })

/** Prompts, and gives the id of the prompt. */
async function prompt(w: World, text = "go"): Promise<string> {
  const answer = await w.prompt(text)
  return answer.info.role === "assistant" ? answer.info.parentID : answer.info.id
}

async function revert(w: World, messageID: string, partID?: string) {
  const { id } = await w.session()
  return w.engine.undo.revert(id, { messageID, ...(partID === undefined ? {} : { partID }) })
}

const unrevert = async (w: World) => w.engine.undo.unrevert((await w.session()).id)

const told = (w: World, undo: UndoResult | undefined) =>
  Object.fromEntries((undo?.files ?? []).map(({ file, status }) => [file.replace(`${w.project}/`, ""), status]))

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

test("the point can be a part of an answer, and moves in both directions", async () => {
  await using w = await open({
    model: script(
      callsMany([
        { name: "write", input: { filePath: "1", content: "1" } },
        { name: "write", input: { filePath: "2", content: "2" } },
        { name: "bash", input: { command: "echo 3 > 3" } },
      ]),
      says("done"),
    ),
  })
  const messageID = await prompt(w)
  const [, answer] = await w.transcript()
  const parts = (await w.calls()).map(({ id }) => id)
  await revert(w, answer!.info.id, parts[2])
  expect(w.files()).toEqual(["1", "2"])
  await revert(w, answer!.info.id, parts[1])
  expect(w.files()).toEqual(["1"])
  await revert(w, messageID)
  expect(w.files()).toEqual([])
  const session = await revert(w, answer!.info.id, parts[2])
  expect(session.revert).toMatchObject({ messageID: answer!.info.id, partID: parts[2] })
  expect(w.files()).toEqual(["1", "2"])
  await revert(w, answer!.info.id, parts[0])
  expect((await w.session()).revert).not.toHaveProperty("partID")
  await unrevert(w)
  expect(w.files()).toEqual(["1", "2", "3"])
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

test("the next prompt makes an undoing final: the messages go, and the model never hears of them", async () => {
  await using w = await open({ model: script(write("x", "secret word"), says("first"), says("second"), says("third")) })
  const first = await prompt(w, "do the first thing")
  await revert(w, first)
  expect((await w.transcript()).length).toBe(3)
  await prompt(w, "something else")
  const transcript = await w.transcript()
  expect(transcript.map(({ info }) => info.role)).toEqual(["user", "assistant"])
  const asked = JSON.stringify(w.model.requests.at(-1))
  expect(asked).toContain("something else")
  expect(asked).not.toContain("first thing")
  const removed = w.events.filter(({ type }) => type === "message.removed")
  expect(removed).toHaveLength(3)
  const session = await w.session()
  expect(session).not.toHaveProperty("revert")
  expect(session).not.toHaveProperty("undo")
  expect(await w.engine.undo.diff(session.id)).toEqual([])
  await unrevert(w)
  expect(w.files()).toEqual([])
})

test("an answer that goes back to one of its calls names the files of the calls that stay, and no others", async () => {
  await using w = await open({
    model: script(
      callsMany(["1", "2", "3"].map((name) => ({ name: "write", input: { filePath: name, content: name } }))),
      says("done"),
      says("more"),
    ),
  })
  await prompt(w)
  const [, answer] = await w.transcript()
  const { id: partID } = (await w.calls())[2]!
  await revert(w, answer!.info.id, partID)
  await prompt(w, "go on")
  const patches = (await w.transcript())[1]!.parts.filter(({ type }) => type === "patch")
  expect(patches).toMatchObject([{ files: ["1", "2"].map((name) => join(w.project, name)) }])
  expect(w.events.findLast(({ properties }) => "part" in properties && properties.part.type === "patch")).toMatchObject(
    {
      properties: { part: patches[0] },
    },
  )
  // What is named is this session's own to take back.
  const session = await revert(w, answer!.info.id)
  expect([session.undo?.unseen, w.files()]).toEqual([undefined, []])
})

test("a session says what it changed: by prompt, as a whole, in its summary and in events", async () => {
  await using w = await open({
    files: { "a.txt": "1\n2\n3\n" },
    model: script(
      write("b.txt", "b\n"),
      bash("sed -i s/2/two/ a.txt; head -c 300 /dev/zero > data.bin"),
      says("ok"),
      bash("rm b.txt"),
      says("ok"),
      says("nothing"),
    ),
  })
  const first = await prompt(w)
  const second = await prompt(w)
  const { id } = await w.session()
  const diff = await w.engine.undo.diff(id, first)
  expect(diff.map(({ file, status, additions, deletions }) => [file, status, additions, deletions])).toEqual([
    ["a.txt", "modified", 1, 1],
    ["b.txt", "added", 1, 0],
    ["data.bin", "added", 0, 0],
  ])
  expect(diff[0]?.patch).toBe(
    `Index: a.txt\n${"=".repeat(67)}\n--- a.txt\n+++ a.txt\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n`,
  )
  expect(diff[2]).not.toHaveProperty("patch")
  expect((await w.engine.undo.diff(id, second)).map(({ file, status }) => [file, status])).toEqual([
    ["b.txt", "deleted"],
  ])
  expect((await w.engine.undo.diff(id)).map(({ file }) => file)).toEqual(["a.txt", "data.bin"])
  expect((await w.session()).summary).toEqual({ additions: 1, deletions: 1, files: 2 })
  await expect(w.engine.undo.diff(id, "msg_none")).rejects.toMatchObject({ code: "message_not_found" })

  const events = () => w.events.filter(({ type }) => type === "session.diff").length
  expect(events()).toBe(3)
  const [asked, ...answers] = await w.transcript()
  expect(asked?.info).toMatchObject({ summary: { diffs: diff } })
  const patches = answers.flatMap(({ parts }) => parts.filter((part) => part.type === "patch"))
  expect(patches.map(({ files }) => files.map((file) => file.replace(`${w.project}/`, "")))).toEqual([
    ["b.txt"],
    ["a.txt", "data.bin"],
    ["b.txt"],
  ])
  await prompt(w)
  expect(events()).toBe(3)
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

test("a session that is busy, or has a busy child, is not reverted; a prompt waits for a revert that is under way", async () => {
  await using w = await open({
    model: script(
      write("a", "a"),
      says("ok"),
      bash("sleep 0.3"),
      says("ok"),
      bash("sleep 0.4"),
      says("ok"),
      says("last"),
    ),
  })
  const messageID = await prompt(w)
  const running = w.prompt("again")
  await w.model.received(3)
  await expect(revert(w, messageID)).rejects.toMatchObject({ code: "busy" })
  await running

  const { id: parentID } = await w.session()
  const child = await w.engine.sessions.create({ parentID })
  const { answer: childs } = await w.engine.sessions.prompt(child.id, { parts: [{ type: "text", text: "go" }] })
  await w.model.received(5)
  await expect(revert(w, messageID)).rejects.toMatchObject({ code: "busy", data: { sessionID: child.id } })
  await childs

  const [reverted, answer] = await Promise.all([revert(w, messageID), w.prompt("at the same time")])
  expect(reverted.revert?.messageID).toBe(messageID)
  expect(answer.info).toMatchObject({ finish: "stop" })
  expect((await w.transcript()).length).toBe(2)
  expect(w.files()).toEqual([])
})

test("what a deleted message did keeps its place: a later point leaves it, an earlier one takes it back", async () => {
  await using w = await open({
    model: script(write("a", "a"), says("1"), write("b", "b"), says("2"), write("c", "c"), says("3")),
  })
  const first = await prompt(w)
  const second = await prompt(w)
  const third = await prompt(w)
  const { id } = await w.session()
  const answers = (await w.transcript()).filter(({ parts }) => parts.some((part) => part.type === "tool"))
  await w.engine.editHistory.removeMessage(id, answers[0]!.info.id)
  await w.engine.editHistory.removeMessage(id, answers[1]!.info.id)

  expect(told(w, (await revert(w, third)).undo)).toEqual({ c: "restored" })
  expect(w.files()).toEqual(["a", "b"])
  await revert(w, second)
  expect(w.files()).toEqual(["a"])
  await revert(w, first)
  expect(w.files()).toEqual([])
  await unrevert(w)
  expect(w.files()).toEqual(["a", "b", "c"])
})

test("a fork says that what was changed before it belongs to the original, which takes it back", async () => {
  await using w = await open({
    model: script(write("a", "a"), says("1"), write("b", "b"), says("2"), write("c", "c"), says("in the fork")),
  })
  const first = await prompt(w)
  await prompt(w)
  const { id } = await w.session()
  const fork = await w.engine.fork(id)
  const { answer } = await w.engine.sessions.prompt(fork.id, { parts: [{ type: "text", text: "go" }] })
  await answer
  const [start] = await w.engine.sessions.messages(fork.id)

  const { undo } = await w.engine.undo.revert(fork.id, { messageID: start!.info.id })
  expect(told(w, undo)).toEqual({ c: "restored" })
  expect(undo?.unseen).toEqual([
    "What 2 answers changed was changed by another session, of which this one is a copy: it is not taken back here.",
  ])
  const original = await revert(w, first)
  expect(told(w, original.undo)).toEqual({ a: "restored", b: "restored" })
  expect(original.undo).not.toHaveProperty("unseen")
})

test("the point of a revert is not deleted from under it; what stands after it may be", async () => {
  await using w = await open({ model: script(write("a", "a"), says("1"), write("b", "b"), says("2"), says("3")) })
  const first = await prompt(w)
  const second = await prompt(w)
  const { id } = await w.session()
  const edit = w.engine.editHistory
  const [, answer] = await w.transcript()
  await revert(w, first)
  await expect(edit.removeMessage(id, first)).rejects.toMatchObject({ code: "bad_request" })
  await edit.removeMessage(id, second)
  await unrevert(w)
  expect(w.files()).toEqual(["a", "b"])

  await revert(w, answer!.info.id)
  await expect(edit.removeMessage(id, answer!.info.id)).rejects.toMatchObject({ code: "bad_request" })
  await prompt(w)
  expect(w.files()).toEqual([])
})

test("a wish to compact a session that was taken back to its beginning leaves it as it is", async () => {
  await using w = await open({ model: script(write("a", "a"), says("1")) })
  const first = await prompt(w)
  const { id } = await w.session()
  await revert(w, first)
  const before = await w.transcript()
  expect(await w.engine.compaction.summarize(id, { providerID: "mock", modelID: "large" })).toBe(false)
  expect(await w.transcript()).toEqual(before)
  await unrevert(w)
  expect(w.files()).toEqual(["a"])
})

test("the prompt of a typed command shows what the command changed", async () => {
  await using w = await open({ model: script() })
  const { id } = await w.session()
  const { info } = await w.engine.runShell(id, { agent: "build", command: "echo hi > s.txt" })
  const [typed] = await w.transcript()
  expect(typed!.info.summary).toMatchObject({ diffs: [{ file: "s.txt", status: "added" }] })
  const { undo } = await revert(w, typed!.info.id)
  expect([info.role, told(w, undo)]).toEqual(["assistant", { "s.txt": "restored" }])
})

test("every command that a crash cut short is counted among those of which nobody knows what they changed", async () => {
  await using w = await open({ model: script(says("1"), says("2")) })
  const first = await prompt(w)
  await prompt(w)
  const { id: sessionID } = await w.session()
  for (const { info } of await w.transcript()) {
    if (info.role === "user") continue
    const call = { messageID: info.id, callID: "cut" }
    await w.home.store.write((tx) => {
      w.home.store.intents.open(tx, { ...call, sessionID, tool: "bash", effect: "unsafe", input: {}, started: 1 })
      w.home.store.intents.finish(tx, call, { finished: 2, outcome: "interrupted" })
    })
  }
  expect((await revert(w, first)).undo?.unseen).toEqual([
    "What 2 commands changed is not known: the program ended meanwhile.",
  ])
})
