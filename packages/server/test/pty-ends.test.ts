import { processesWith } from "@opencode/testing/processes.ts"
import { expect, test } from "vitest"
import { served } from "./served.ts"
import { look, openTerminal, sh } from "./terminal.ts"

/** A number of seconds that no other test waits for, to find its process by. */
const unlike = (): string => `4${String(Math.random()).slice(2, 9)}`

/** A shell that gives each job a group of its own, and jobs that each ignore one kind of end. */
const jobs = (seconds: string): string =>
  `set -m; sleep ${seconds} & nohup sleep ${seconds} >/dev/null 2>&1 & (trap '' TERM HUP; sleep ${seconds}) & echo up`

test("nothing that ran in a terminal is left when it is removed", async () => {
  await using s = await served()
  const seconds = unlike()
  const pty = await openTerminal(s, { command: "/bin/bash", args: ["-c", `${jobs(seconds)}; cat`] })
  await look(s, pty).shows(/up/)
  expect(processesWith(seconds).length).toBeGreaterThanOrEqual(3)
  await s.fetch(`/pty/${pty.id}`, { method: "DELETE" })
  expect(processesWith(seconds)).toEqual([])
})

test("nor when its program ends by itself", async () => {
  await using s = await served()
  const seconds = unlike()
  const pty = await openTerminal(s, { command: "/bin/bash", args: ["-c", `${jobs(seconds)}; read x`] })
  const client = look(s, pty)
  await client.shows(/up/)
  client.socket.send("\r")
  expect(await client.over).toBe(1000)
  await expect.poll(() => processesWith(seconds), { timeout: 5_000 }).toEqual([])
})

test("nor when the server ends, and clients are let go", async () => {
  const seconds = unlike()
  let over: Promise<number>
  {
    await using s = await served()
    const pty = await openTerminal(s, { command: "/bin/bash", args: ["-c", `${jobs(seconds)}; cat`] })
    const client = look(s, pty)
    await client.shows(/up/)
    over = client.over
  }
  expect(await over).toBe(1006)
  expect(processesWith(seconds)).toEqual([])
})

test("a program killed by a signal is told as shells tell it", async () => {
  await using s = await served()
  const pty = await openTerminal(s, sh("kill -9 $$"))
  expect(await s.world.happened("pty.exited")).toEqual({ id: pty.id, exitCode: 137 })
})

test("a program waits for a reader that does not read, so that the memory stays, and goes on when it is gone", async () => {
  await using s = await served()
  const pty = await openTerminal(s, { command: "/usr/bin/yes", args: ["x".repeat(1_000)] })
  const reader = look(s, pty)
  await reader.shows(/x/)
  reader.socket.pause()
  const { ptys } = await s.world.engines.at(s.world.project)
  const cursor = (): number => {
    let now = 0
    ptys.attach(pty.id, { text() {}, cursor: (at) => (now = at), end() {} }, -1).leave()
    return now
  }
  /** Where it stands when it has stood there for ten looks. */
  let last = -1
  let still = 0
  await expect
    .poll(
      () => {
        const now = cursor()
        still = now === last ? still + 1 : 0
        last = now
        return still
      },
      { timeout: 20_000, interval: 20 },
    )
    .toBeGreaterThan(10)
  const before = process.memoryUsage().arrayBuffers
  reader.socket.terminate()
  await expect.poll(() => cursor() > last, { timeout: 5_000 }).toBe(true)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024)
}, 40_000)

test("who types into a program that does not read is cut off before the memory is full", async () => {
  await using s = await served()
  const pty = await openTerminal(s, sh("stty raw -echo; echo up; exec sleep 1000"))
  const client = look(s, pty)
  await client.shows(/up/)
  for (let n = 0; n < 40; n++) client.socket.send("x".repeat(100_000))
  expect(await client.over).toBe(1008)
  expect((await s.fetch(`/pty/${pty.id}`)).status).toBe(200)
})

test("there are at most twenty terminals in a folder, and as many clients look into one", async () => {
  await using s = await served()
  const { ptys } = await s.world.engines.at(s.world.project)
  const opened = await Promise.all(Array.from({ length: 20 }, () => ptys.create({ command: "/bin/cat" })))
  const refused = await s.post("/pty", { command: "/bin/cat" })
  expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining("20 terminals")])
  const reader = { text() {}, cursor() {}, end() {} }
  const { id } = opened[0]!
  expect(ptys.list()).toHaveLength(20)
  for (let n = 0; n < 20; n++) ptys.attach(id, { ...reader })
  expect(await look(s, { id }).over).toBe(1013)
})
