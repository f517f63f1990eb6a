import { isGroupAlive } from "@opencode/core/process/kill-tree.ts"
import { expect, test } from "vitest"
import { dataOf, served } from "./served.ts"
import { look, openTerminal, sh } from "./terminal.ts"

test("the published SDK opens a terminal, changes it and ends it, and clients hear of it", async () => {
  await using s = await served()
  const pty = await dataOf(s.v2.pty.create({ command: "/bin/cat", args: ["-u"], title: "T" }))
  expect(pty).toEqual({
    id: expect.stringMatching(/^pty_/),
    title: "T",
    command: "/bin/cat",
    args: ["-u"],
    cwd: s.world.project,
    status: "running",
    pid: expect.any(Number),
  })
  expect(await dataOf(s.v2.pty.list())).toEqual([pty])
  const renamed = { ...pty, title: "new" }
  const changes = { title: "new", size: { rows: 10, cols: 40 } }
  expect(await dataOf(s.v2.pty.update({ ptyID: pty.id, ...changes }))).toEqual(renamed)
  expect(await dataOf(s.v2.pty.get({ ptyID: pty.id }))).toEqual(renamed)
  expect(await dataOf(s.v2.pty.remove({ ptyID: pty.id }))).toBe(true)
  expect(isGroupAlive(pty.pid)).toBe(false)
  expect(await dataOf(s.v2.pty.list())).toEqual([])
  const events = s.world.events.filter(({ type }) => type.startsWith("pty."))
  expect(events.map(({ type, properties }) => [type, properties])).toEqual([
    ["pty.created", { info: pty }],
    ["pty.updated", { info: renamed }],
    ["pty.deleted", { id: pty.id }],
  ])
})

test("a client sees what is shown, types, and hears of the end", async () => {
  await using s = await served()
  const pty = await openTerminal(s, sh("echo hello; read x; stty size; echo got $x; read y; exit 3"))
  const client = look(s, pty)
  await client.shows(/hello\r\n/)
  await s.v2.pty.update({ ptyID: pty.id, size: { rows: 11, cols: 33 } })
  client.socket.send("typed\r")
  await client.shows(/11 33\r\ngot typed\r\n/)
  client.socket.send(Buffer.from("as bytes\r"))
  expect(await client.over).toBe(1000)
  expect(await s.world.happened("pty.exited")).toEqual({ id: pty.id, exitCode: 3 })
  expect((await s.fetch(`/pty/${pty.id}`)).status).toBe(404)
})

test("who comes later sees what was shown before, from a cursor on", async () => {
  await using s = await served()
  const pty = await openTerminal(s, sh("printf 'one two'; read x"))
  await look(s, pty).shows(/one two/)
  const all = look(s, pty)
  await all.shows(/one two/)
  const part = look(s, pty, "?cursor=4")
  const none = look(s, pty, "?cursor=-1")
  const odd = look(s, pty, "?cursor=abc")
  await odd.shows(/one two/)
  expect(await part.shows(/two/)).toBe("two")
  await expect.poll(() => [all.cursors, part.cursors, none.cursors, odd.cursors]).toEqual([[7], [7], [7], [7]])
  expect(none.text()).toBe("")
})

test("of much output the last is kept, and a cursor before it gets what there is", async () => {
  await using s = await served()
  const pty = await openTerminal(s, sh("stty -opost; yes 0123456789abcde | head -c 2000000; echo end; read x"))
  await look(s, pty, "?cursor=-1").shows(/end/)
  const late = look(s, pty, "?cursor=5")
  const text = await late.shows(/end\n$/)
  await expect.poll(() => late.cursors).toEqual([2_000_004])
  expect(text.length).toBeGreaterThan(500_000)
  expect(text.length).toBeLessThan(600_000)
})

test("the person's shell is the default, in the folder, without our secrets", async () => {
  await using s = await served({ env: { OPENCODE_SERVER_PASSWORD: "secret", TMUX: "x", SHELL: "/bin/bash" } })
  const pty = await openTerminal(s, { env: { ADDED: "yes" } })
  expect(pty).toMatchObject({ command: "/bin/bash", args: ["-l"], title: `Terminal ${pty.id.slice(-4)}` })
  const client = look(s, pty)
  client.socket.on("open", () => client.socket.send('echo "<$PWD|$ADDED|$TERM|$OPENCODE_SERVER_PASSWORD$TMUX>"\r'))
  expect(await client.shows(/\|yes\|.*\|.*>/)).toContain(`<${s.world.project}|yes|xterm-256color|>`)
})

test("the shells of the system are listed, and which of them agents can use", async () => {
  await using s = await served()
  const shells = await dataOf(s.v2.pty.shells())
  expect(shells).toContainEqual({ path: "/bin/sh", name: "sh", acceptable: true })
})

test("what cannot be is refused with a sentence", async () => {
  await using s = await served()
  s.world.folder.write({ "elsewhere/.keep": "", "project/file": "" })
  const refusals: [method: string, path: string, body: unknown, status: number, words: string][] = [
    ["POST", "", { command: "/nope" }, 400, "not found"],
    ["POST", "", { command: "./run" }, 400, "whole path"],
    ["POST", "", { cwd: s.world.folder.join("elsewhere") }, 400, "outside"],
    ["POST", "", { cwd: "gone" }, 400, "does not exist"],
    ["POST", "", { cwd: "file" }, 400, "does not exist"],
    ["POST", "", { cwd: "a\0b" }, 400, "NUL"],
    ["POST", "", { args: ["a\0b"] }, 400, "NUL"],
    ["POST", "", { env: { "A=B": "c" } }, 400, "env"],
    ["POST", "", { args: "x" }, 400, "args"],
    ["GET", "/pty_nope", undefined, 404, "PTY session not found: pty_nope"],
    ["GET", "/nope", undefined, 400, "pty"],
    ["PUT", "/pty_nope", { title: "t" }, 404, "PtyNotFoundError"],
    ["DELETE", "/pty_nope", undefined, 404, "PtyNotFoundError"],
    ["GET", "/pty_nope/connect", undefined, 404, "PtyNotFoundError"],
    ["PUT", "/pty_nope", { size: { rows: 0, cols: 1 } }, 400, "rows"],
    ["PUT", "/pty_nope", { size: { rows: 1, cols: 1e9 } }, 400, "cols"],
  ]
  for (const [method, path, body, status, words] of refusals) {
    const json =
      body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
    const response = await s.fetch(`/pty${path}`, { method, ...json })
    expect([method, path, body, response.status, await response.text()]).toEqual([
      method,
      path,
      body,
      status,
      expect.stringContaining(words),
    ])
  }
  const pty = await openTerminal(s, { command: "/bin/cat" })
  expect((await s.fetch(`/pty/${pty.id}/connect`)).status).toBe(400)
})

test("terminals stay in their folder", async () => {
  await using s = await served()
  s.world.folder.write({ "other/.keep": "" })
  const pty = await openTerminal(s, { command: "/bin/cat" })
  const other = `?directory=${encodeURIComponent(s.world.folder.join("other"))}`
  expect((await s.fetch(`/pty/${pty.id}${other}`)).status).toBe(404)
  expect(await look(s, pty, other).over).toBe(404)
})
