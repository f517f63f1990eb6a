import { spawn } from "node:child_process"
import { once } from "node:events"
import { expect, test } from "vitest"
import type { Owner, Take } from "../../src/store/lease-store.ts"
import { isAlive, parseStat, processStarted } from "../../src/store/process-identity.ts"
import { session, temporaryFolder, userMessage, type Folder } from "./world.ts"

const ours: Owner = { pid: process.pid, processStarted: processStarted(process.pid), address: "/run/ours" }
const theirs: Owner = { pid: 999_999_999, processStarted: "boot/1", address: "/run/theirs" }

async function leases(folder: Folder) {
  const store = await folder.open()
  const take = async (owner: Owner, more: Partial<Take> = {}) => {
    const taken = await store.write((tx) => store.leases.take(tx, { sessionID: "ses_a", owner, now: 5, ...more }))
    return "heldBy" in taken ? taken.heldBy.address : taken.epoch
  }
  return { store, take }
}

test("a lease passes only from the dead, and each owner has a greater epoch", async () => {
  await using folder = await temporaryFolder()
  const { store, take } = await leases(folder)
  expect(await take(theirs)).toBe(1)
  expect(await take(ours, { isDead: () => false })).toBe("/run/theirs")
  expect(await take(ours)).toBe(2)
  expect(await take(theirs)).toBe("/run/ours")
  expect(await take(ours)).toBe(3)
  expect(store.leases.get("ses_a")).toEqual({ sessionID: "ses_a", epoch: 3, taken: 5, ...ours })
})

test("who writes for a session that was deleted hears that there is none, and not of another process", async () => {
  await using folder = await temporaryFolder()
  const { store, take } = await leases(folder)
  await take(ours)
  const lease = { sessionID: "ses_a", epoch: 1 }
  await store.turnWrite(lease, (tx) => store.sessions.insert(tx, session("a")))
  await store.write((tx) => store.sessions.remove(tx, "ses_a"))
  await expect(store.turnWrite(lease, () => {})).rejects.toMatchObject({ code: "session_not_found" })
})

test("an owner that lost its lease cannot write, release, or come back to its old epoch", async () => {
  await using folder = await temporaryFolder()
  const { store, take } = await leases(folder)
  await take(theirs)
  const old = { sessionID: "ses_a", epoch: 1 }
  await store.turnWrite(old, (tx) => store.sessions.insert(tx, session("a")))
  await take(ours)

  await expect(
    store.turnWrite(old, (tx) => store.messages.put(tx, userMessage("late", "ses_a"))),
  ).rejects.toMatchObject({
    code: "conflict",
  })
  await store.write((tx) => store.leases.release(tx, old))
  expect(store.messages.list("ses_a")).toEqual([])
  expect(store.leases.list().map((lease) => lease.epoch)).toEqual([2])

  const held = { sessionID: "ses_a", epoch: 2 }
  await store.write((tx) => store.leases.release(tx, held))
  expect(store.leases.list()).toEqual([])
  await expect(store.turnWrite(held, () => {})).rejects.toMatchObject({ code: "conflict" })
  expect(await take(theirs)).toBe(3)
})

test("a process is told from a dead one, a zombie and a later one with its number", async () => {
  const child = spawn("sleep", ["60"])
  await once(child, "spawn")
  const owner = { pid: child.pid ?? 0, processStarted: processStarted(child.pid ?? 0) }
  expect(owner.processStarted).toMatch(/^[0-9a-f-]{36}\/\d+$/)
  expect(isAlive(owner)).toBe(true)
  expect(isAlive({ pid: owner.pid })).toBe(true)
  expect(isAlive({ ...owner, processStarted: `${owner.processStarted}1` })).toBe(false)
  child.kill("SIGKILL")
  await once(child, "close")
  expect(isAlive(owner)).toBe(false)
  expect(isAlive({ pid: owner.pid })).toBe(false)
})

test.each([
  ["1 (node) S 0 1 1 0 -1 4 1 0 0 0 1 1 0 0 20 0 11 0 4242 1 1", { started: "4242", isDead: false }],
  ["1 (a) b) (c) R 0 1 1 0 -1 4 1 0 0 0 1 1 0 0 20 0 11 0 77 1 1", { started: "77", isDead: false }],
  ["1 (sh) Z 0 1 1 0 -1 4 1 0 0 0 1 1 0 0 20 0 11 0 4242 1 1", { started: "4242", isDead: true }],
  ["nonsense", undefined],
  [undefined, undefined],
])("the line %j of the process table is understood", (stat, expected) => {
  expect(parseStat(stat)).toEqual(expected)
})
