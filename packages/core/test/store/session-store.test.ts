import { expect, test } from "vitest"
import { session, temporaryFolder, textPart, userMessage } from "./world.ts"

const updated = (at: number) => ({ time: { created: 1, updated: at } })

test("a session comes back as it was stored, with members that nobody here knows", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  const stored = { ...session("a"), later: { kept: true } }
  await store.write((tx) => store.sessions.insert(tx, stored))
  await store.close()
  expect((await folder.open()).sessions.get("ses_a")).toEqual(stored)
})

test("an id is given once, and only what exists is replaced", async () => {
  await using folder = await temporaryFolder()
  const { write, sessions } = await folder.open()
  await write((tx) => sessions.insert(tx, session("a")))
  await expect(write((tx) => sessions.insert(tx, session("a")))).rejects.toMatchObject({ code: "conflict" })
  await expect(write((tx) => sessions.replace(tx, session("b")))).rejects.toMatchObject({ code: "session_not_found" })
  await expect(write((tx) => sessions.touch(tx, "ses_b", 2))).rejects.toMatchObject({ code: "session_not_found" })
  await write((tx) => sessions.replace(tx, session("a", { title: "other" })))
  await write((tx) => sessions.touch(tx, "ses_a", 7))
  expect(sessions.get("ses_a")).toMatchObject({ title: "other", time: { created: 1, updated: 7 } })
})

test("the list is newest updated first and answers each filter", async () => {
  await using folder = await temporaryFolder()
  const { write, sessions } = await folder.open()
  await write((tx) => {
    sessions.insert(tx, session("a", { ...updated(10), title: "Fix 100% of it" }))
    sessions.insert(tx, session("b", { ...updated(30), title: "ÄRGER_im Büro", directory: "/other" }))
    sessions.insert(tx, session("c", { ...updated(20), parentID: "ses_a", projectID: "second" }))
    sessions.insert(tx, session("d", { ...updated(20) }))
  })
  const ids = (filter?: Parameters<typeof sessions.list>[0]) =>
    sessions
      .list(filter)
      .map((one) => one.slug)
      .join("")
  expect(ids()).toBe("bdca")
  expect(ids({ limit: 2 })).toBe("bd")
  expect(ids({ directory: "/work" })).toBe("dca")
  expect(ids({ projectID: "second" })).toBe("c")
  expect(ids({ roots: true })).toBe("bda")
  expect(ids({ start: 20 })).toBe("bdc")
  expect(ids({ search: "0% OF" })).toBe("a")
  expect(ids({ search: "ärger_" })).toBe("b")
  expect(ids({ search: "_" })).toBe("b")
  expect(ids({ directory: "/work", roots: true, search: "session", start: 15, limit: 5 })).toBe("d")
  expect(sessions.children("ses_a").map((child) => child.id)).toEqual(["ses_c"])
})

test("removing a session removes all below it, and its turn cannot write any more", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  const { write, sessions, messages, parts, leases } = store
  const message = userMessage("one", "ses_c")
  const lease = await write((tx) => {
    sessions.insert(tx, session("a"))
    sessions.insert(tx, session("b", { parentID: "ses_a" }))
    sessions.insert(tx, session("c", { parentID: "ses_b" }))
    sessions.insert(tx, session("other"))
    messages.put(tx, message)
    parts.put(tx, textPart("one", message, "hello"))
    return leases.take(tx, { sessionID: "ses_c", owner: { pid: process.pid }, now: 1 })
  })
  if ("heldBy" in lease) throw new Error("the lease is free")

  const removed = await write((tx) => sessions.remove(tx, "ses_a"))
  expect(removed.map((one) => one.id)).toEqual(["ses_a", "ses_b", "ses_c"])
  expect(sessions.list().map((one) => one.id)).toEqual(["ses_other"])
  expect(messages.get(message.id)).toBeUndefined()
  expect(parts.get("prt_one")).toBeUndefined()
  await expect(store.turnWrite(lease, () => {})).rejects.toMatchObject({ code: "session_not_found" })
  expect(await write((tx) => sessions.remove(tx, "ses_a"))).toEqual([])
})

test("sessions that are each other's parents are removed too", async () => {
  await using folder = await temporaryFolder()
  const { write, sessions } = await folder.open()
  await write((tx) => {
    sessions.insert(tx, session("a", { parentID: "ses_b" }))
    sessions.insert(tx, session("b", { parentID: "ses_a" }))
  })
  expect(await write((tx) => sessions.remove(tx, "ses_a"))).toHaveLength(2)
})
