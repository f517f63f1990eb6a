import { deferred } from "@opencode/core/lib/deadline.ts"
import type { SessionStatus } from "@opencode/protocol/session.ts"
import { says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

/** A world in which prompts wait, before they are on record, for what looks into them. */
async function slow(): Promise<{ w: World; reached: Promise<void>; let: () => void }> {
  const reached = deferred<void>()
  const gate = deferred<void>()
  const chatMessage = async (): Promise<void> => {
    reached.resolve()
    await gate.promise
  }
  const w = await world({ model: () => says("done"), hooks: { chatMessage } })
  return { w, reached: reached.promise, let: () => gate.resolve() }
}

const ENDED = "ended before its prompt was sent"

test("an abort ends a prompt that is still prepared, and it never runs", async () => {
  const { w: world, reached, let: go } = await slow()
  await using w = world
  const { id } = await w.session()
  const refused = expect(w.prompt("go")).rejects.toThrow(ENDED)
  await reached
  expect(await w.engine.sessions.abort(id)).toBe(true)
  await refused
  go()
  expect(await w.transcript()).toEqual([])
  expect(w.model.requests).toEqual([])
  expect((await w.prompt("again")).info).toMatchObject({ finish: "stop" })
  expect(await w.transcript()).toHaveLength(2)
})

test("who deletes a session, or its parent, ends the prompts that are prepared for it", async () => {
  const { w: world, reached } = await slow()
  await using w = world
  const { id } = await w.session()
  const child = await w.engine.sessions.create({ parentID: id })
  const refused = expect(w.engine.sessions.prompt(child.id, { parts: [{ type: "text", text: "go" }] })).rejects.toThrow(
    ENDED,
  )
  await reached
  await w.engine.sessions.remove(id)
  await refused
})

test("a program that ends does not wait for a prompt that is prepared", async () => {
  const { w: world, reached } = await slow()
  await using w = world
  const refused = expect(w.prompt("go")).rejects.toThrow(ENDED)
  await reached
  await w.restart()
  await refused
})

test("a session is busy for clients while a command runs what its text needs, and idle when that was ended", async () => {
  await using w = await world({ model: () => says("done") })
  w.folder.write({ "config/opencode/command/wait.md": "!`touch begun; sleep 60` go" })
  await w.restart()
  const { id } = await w.session()
  const refused = expect(w.engine.commands.run(id, { command: "wait", arguments: "" })).rejects.toThrow(ENDED)
  while (!w.files().includes("begun")) await new Promise(setImmediate)
  expect(w.engine.sessions.status()).toEqual({ [id]: { type: "busy" } })
  await w.engine.sessions.abort(id)
  await refused
  expect(w.engine.sessions.status()).toEqual({})
  expect(told(w)).toEqual(["busy", "idle", "session.idle"])
})

test("a command is busy from its first moment to the end of its turn, without a pause", async () => {
  await using w = await world({ model: () => says("done") })
  w.folder.write({ "config/opencode/command/look.md": "!`echo here` go" })
  await w.restart()
  await w.engine.commands.run((await w.session()).id, { command: "look", arguments: "" })
  expect([...new Set(told(w))]).toEqual(["busy", "idle", "session.idle"])
  expect(told(w).filter((one) => one === "idle")).toHaveLength(1)
})

test("a turn that ends beside a command that is prepared leaves the session busy", async () => {
  await using w = await world({ model: () => says("done") })
  w.folder.write({ "config/opencode/command/wait.md": "!`touch begun; sleep 60` go" })
  await w.restart()
  const { id } = await w.session()
  const refused = expect(w.engine.commands.run(id, { command: "wait", arguments: "" })).rejects.toThrow(ENDED)
  while (!w.files().includes("begun")) await new Promise(setImmediate)
  await w.prompt("go")
  expect(w.engine.sessions.status()).toEqual({ [id]: { type: "busy" } })
  expect(told(w).at(-1)).toBe("busy")
  await w.engine.sessions.abort(id)
  await refused
  expect(told(w).at(-1)).toBe("session.idle")
})

const told = (w: World): string[] =>
  w.events.flatMap(({ type, properties }) => {
    if (type === "session.idle") return [type]
    return type === "session.status" && "status" in properties ? [(properties.status as SessionStatus).type] : []
  })
