import { expect, test } from "vitest"
import { versioned } from "../../src/store/row-version.ts"
import { session, temporaryFolder, userMessage, type Folder } from "./world.ts"

async function withMessages(folder: Folder) {
  const store = await folder.open()
  await store.write((tx) => {
    store.sessions.insert(tx, session("a"))
    for (const id of ["one", "two"]) store.messages.put(tx, userMessage(id, "ses_a"))
  })
  return store
}

test("an unsafe call is started once, and is unfinished until it has an outcome", async () => {
  await using folder = await temporaryFolder()
  const { write, intents } = await withMessages(folder)
  const key = { messageID: "msg_one", callID: "call" }
  const intent = {
    ...key,
    sessionID: "ses_a",
    tool: "bash",
    effect: "unsafe",
    input: { command: "make" },
    started: 1,
  } as const
  const safe = { ...intent, callID: "safe", effect: "pure" } as const
  await write((tx) => intents.open(tx, intent))
  await write((tx) => intents.open(tx, safe))
  await expect(write((tx) => intents.open(tx, intent))).rejects.toMatchObject({ code: "conflict" })
  await write((tx) => intents.open(tx, { ...safe, started: 2 }))
  expect(intents.unfinished("ses_a")).toMatchObject([intent, { ...safe, started: 2 }])
  expect(intents.unfinished("ses_b")).toEqual([])

  await write((tx) => intents.finish(tx, key, { finished: 3, outcome: { exit: 0 } }))
  expect(intents.get(key)).toEqual({ ...intent, finished: 3, outcome: { exit: 0 } })
  expect(intents.unfinished("ses_a").map((one) => one.callID)).toEqual(["safe"])
  await expect(write((tx) => intents.finish(tx, key, { finished: 4, outcome: null }))).rejects.toMatchObject({
    code: "not_found",
  })
})

test("an accepted prompt waits in order until it is answered", async () => {
  await using folder = await temporaryFolder()
  const { write, inbox } = await withMessages(folder)
  const ids = (list: { messageID: string }[]) => list.map((one) => one.messageID)
  const options = { agent: "build" }
  await write((tx) => inbox.admit(tx, { messageID: "msg_two", sessionID: "ses_a", options, admitted: 1 }))
  await write((tx) => inbox.admit(tx, { messageID: "msg_one", sessionID: "ses_a", options, admitted: 0 }))
  await expect(
    write((tx) => inbox.admit(tx, { messageID: "msg_one", sessionID: "ses_a", options, admitted: 2 })),
  ).rejects.toMatchObject({ code: "conflict" })
  expect(ids(inbox.waiting("ses_a"))).toEqual(["msg_two", "msg_one"])

  await write((tx) => inbox.mark(tx, "msg_two", "running", 3))
  expect(ids(inbox.waiting("ses_a"))).toEqual(["msg_one"])
  expect(ids(inbox.unanswered("ses_a"))).toEqual(["msg_two", "msg_one"])
  await write((tx) => inbox.mark(tx, "msg_two", "answered", 4))
  expect(ids(inbox.unanswered("ses_a"))).toEqual(["msg_one"])
  expect(inbox.get("msg_two")).toMatchObject({ state: "answered", answered: 4, options })
  await expect(write((tx) => inbox.mark(tx, "msg_three", "running", 5))).rejects.toMatchObject({ code: "not_found" })
})

test("what hangs on a message goes with it", async () => {
  await using folder = await temporaryFolder()
  const { write, inbox, messages, integrityCheck } = await withMessages(folder)
  await write((tx) => inbox.admit(tx, { messageID: "msg_one", sessionID: "ses_a", options: null, admitted: 1 }))
  expect(await write((tx) => messages.remove(tx, "msg_one"))).toBe(true)
  expect(await write((tx) => messages.remove(tx, "msg_one"))).toBe(false)
  expect(inbox.unanswered("ses_a")).toEqual([])
  expect(integrityCheck()).toEqual([])
})

test("projects and workspaces are remembered, a workspace with all its roots", async () => {
  await using folder = await temporaryFolder()
  const { write, projects, workspaces } = await folder.open()
  const project = (id: string, updated: number) => ({
    id,
    worktree: "/work",
    time: { created: 1, updated },
    sandboxes: [],
  })
  const workspace = { id: "wrk_1", projectID: "old", directory: "/home/a", roots: ["/home/a", "/elsewhere"] }
  await write((tx) => {
    projects.put(tx, project("old", 1))
    projects.put(tx, project("new", 2))
    workspaces.put(tx, { ...workspace, roots: ["/gone"] })
    workspaces.put(tx, workspace)
  })
  expect(projects.rememberedID("/work")).toBe("new")
  expect(projects.rememberedID("/none")).toBeUndefined()
  expect(projects.list().map((one) => one.id)).toEqual(["new", "old"])
  expect(workspaces.get("wrk_1")).toEqual(workspace)
  expect(workspaces.byDirectory("/home/a")).toEqual(workspace)
  expect(workspaces.list("old")).toEqual([workspace])
})

test("an old row is upgraded step by step when read, a newer one is left alone", () => {
  const shape = versioned<{ name: string; size: number }>([
    ({ title, ...rest }) => ({ ...rest, name: title }),
    (old) => ({ ...old, size: 0 }),
  ])
  expect(shape.current).toBe(3)
  expect(shape.decode('{"title":"a","other":1}', 1)).toEqual({ name: "a", size: 0, other: 1 })
  expect(shape.decode('{"name":"a"}', 2)).toEqual({ name: "a", size: 0 })
  expect(shape.decode('{"name":"a","size":3}', 3)).toEqual({ name: "a", size: 3 })
  expect(shape.decode('{"later":true}', 9)).toEqual({ later: true })
})
