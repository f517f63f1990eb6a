import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { calls, says, script, type Reply } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { collectContents } from "../../src/session/change-collect.ts"

const DAY_MS = 24 * 60 * 60 * 1000

/** A session of its own with one prompt. */
async function session(w: World, text = "go", parentID?: string): Promise<{ id: string; messageID: string }> {
  const { id } = await w.engine.sessions.create(parentID === undefined ? {} : { parentID })
  return { id, messageID: await prompt(w, id, text) }
}

async function prompt(w: World, id: string, text = "go"): Promise<string> {
  const { message, answer } = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text }] })
  await answer
  return message.info.id
}

const write = (name: string, content: string) => calls("write", { filePath: name, content })

/** Files of contents, none of them young. */
function aged(w: World): string[] {
  const folder = w.folder.join("data/opencode/contents")
  if (!existsSync(folder)) return []
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const old = (Date.now() - 2 * DAY_MS) / 1000
  return files.map(({ parentPath, name }) => {
    utimesSync(join(parentPath, name), old, old)
    return join(parentPath, name)
  })
}

test("what is kept is private, one copy for equal bytes, and goes with its session", async () => {
  await using w = await world({
    permission: "allow",
    model: script(write("a", "same"), says("ok"), write("b", "same"), says("ok")),
  })
  const first = await session(w)
  const second = await session(w)
  const files = aged(w)
  expect(files).toHaveLength(1)
  expect(statSync(files[0]!).mode & 0o777).toBe(0o600)
  expect(statSync(w.folder.join("data/opencode/contents/global")).mode & 0o777).toBe(0o700)

  await w.engine.sessions.remove(second.id)
  await collectContents(w.home.store, Date.now())
  expect(aged(w)).toHaveLength(1)
  expect((await w.engine.undo.revert(first.id, { messageID: first.messageID })).undo?.files).toMatchObject([
    { status: "restored" },
  ])
  await w.engine.sessions.remove(first.id)
  expect(await collectContents(w.home.store, Date.now())).toBe(1)
  expect(aged(w)).toEqual([])
  expect(w.home.store.changes.kept()).toBe(0)
})

test("beyond the quota the bytes of the oldest sessions go, never of one in use, and undoing says so", async () => {
  const names = ["old", "newer", "newest"]
  await using w = await world({
    permission: "allow",
    files: Object.fromEntries(names.map((name) => [name, name])),
    model: script(
      ...names.flatMap((name): Reply[] => [
        calls("edit", { filePath: name, oldString: name, newString: `not ${name}` }),
        says("ok"),
      ]),
    ),
  })
  const { store } = w.home
  const sessions = [await session(w), await session(w), await session(w)]
  for (const [index, { id }] of sessions.entries()) {
    await store.write((tx) => store.sessions.touch(tx, id, Date.now() - (10 - index) * DAY_MS))
  }
  aged(w)
  const all = store.changes.kept()
  const owner = w.home.owner
  const kept = ({ id }: { id: string }) =>
    store.changes
      .list(id)
      .flatMap(({ place, before, after }) => [before, after].map((state) => ({ place, state })))
      .filter(({ place, state }) => state.kind === "file" && store.contents.has(place, state.hash ?? "")).length
  expect(await collectContents(store, Date.now(), all)).toBe(0)
  // One byte too many: the oldest of those go in which nobody works.
  const lease = await store.write((tx) => store.leases.take(tx, { sessionID: sessions[0]!.id, owner, now: 0 }))
  expect(await collectContents(store, Date.now(), all - 1)).toBe(1)
  expect(sessions.map(kept)).toEqual([2, 1, 2])
  expect(await collectContents(store, Date.now(), 0)).toBe(3)
  expect(sessions.map(kept)).toEqual([2, 0, 0])
  await store.write((tx) => "epoch" in lease && store.leases.release(tx, lease))

  const told = []
  for (const { id, messageID } of sessions) told.push((await w.engine.undo.revert(id, { messageID })).undo?.files)
  expect(told).toMatchObject([[{ status: "restored" }], [{ status: "unknown" }], [{ status: "unknown" }]])
  expect(names.map((name) => w.read(name))).toEqual(["old", "not newer", "not newest"])
})

test("cleaning is done a little at a time, so that no turn waits for all of it", async () => {
  await using w = await world()
  const { contents, changes, sessions } = w.home.store
  const { id } = await w.engine.sessions.create({})
  const kept = await Promise.all(
    Array.from({ length: 450 }, (_, n) => contents.put("global", Buffer.from(`body ${n}`))),
  )
  await w.home.store.write((tx) => changes.keep(tx, id, kept))
  await w.home.store.write((tx) => sessions.touch(tx, id, Date.now() - 2 * DAY_MS))
  expect(aged(w)).toHaveLength(450)
  const over = await collectContents(w.home.store, Date.now(), 0)
  await w.engine.sessions.remove(id)
  const orphaned = [await collectContents(w.home.store, Date.now()), await collectContents(w.home.store, Date.now())]
  expect([over, ...orphaned]).toEqual([200, 200, 50])
  expect(changes.kept()).toBe(0)
  expect(aged(w)).toEqual([])
})

test("files of contents that a crash left without a row are found, the young ones excepted", async () => {
  await using w = await world()
  const { contents } = w.home.store
  const { hash } = await contents.put("global", Buffer.from("nobody names me"))
  const part = Number.parseInt(hash.slice(0, 2), 16)
  await collectContents(w.home.store, part * 1000)
  expect(contents.has("global", hash)).toBe(true)
  // A moment that looks into the right part, an age later.
  const later = Math.ceil((Date.now() + DAY_MS) / 256_000) * 256_000 + part * 1000
  await collectContents(w.home.store, later)
  expect(contents.has("global", hash)).toBe(false)
})

test("a damaged copy is no copy: the file is left as it is, and that is told", async () => {
  await using w = await world({
    permission: "allow",
    files: { a: "before" },
    model: script(calls("edit", { filePath: "a", oldString: "before", newString: "after" }), says("ok")),
  })
  const { id, messageID } = await session(w)
  for (const file of aged(w)) writeFileSync(file, "\0rubbish")
  const { undo } = await w.engine.undo.revert(id, { messageID })
  expect(undo?.files).toMatchObject([{ status: "unknown", reason: "what it was is not kept" }])
  expect(w.read("a")).toBe("after")
})

test("sessions side by side: the edit of one is not taken for a change of the other's command", async () => {
  await using w = await world({
    permission: "allow",
    model: ({ messages }) => {
      const isDone = messages.some((message) => message.toolResults.length > 0)
      if (isDone) return says("ok")
      const isEditor = messages.some((message) => message.text.includes("edit"))
      return isEditor
        ? write("mine", "edited")
        : calls("bash", { command: "touch started; until [ -e mine ]; do sleep 0.02; done; echo done > other" })
    },
  })
  const running = session(w, "command")
  await expect.poll(() => w.files(), { timeout: 10_000 }).toContain("started")
  const editor = await session(w, "edit")
  const command = await running
  const { undo } = await w.engine.undo.revert(command.id, { messageID: command.messageID })
  expect(undo?.files.map(({ file }) => file)).toEqual([join(w.project, "other"), join(w.project, "started")])
  expect(w.files()).toEqual(["mine"])
  await w.engine.undo.revert(editor.id, { messageID: editor.messageID })
  expect(w.files()).toEqual([])
})

test("what child sessions did after the point is taken back with it, and shown as the prompt's", async () => {
  await using w = await world({
    permission: "allow",
    model: script(...["parent", "early", "child", "later"].flatMap((name): Reply[] => [write(name, name), says("ok")])),
  })
  const parent = await session(w)
  await session(w, "go", parent.id)
  const again = await prompt(w, parent.id)
  await session(w, "go", parent.id)
  expect(w.files()).toEqual(["child", "early", "later", "parent"])
  const names = async (messageID?: string) => (await w.engine.undo.diff(parent.id, messageID)).map(({ file }) => file)
  expect(await names()).toEqual(["child", "early", "later", "parent"])
  expect(await names(parent.messageID)).toEqual(["early", "parent"])
  expect(await names(again)).toEqual(["child", "later"])

  await w.engine.undo.revert(parent.id, { messageID: again })
  expect(w.files()).toEqual(["early", "parent"])
  await w.engine.undo.revert(parent.id, { messageID: parent.messageID })
  expect(w.files()).toEqual([])
  await w.engine.undo.unrevert(parent.id)
  expect(w.files()).toEqual(["child", "early", "later", "parent"])
})

test("sessions below one that is reverted are counted anew, and that is told", async () => {
  await using w = await world({
    permission: "allow",
    model: script(...["other", "parent", "child"].flatMap((name): Reply[] => [write(name, name), says("ok")])),
  })
  const other = await session(w, "go")
  const parent = await session(w)
  const child = await session(w, "go", parent.id)
  const filesOf = (id: string) => w.engine.sessions.get(id).summary?.files
  const told = () =>
    w.events.flatMap(({ type, properties }) =>
      type === "session.updated" && "info" in properties && properties.info.id === child.id ? [properties.info] : [],
    )
  expect(filesOf(child.id)).toBe(1)

  await w.engine.undo.revert(parent.id, { messageID: parent.messageID })
  expect([filesOf(parent.id), filesOf(child.id), filesOf(other.id)]).toEqual([0, 0, 1])
  expect(told().at(-1)).toMatchObject({ summary: { files: 0 } })
  expect(await w.engine.undo.diff(child.id)).toEqual([])

  await w.engine.undo.unrevert(parent.id)
  expect([filesOf(parent.id), filesOf(child.id)]).toEqual([2, 1])
  expect(told().at(-1)).toMatchObject({ summary: { files: 1 } })
  expect(await w.engine.undo.diff(child.id)).toHaveLength(1)
})

test("the program's own files are left alone when they lie in the workspace", async () => {
  await using w = await world({
    permission: "allow",
    model: script(calls("bash", { command: "echo x > x" }), says("ok")),
  })
  mkdirSync(w.folder.join("data"), { recursive: true })
  const engine = await w.engines.at(w.folder.path)
  const { id } = await engine.sessions.create({})
  const { answer } = await engine.sessions.prompt(id, { parts: [{ type: "text", text: "go" }] })
  await answer
  expect(w.home.store.changes.list(id).map(({ path }) => path)).toEqual([w.folder.join("x")])
})

test.runIf(process.platform === "linux")("steps that change a little write a little", async () => {
  const steps = 10
  const replies = Array.from({ length: steps }, (_, at) => calls("bash", { command: `echo ${at} >> small` }))
  await using w = await world({
    permission: "allow",
    files: Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`f${at}`, "x".repeat(2_000)])),
    model: script(calls("bash", { command: "echo > first" }), says("ok"), ...replies, says("ok")),
  })
  const { id } = await session(w)
  const data = () =>
    readdirSync(w.folder.join("data"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith("store.db"))
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
  const before = data()
  await prompt(w, id)
  expect(data() - before).toBeLessThan(steps * 1_000)
})
