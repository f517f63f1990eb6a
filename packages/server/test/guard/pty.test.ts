import { once } from "node:events"
import { connect } from "node:net"
import { expect, test } from "vitest"
import { served, type Served } from "../served.ts"
import { look, openTerminal } from "../terminal.ts"

const cat = { command: "/bin/cat" }
const PASSWORD = "secret"
const basic = { authorization: `Basic ${Buffer.from(`opencode:${PASSWORD}`).toString("base64")}` }

async function ticketFor(s: Served, id: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await s.fetch(`/pty/${id}/connect-token`, {
    method: "POST",
    headers: { "x-opencode-ticket": "1", ...headers },
  })
  const { ticket, expires_in } = (await response.json()) as { ticket: string; expires_in: number }
  expect(expires_in).toBe(60)
  return ticket
}

const opens = (
  s: Served,
  pty: { id: string },
  query: string,
  headers: Record<string, string> = {},
): Promise<number> => {
  const client = look(s, pty, query, { headers })
  client.socket.on("open", () => client.socket.close(1000))
  return client.over
}

test("a page of another origin, or under another host, opens no terminal", async () => {
  await using s = await served()
  const pty = await openTerminal(s, cat)
  const ticket = await ticketFor(s, pty.id)
  expect(await opens(s, pty, `?ticket=${ticket}`, { origin: "https://evil.example" })).toBe(403)
  expect(await opens(s, pty, `?ticket=${ticket}`, { host: "evil.example" })).toBe(403)
  expect(await opens(s, pty, `?ticket=${ticket}`, { "sec-fetch-site": "cross-site" })).toBe(403)
  expect(await opens(s, pty, `?ticket=${ticket}`, { origin: s.url })).toBe(1000)
})

test("a page needs a ticket, which opens one terminal once", async () => {
  await using s = await served()
  const [pty, other] = [await openTerminal(s, cat), await openTerminal(s, cat)]
  const page = { origin: s.url }
  expect(await opens(s, pty, "", page)).toBe(403)
  expect(await opens(s, pty, "?ticket=nope", page)).toBe(403)
  expect(await opens(s, pty, `?ticket=${await ticketFor(s, other.id)}`, page)).toBe(403)
  const ticket = await ticketFor(s, pty.id)
  expect(await opens(s, pty, `?ticket=${ticket}`, page)).toBe(1000)
  expect(await opens(s, pty, `?ticket=${ticket}`, page)).toBe(403)
  expect(await opens(s, pty, "")).toBe(1000)
})

test("a ticket has to be asked for in a way that pages of others cannot", async () => {
  await using s = await served()
  const pty = await openTerminal(s, cat)
  const response = await s.fetch(`/pty/${pty.id}/connect-token`, { method: "POST" })
  expect([response.status, await response.json()]).toEqual([
    403,
    expect.objectContaining({ _tag: "PtyForbiddenError" }),
  ])
  const unknown = { method: "POST", headers: { "x-opencode-ticket": "1" } }
  expect((await s.fetch("/pty/pty_nope/connect-token", unknown)).status).toBe(404)
})

test("with a password a terminal opens with it or with a ticket, and a wrong ticket tells nothing", async () => {
  await using s = await served({ guard: { hostnames: [], cors: [], password: PASSWORD } })
  const made = await s.fetch("/pty", {
    method: "POST",
    headers: { ...basic, "content-type": "application/json" },
    body: JSON.stringify(cat),
  })
  const pty = (await made.json()) as { id: string }
  expect(await opens(s, pty, "")).toBe(401)
  expect(await opens(s, pty, "", basic)).toBe(1000)
  expect(await opens(s, pty, "?ticket=nope")).toBe(403)
  expect(await opens(s, { id: "pty_nope" }, "?ticket=nope")).toBe(403)
  expect(await opens(s, pty, `?ticket=${await ticketFor(s, pty.id, basic)}`)).toBe(1000)
  expect((await s.fetch(`/pty/${pty.id}?ticket=${await ticketFor(s, pty.id, basic)}`)).status).toBe(401)
})

test("other paths are no websockets, whoever asks", async () => {
  await using s = await served({ guard: { hostnames: [], cors: [], password: PASSWORD } })
  expect(await opens(s, { id: "../event?x=" }, "")).toBe(401)
  expect(await opens(s, { id: "../event?x=" }, "", basic)).toBe(404)
})

test("a client that offers another protocol is answered in this one, with its body read", async () => {
  await using s = await served()
  const body = JSON.stringify({ title: "by Upgrade: h2c" })
  const { hostname, port, host } = new URL(s.url)
  const socket = connect(Number(port), hostname)
  const lines = [
    "POST /session HTTP/1.1",
    `Host: ${host}`,
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ]
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body.slice(0, 5)}`)
  socket.write(body.slice(5))
  const [bytes] = (await once(socket, "data")) as [Buffer]
  expect(bytes.toString()).toMatch(/^HTTP\/1\.1 200 /)
  expect(bytes.toString()).toContain("by Upgrade: h2c")
  socket.write(`GET /global/health HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  expect(String((await once(socket, "data"))[0])).toContain("healthy")
  socket.destroy()
})

test("a terminal opens with the password in the address, which is no ticket for a page", async () => {
  await using s = await served({ guard: { hostnames: [], cors: [], password: PASSWORD } })
  const token = btoa(`opencode:${PASSWORD}`)
  const made = await s.fetch(`/pty?auth_token=${token}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(cat),
  })
  const pty = (await made.json()) as { id: string }
  expect(await opens(s, pty, `?auth_token=${token}`)).toBe(1000)
  expect(await opens(s, pty, `?auth_token=${btoa("opencode:wrong")}`)).toBe(401)
  expect(await opens(s, pty, `?auth_token=${token}`, { origin: s.url })).toBe(403)
  expect(await opens(s, pty, `?auth_token=${token}`, { origin: "https://evil.example" })).toBe(403)
})
