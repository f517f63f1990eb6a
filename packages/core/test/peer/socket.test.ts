import { says } from "@opencode/testing/script.ts"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { world } from "@opencode/testing/world.ts"
import { mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs"
import { once } from "node:events"
import { connect } from "node:net"
import { expect, test } from "vitest"
import { deferred } from "../../src/lib/deadline.ts"
import { fault } from "../../src/lib/fault.ts"
import { silentLog } from "../../src/lib/log.ts"
import { ask, PeerGone } from "../../src/peer/ask.ts"
import { listenForPeers, type PeerService } from "../../src/peer/listen.ts"
import { peerAddress, peerFolder } from "../../src/peer/place.ts"

test.each([
  ["/home/anna/.local/share/opencode/store.db", "/home/anna/.local/share/opencode/peers"],
  ["/elsewhere/mine.db", "/elsewhere/mine.db.peers"],
  [`/${"long/".repeat(30)}store.db`, expect.stringMatching(/^\/tmp\/opencode-peers-1000-[0-9a-f]{16}$/)],
])("processes on %s meet in a folder of that database and that user", (database, folder) => {
  expect(peerFolder(database, 1000)).toEqual(folder)
  // What is longer is cut by the system without a word, and lies somewhere else.
  expect(Buffer.byteLength(`${peerAddress(peerFolder(database, 1000), 4_194_304)}.new`)).toBeLessThanOrEqual(103)
})

const service: PeerService = {
  async answer(name, args, note) {
    if (name === "echo") {
      note("heard")
      return args
    }
    if (name === "bug") throw new Error("a secret of this process")
    throw fault("bad_request", "no such thing", { name })
  },
  follow: async () => ({ close() {} }),
}

async function listening(serves = service) {
  const folder = tempFolder()
  const address = folder.join("1-a.sock")
  const { close } = await listenForPeers(address, serves, silentLog)
  return {
    address,
    close,
    async [Symbol.asyncDispose]() {
      await close()
      folder[Symbol.dispose]()
    },
  }
}

test("a question gets its notes, then its result or the other's fault; a bug stays where it is", async () => {
  await using at = await listening()
  const notes: unknown[] = []
  const args = { text: "\u2028 line\nbreaks", big: "x".repeat(3_000_000) }
  expect(await ask(at.address, { ask: "echo", args }, { onNote: (note) => notes.push(note) }).result).toEqual(args)
  expect(notes).toEqual(["heard"])
  await expect(ask(at.address, { ask: "what", args }).result).rejects.toMatchObject({
    code: "bad_request",
    message: "no such thing",
    data: { name: "what" },
  })
  const bug = await ask(at.address, { ask: "bug", args }).result.catch((error: Error) => error)
  expect(bug).toMatchObject({ code: "unavailable" })
  expect(JSON.stringify([bug, (bug as Error).message])).not.toContain("secret")
})

test.each([
  ["what is not JSON", "hello\n"],
  ["a second question", '{"ask":"wait"}\n{"ask":"wait"}\n'],
])("%s ends the connection, and the next one is served", async (_, bytes) => {
  await using at = await listening({
    ...service,
    answer: (name) => (name === "wait" ? new Promise(() => {}) : service.answer(name, "on", () => {})),
  })
  const socket = connect(at.address)
  socket.resume()
  socket.write(bytes)
  await once(socket, "close")
  expect(await ask(at.address, { ask: "echo", args: "on" }).result).toBe("on")
})

test("who waits for an answer hears that the other is gone, and whether it will come back", async () => {
  const never = deferred<unknown>()
  await using at = await listening({ ...service, answer: (_, __, note) => (note("begun"), never.promise) })
  const begun = deferred<unknown>()
  const { result } = ask(at.address, { ask: "wait", args: null }, { onNote: begun.resolve })
  const gone = result.catch((error: unknown) => error)
  await begun.promise
  await at.close()
  expect(await gone).toMatchObject({ name: "PeerGone", isRefused: false })
  const refused = await ask(at.address, { ask: "echo", args: 1 }).result.catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(PeerGone)
  expect(refused).toMatchObject({ isRefused: true })
})

test("one that does not read holds up nobody's end", async () => {
  await using at = await listening()
  const socket = connect(at.address)
  socket.write(JSON.stringify({ ask: "echo", args: "x".repeat(5_000_000) }) + "\n")
  await once(socket, "readable")
  await at.close()
  socket.destroy()
})

test("a folder of sockets that others may enter is closed to them, and one that is a link is not used", async () => {
  await using w = await world({ model: () => says("ok") })
  const peers = w.folder.join("data/opencode/peers")
  mkdirSync(peers, { mode: 0o777 })
  await w.prompt("go")
  expect(statSync(peers).mode & 0o077).toBe(0)
  expect(readdirSync(peers)).toHaveLength(1)

  await using other = await world({ model: () => says("ok") })
  const planted = other.folder.join("planted")
  mkdirSync(planted)
  symlinkSync(planted, other.folder.join("data/opencode/peers"))
  expect((await other.prompt("go")).info).toMatchObject({ finish: "stop" })
  expect(readdirSync(planted)).toEqual([])
})
