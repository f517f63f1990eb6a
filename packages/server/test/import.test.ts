import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { ImportReport } from "@opencode/protocol/intake.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { loadSqlite, type Sqlite } from "@opencode/core/store/sqlite.ts"
import { opencodeAnswers, opencodeDatabase, opencodeFiles } from "@opencode/testing/opencode-data.ts"
import { says, script } from "@opencode/testing/script.ts"
import { tempFolder, type TempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, test } from "vitest"
import { served, type Served } from "./served.ts"

const KEY = "sk-example-not-a-key"

/** A data folder as OpenCode 1.18.33 left it. */
function dataFolder(files: Record<string, string> = {}): TempFolder {
  const folder = tempFolder()
  folder.write({
    "opencode/opencode.db": opencodeDatabase(),
    "opencode/auth.json": JSON.stringify({ example: { type: "api", key: KEY } }),
    ...files,
  })
  return folder
}

async function taken(at: Served, folder: string, more: object = {}): Promise<ImportReport> {
  const answer = await at.post("/global/import", { from: "opencode", folder, ...more })
  expect(answer.status).toBe(200)
  return (await answer.json()) as ImportReport
}

const states = ({ sessions }: ImportReport): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { state } of sessions) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

const messagesOf = async (at: Served, id: string): Promise<MessageWithParts[]> =>
  (await (await at.fetch(`/session/${id}/message`)).json()) as MessageWithParts[]

const sessionOf = async (at: Served, id: string): Promise<Session> =>
  (await (await at.fetch(`/session/${id}`)).json()) as Session

async function database(folder: TempFolder): Promise<Sqlite> {
  return (await loadSqlite())(folder.join("opencode/opencode.db"))
}

const hashes = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file, createHash("sha256").update(readFileSync(file)).digest("hex")]),
  )

test("every session that OpenCode made is here as its own server tells of it, with ids, order, times, costs and parents", async () => {
  await using at = await served()
  using folder = dataFolder()
  const report = await taken(at, folder.path)
  const { sessions, messages } = opencodeAnswers()
  expect(states(report)).toEqual({ added: sessions.length })
  expect(report).toMatchObject({ found: sessions.length, projects: 1, credentials: { added: ["example"], kept: [] } })
  expect(report.sessions.filter(({ problems }) => problems)).toEqual([])
  for (const { project: _project, revert, ...session } of sessions) {
    const here = await sessionOf(at, session.id)
    expect({ ...here, revert: undefined, undo: undefined }).toEqual(session)
    // The copies of files for taking it back are OpenCode's own.
    expect(here.revert).toEqual(revert && { messageID: revert.messageID })
    expect(here.undo?.files).toEqual(revert && [])
    const told = messages[session.id]
    if (Array.isArray(told)) expect(await messagesOf(at, session.id)).toEqual(told)
    else expect((await messagesOf(at, session.id)).length).toBeGreaterThan(0)
  }
  expect(JSON.stringify(report)).not.toContain(KEY)
})

test("the folder is left byte for byte as it was, also when OpenCode is at work in it, and what its log has is taken over", async () => {
  await using at = await served()
  using folder = dataFolder()
  const theirs = await database(folder)
  try {
    theirs.exec("PRAGMA wal_autocheckpoint = 0; UPDATE session SET title = 'Only in the log' WHERE title = 'Deeper'")
    const before = hashes(folder.path)
    expect(Object.keys(before).some((file) => file.endsWith("-wal"))).toBe(true)
    const report = await taken(at, folder.path)
    expect(report.sessions.map(({ title }) => title)).toContain("Only in the log")
    expect(hashes(folder.path)).toEqual(before)
  } finally {
    theirs.close()
  }
  expect(readdirSync(at.world.home.folders.data).filter((name) => name.startsWith("import-"))).toEqual([])
})

test("a dry run tells the same and stores nothing", async () => {
  await using at = await served()
  using folder = dataFolder()
  const dry = await taken(at, folder.path, { dryRun: true })
  expect(at.world.home.store.sessions.list()).toEqual([])
  expect(at.world.home.auth.list()).toEqual({})
  const wet = await taken(at, folder.path)
  expect({ ...dry, dryRun: false }).toEqual(wet)
})

test("a second import adds only what is new there, and brings nothing back that was removed here", async () => {
  await using at = await served()
  using folder = dataFolder()
  const first = await taken(at, folder.path)
  const [removed, grows] = first.sessions.filter(({ messages }) => messages === 2).map(({ id }) => id)
  await at.fetch(`/session/${removed}`, { method: "DELETE" })
  expect(states(await taken(at, folder.path))).toEqual({ unchanged: first.found - 1, removed: 1 })

  const before = await messagesOf(at, grows!)
  const theirs = await database(folder)
  const data =
    '{"role":"user","time":{"created":1795180400000},"agent":"build","model":{"providerID":"p","modelID":"m"}}'
  theirs
    .prepare("INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES (?, ?, ?, ?, ?)")
    .run("msg_new", grows!, 1795180400000, 1795180400000, data)
  theirs.close()
  expect(states(await taken(at, folder.path))).toEqual({ unchanged: first.found - 2, removed: 1, extended: 1 })
  const after = await messagesOf(at, grows!)
  expect(after.slice(0, -1)).toEqual(before)
  expect(after.at(-1)?.info.id).toBe("msg_new")
})

test("a session that went on in both places stays as it is here, and that is told", async () => {
  await using at = await served({ model: script(says("here")) })
  using folder = dataFolder()
  const { sessions } = await taken(at, folder.path)
  const id = sessions.find(({ title }) => title === "Put away")!.id
  const model = { providerID: "mock", modelID: "large" }
  const parts = [{ type: "text", text: "go on here" }]
  expect((await at.post(`/session/${id}/message`, { parts, model })).status).toBe(200)
  const here = await messagesOf(at, id)
  const theirs = await database(folder)
  theirs.exec(`UPDATE session SET title = 'Went on there', time_updated = time_updated + 1 WHERE id = '${id}'`)
  theirs.close()
  expect(states(await taken(at, folder.path))).toMatchObject({ diverged: 1 })
  expect(await messagesOf(at, id)).toEqual(here)
  expect((await sessionOf(at, id)).title).toBe("Put away")
})

test("what was said before is what the model hears when an imported session goes on", async () => {
  await using at = await served({ model: script(says("going on")) })
  using folder = dataFolder()
  const { sessions } = await taken(at, folder.path)
  const id = sessions.find(({ title }) => title === "Greet the world")!.id
  const answer = await at.post(`/session/${id}/message`, {
    parts: [{ type: "text", text: "and now?" }],
    model: { providerID: "mock", modelID: "large" },
  })
  expect(answer.status).toBe(200)
  const heard = at.world.model.heard()
  for (const said of ["Change the greeting.", "hello, world", "The greeting is friendlier now.", "and now?"])
    expect(heard).toContain(said)
})

test("a database of an earlier 1.x, which noted less, gives the same conversations, and what they cost", async () => {
  await using at = await served()
  using folder = dataFolder()
  const theirs = await database(folder)
  theirs.exec("PRAGMA foreign_keys = OFF; DROP INDEX session_workspace_idx; DROP TABLE todo")
  for (const name of ["workspace_id", "path", "metadata", "agent", "model", "cost", "tokens_input", "tokens_output"])
    theirs.exec(`ALTER TABLE session DROP COLUMN ${name}`)
  for (const name of ["tokens_reasoning", "tokens_cache_read", "tokens_cache_write"])
    theirs.exec(`ALTER TABLE session DROP COLUMN ${name}`)
  theirs.close()
  const report = await taken(at, folder.path)
  const { sessions, messages } = opencodeAnswers()
  expect(states(report)).toEqual({ added: sessions.length })
  for (const { id, ...session } of sessions) {
    const { cost, tokens, path } = await sessionOf(at, id)
    expect({ cost, tokens, path }).toEqual({
      cost: expect.closeTo(session.cost ?? 0, 9),
      tokens: session.tokens,
      path: session.projectID === "global" ? expect.any(String) : session.path,
    })
    if (Array.isArray(messages[id])) expect(await messagesOf(at, id)).toEqual(messages[id])
  }
})

test("damaged rows are told one by one, and everything around them arrives", async () => {
  await using at = await served()
  using folder = dataFolder()
  const theirs = await database(folder)
  theirs.exec("PRAGMA foreign_keys = OFF")
  const [session] = theirs.prepare("SELECT id FROM session WHERE title = 'Greet the world'").all() as { id: string }[]
  const parts = theirs
    .prepare(
      "SELECT part.id, part.data FROM part JOIN message ON message.id = message_id WHERE part.session_id = ? ORDER BY part.id",
    )
    .all(session!.id) as { id: string; data: string }[]
  const at_ = (type: string): { id: string; data: string } =>
    parts.find(({ data }) => data.includes(`"type":"${type}"`))!
  const change = (id: string, data: string): unknown =>
    theirs.prepare("UPDATE part SET data = ? WHERE id = ?").run(data, id)
  change(at_("reasoning").id, "{ no json")
  change(at_("patch").id, '{"type":"patch"}')
  change(at_("step-start").id, '{"type":"hologram","depth":3}')
  const call = JSON.parse(at_("tool").data) as { state: Record<string, unknown> }
  change(at_("tool").id, JSON.stringify({ ...call, state: { status: "running", input: {}, time: { start: 5.5 } } }))
  theirs.exec("UPDATE session SET directory = 7, time_created = 'x', time_updated = 'y' WHERE title = 'Put away'")
  theirs.exec(
    "UPDATE message SET data = '[]' WHERE session_id = (SELECT id FROM session WHERE title = 'Without git') AND data LIKE '%assistant%'",
  )
  theirs.close()

  const report = await taken(at, folder.path)
  expect(states(report)).toEqual({ added: report.found - 1, failed: 1 })
  const told = report.sessions.flatMap(({ problems = [] }) => problems).join("\n")
  expect(told).toContain(`The part ${at_("reasoning").id} is damaged and was left out.`)
  expect(told).toContain(`The part ${at_("patch").id} is damaged and was left out: `)
  expect(told).toMatch(/The message msg_\w+ is damaged and was left out/)
  const here = (await messagesOf(at, session!.id)).flatMap((message) => message.parts)
  expect(here).toHaveLength(parts.length - 2)
  expect(here).toContainEqual(expect.objectContaining({ type: "hologram", depth: 3 }))
  expect(here.find(({ id }) => id === at_("tool").id)).toMatchObject({ state: { status: "error", time: { start: 6 } } })
})

test("a database with damaged pages gives what is on the others", async () => {
  await using at = await served()
  using folder = tempFolder()
  const bytes = opencodeDatabase()
  // Past the first pages, which hold the schema.
  for (let page = 60; page < 64; page++) bytes.fill(0xff, page * 4096, (page + 1) * 4096)
  folder.write({ "opencode.db": bytes })
  const report = await taken(at, folder.path)
  expect(report.stopped).toBeUndefined()
  expect(report.sessions.some(({ state }) => state === "added")).toBe(true)
  folder.write({ "opencode.db": "this is no database at all, whatever its name says".repeat(100) })
  expect((await taken(at, folder.path)).problems).toEqual([expect.stringContaining("damaged, or no database")])
})

test("the files of OpenCode before 1.2 arrive the same way, and those that its upgrade left behind only once", async () => {
  await using at = await served()
  using folder = tempFolder()
  const files = opencodeFiles()
  folder.write(files)
  const before = hashes(folder.path)
  const report = await taken(at, folder.path)
  expect(hashes(folder.path)).toEqual(before)
  const raw = (path: string): Record<string, unknown>[] =>
    Object.entries(files)
      .filter(([name]) => name.startsWith(`storage/${path}`))
      .map(([, text]) => JSON.parse(text) as Record<string, unknown>)
  expect(states(report)).toEqual({ added: raw("session/").length })
  for (const { id, sessionID, agent, cost = 0 } of raw("message/")) {
    const { info, parts } = (await messagesOf(at, String(sessionID))).find((message) => message.info.id === id)!
    expect({ agent: info.agent, cost: info.role === "assistant" ? info.cost : 0 }).toEqual({ agent, cost })
    expect(parts.map((part) => part.id)).toEqual(
      raw(`part/${String(id)}/`)
        .map((part) => part.id)
        .sort(),
    )
  }
  const spent = raw("message/").reduce((sum, { cost }) => sum + Number(cost ?? 0), 0)
  const here = at.world.home.store.sessions.list()
  expect(here.reduce((sum, { cost = 0 }) => sum + cost, 0)).toBeCloseTo(spent, 9)
  expect(here.filter(({ parentID }) => parentID)).toHaveLength(1)

  const [older] = raw("session/") as { id: string }[]
  using both = dataFolder()
  const theirs = await database(both)
  theirs.prepare("UPDATE session SET id = ? WHERE title = 'Empty one'").run(older!.id)
  theirs.close()
  for (const [name, text] of Object.entries(files)) both.write({ [`opencode/${name}`]: text })
  const all = await taken(at, both.path)
  expect(all.sessions.filter(({ id }) => id === older!.id)).toHaveLength(1)
})

test("credentials that are here stay, others are added, and rules of a session that allow are left out", async () => {
  await using at = await served()
  using folder = dataFolder({
    "opencode/auth.json": JSON.stringify({
      example: { type: "api", key: KEY },
      here: { type: "api", key: KEY },
      broken: "text",
    }),
  })
  await at.world.home.auth.set("here", { type: "api", key: "own" })
  const theirs = await database(folder)
  const rules = [
    { permission: "bash", pattern: "*", action: "allow" },
    { permission: "edit", pattern: "*", action: "deny" },
  ]
  theirs
    .prepare("UPDATE session SET permission = ?, share_url = 'https://example.com/s/1' WHERE title = 'Deeper'")
    .run(JSON.stringify(rules))
  theirs.close()
  const report = await taken(at, folder.path)
  expect(report.credentials).toEqual({ added: ["example"], kept: ["here"] })
  const { key } = at.world.home.auth
  expect([key("example")?.reveal(), key("here")?.reveal()]).toEqual([KEY, "own"])
  const deeper = report.sessions.find(({ title }) => title === "Deeper")!
  expect(deeper.problems).toEqual([
    expect.stringContaining("rules that allow"),
    "It is shared at https://example.com/s/1, and stays shared there.",
  ])
  const { permission, share } = await sessionOf(at, deeper.id)
  expect({ permission, share }).toEqual({ permission: [rules[1]], share: undefined })
})

test("sessions join the project that their working tree has here, whatever it was called there", async () => {
  await using at = await served({ git: true })
  const own = (await (await at.fetch("/project/current")).json()) as { id: string; worktree: string }
  using folder = dataFolder()
  const theirs = await database(folder)
  theirs.exec("PRAGMA foreign_keys = OFF")
  theirs.exec(`UPDATE project SET id = 'other', worktree = '${at.world.project}' WHERE id <> 'global'`)
  theirs.exec(`UPDATE session SET project_id = 'other', directory = '${at.world.project}' WHERE project_id <> 'global'`)
  theirs.close()
  const report = await taken(at, folder.path)
  expect(report.projects).toBe(0)
  const listed = (await (await at.fetch("/session")).json()) as Session[]
  expect(listed.length).toBe(report.found - 1)
  expect(new Set(listed.map(({ projectID }) => projectID))).toEqual(new Set([own.id]))
})

test("a folder that came from somewhere brings no login whose settings would start programs, and no name that is none", async () => {
  await using at = await served()
  const organisation = "https://stranger.example"
  using folder = dataFolder({
    "opencode/auth.json": JSON.stringify({
      [organisation]: { type: "wellknown", key: "TOKEN", token: "t" },
      "\u001b]52;c;eA==\u0007": { type: "api", key: KEY },
      constructor: { type: "api", key: KEY },
    }),
  })
  const report = await taken(at, folder.path)
  expect(report.credentials).toEqual({ added: ["constructor"], kept: [] })
  expect(report.problems).toEqual([
    `The login at ${organisation} was left out: \`opencode auth login ${organisation}\` logs in anew.`,
    expect.stringContaining("was left out: that is no provider"),
  ])
  expect(at.world.home.auth.organisations()).toEqual([])
})

test("a project whose name would lead out of the data folder is not taken over, and so gets no folder there", async () => {
  await using at = await served({ git: true })
  using folder = dataFolder()
  const theirs = await database(folder)
  theirs.exec("PRAGMA foreign_keys = OFF")
  theirs.exec(`UPDATE project SET id = '../../../led-out', worktree = '${at.world.project}-later' WHERE id <> 'global'`)
  theirs.close()
  expect((await taken(at, folder.path)).projects).toBe(0)
  expect(at.world.home.store.projects.list().map(({ id }) => id)).not.toContain("../../../led-out")
})

test("a folder is named by its whole path: where the server was started is nobody's business", async () => {
  await using at = await served()
  const answer = await at.post("/global/import", { from: "claude-code", folder: "relative" })
  expect(answer.status).toBe(400)
})

test("a client that leaves ends the import, and the next one goes on to the same end", async () => {
  await using at = await served()
  using folder = dataFolder()
  const leaving = new AbortController()
  const answer = await fetch(`${at.url}/global/import`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ from: "opencode", folder: folder.path }),
    signal: leaving.signal,
  })
  await answer.body!.getReader().read()
  leaving.abort()
  let again = await at.post("/global/import", { from: "opencode", folder: folder.path })
  while (again.status === 503) again = await at.post("/global/import", { from: "opencode", folder: folder.path })
  const report = (await again.json()) as ImportReport
  expect(report.stopped).toBeUndefined()
  const { sessions, messages } = opencodeAnswers()
  for (const { id } of sessions) {
    const told = messages[id]
    if (Array.isArray(told)) expect(await messagesOf(at, id)).toEqual(told)
  }
})

test("a message or part that another session here has is not taken from it", async () => {
  await using at = await served()
  using folder = dataFolder()
  const mine = (await (await at.post("/session", { title: "Mine" })).json()) as Session
  const [first, second] = (opencodeAnswers().messages[opencodeAnswers().sessions[0]!.id] as MessageWithParts[]) ?? []
  const { store } = at.world.home
  await store.write((tx) => {
    store.messages.put(tx, { ...first!.info, sessionID: mine.id })
    store.messages.put(tx, { ...second!.info, id: "msg_own", sessionID: mine.id })
    store.parts.put(tx, { ...second!.parts[0]!, messageID: "msg_own", sessionID: mine.id }, 0)
  })
  const report = await taken(at, folder.path)
  const told = report.sessions.flatMap(({ problems = [] }) => problems).join("\n")
  expect(told).toContain(`The message ${first!.info.id} is there in another session already`)
  expect(told).toContain(`The part ${second!.parts[0]!.id} is there in another message already`)
  expect((await messagesOf(at, mine.id)).map(({ info }) => info.id)).toEqual([first!.info.id, "msg_own"])
})

test("what is not there, and what is not OpenCode's, is said with 404", async () => {
  await using at = await served()
  using folder = tempFolder()
  for (const place of [folder.path, folder.join("absent")]) {
    const answer = await at.post("/global/import", { from: "opencode", folder: place })
    expect(answer.status).toBe(404)
    expect(JSON.stringify(await answer.json())).toContain(place)
  }
})

test("clients hear of each session that came", async () => {
  await using at = await served()
  using folder = dataFolder()
  const heard: string[] = []
  const listening = at.world.home.bus.subscribe({}, ({ type, properties }) => {
    if (type === "session.created") heard.push((properties as { info: Session }).info.id)
  })
  const { sessions } = await taken(at, folder.path)
  listening.close()
  expect(heard).toEqual(sessions.map(({ id }) => id))
})

test("a conversation with Claude Code goes on here, in a history that providers take", async () => {
  await using at = await served({ model: script(says("going on")), git: true })
  using folder = tempFolder()
  const common = { timestamp: "2026-02-01T10:00:00Z", cwd: at.world.project }
  const call = { type: "tool_use", id: "t1", name: "Bash", input: { command: "ls" } }
  const lines = [
    { uuid: "1", parentUuid: null, type: "user", message: { role: "user", content: "List the files" } },
    { uuid: "2", parentUuid: "1", type: "assistant", message: { id: "m", model: "claude-opus-4-6", content: [call] } },
  ]
  folder.write({
    "projects/-work/8a2b6a52-7c1e-4f5e-9d4b-2c7a4a1b0001.jsonl": lines
      .map((line) => JSON.stringify({ ...common, ...line }))
      .join("\n"),
  })
  const answer = await at.post("/global/import", { from: "claude-code", folder: folder.path })
  const { sessions } = (await answer.json()) as ImportReport
  expect(sessions).toEqual([expect.objectContaining({ state: "added", title: "List the files", messages: 2 })])
  const id = sessions[0]!.id
  const [listed] = (await (await at.fetch("/session")).json()) as Session[]
  expect(listed).toMatchObject({ id, directory: at.world.project, projectID: at.world.engine.project.id })
  const parts = [{ type: "text", text: "and?" }]
  expect((await at.post(`/session/${id}/message`, { parts })).status).toBe(200)
  expect(at.world.model.heard()).toContain("List the files")
  expect(at.world.model.heard()).toContain("the transcript has no result of this call")
  const again = await at.post("/global/import", { from: "claude-code", folder: folder.path })
  expect(states((await again.json()) as ImportReport)).toEqual({ unchanged: 1 })
})
