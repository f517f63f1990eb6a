import { once } from "node:events"
import { connect } from "node:net"
import { expect, test } from "vitest"
import { dataOf, readEvents, served, type Served, type Sse } from "./served.ts"

/** The events that a call makes, as a stream that was open before has them. */
async function eventsOf(s: Served, call: () => Promise<unknown>): Promise<Pick<Sse["data"], "type" | "properties">[]> {
  const stream = await s.fetch("/event")
  const read = readEvents(stream, ({ data }) => data.properties["command"] === "the.end")
  await call()
  await s.post("/tui/execute-command", { command: "the.end" })
  return (await read)
    .map(({ data: { type, properties } }) => ({ type, properties }))
    .filter(({ type, properties }) => type.startsWith("tui.") && properties["command"] !== "the.end")
}

const command = (name: string) => ({ type: "tui.command.execute", properties: { command: name } })

test("the published SDK asks screens for everything they can do, and each call is its event", async () => {
  await using s = await served()
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const { tui } = s.v2
  const heard = await eventsOf(s, async () => {
    const answers = [
      await tui.appendPrompt({ text: "hi" }),
      await tui.openHelp(),
      await tui.openSessions(),
      await tui.openThemes(),
      await tui.openModels(),
      await tui.submitPrompt(),
      await tui.clearPrompt(),
      await tui.executeCommand({ command: "agent_cycle" }),
      await tui.executeCommand({ command: "of.a.plugin" }),
      await tui.showToast({ message: "m", variant: "info" }),
      await tui.showToast({ title: "t", message: "m", variant: "error", duration: 7 }),
      await tui.publish({ body: { type: "tui.prompt.append", properties: { text: "yo" } } as never }),
      await tui.selectSession({ sessionID }),
    ]
    expect(answers.map(({ data }) => data)).toEqual(answers.map(() => true))
  })
  expect(heard).toEqual([
    { type: "tui.prompt.append", properties: { text: "hi" } },
    ...["help.show", "session.list", "theme.list", "model.list", "prompt.submit", "prompt.clear"].map(command),
    ...["agent.cycle", "of.a.plugin"].map(command),
    { type: "tui.toast.show", properties: { message: "m", variant: "info", duration: 5000 } },
    { type: "tui.toast.show", properties: { title: "t", message: "m", variant: "error", duration: 7 } },
    { type: "tui.prompt.append", properties: { text: "yo" } },
    { type: "tui.session.select", properties: { sessionID } },
  ])
})

test("each call is given to one client that takes calls, the oldest first, and ended by a response", async () => {
  await using s = await served()
  await s.v2.tui.appendPrompt({ text: "early" })
  await s.v2.tui.openHelp()
  expect(await dataOf(s.v2.tui.control.next())).toEqual({ path: "/tui/append-prompt", body: { text: "early" } })
  expect(await dataOf(s.v2.tui.control.response({ body: { ok: true } }))).toBe(true)
  expect(await dataOf(s.v2.tui.control.next())).toEqual({ path: "/tui/open-help", body: {} })
  const waiting = [s.v2.tui.control.next(), s.v2.tui.control.next()].map((one) => dataOf(one))
  await s.v2.tui.appendPrompt({ text: "1" })
  await s.v2.tui.appendPrompt({ text: "2" })
  const taken = (await Promise.all(waiting)).map(({ body }) => (body as { text: string }).text)
  expect(taken.toSorted()).toEqual(["1", "2"])
})

test("a client that gives up waiting takes nothing with it", async () => {
  await using s = await served()
  const engine = await s.world.engines.at(s.world.project)
  const given = new AbortController()
  const waiting = engine.screen.next(given.signal)
  given.abort()
  expect(await waiting).toBeUndefined()
  const overHttp = new AbortController()
  const request = s.fetch("/tui/control/next", { signal: overHttp.signal }).catch((error: Error) => error.name)
  overHttp.abort()
  expect(await request).toBe("AbortError")
  await s.v2.tui.appendPrompt({ text: "kept" })
  expect(await dataOf(s.v2.tui.control.next())).toMatchObject({ body: { text: "kept" } })
})

test("a client that is gone before its folder is open takes nothing with it either", async () => {
  await using s = await served()
  const { hostname, host, port } = new URL(s.url)
  for (const name of ["one", "two", "three"]) {
    s.world.folder.write({ [`${name}/a.txt`]: "" })
    const path = `?directory=${encodeURIComponent(s.world.folder.join(name))}`
    const client = connect(Number(port), hostname)
    await once(client, "connect")
    client.end(`GET /tui/control/next${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
    await once(client.resume(), "close")
    // Opens the folder itself, behind the one that is gone.
    await s.post(`/tui/append-prompt${path}`, { text: name })
    const taken = await s.fetch(`/tui/control/next${path}`, { signal: AbortSignal.timeout(5_000) })
    expect(await taken.json()).toEqual({ path: "/tui/append-prompt", body: { text: name } })
  }
})

test("of calls that nobody takes the newest hundred are kept, and of large ones fewer", async () => {
  await using s = await served()
  const { screen } = await s.world.engines.at(s.world.project)
  const ask = (text: string) =>
    screen.ask({ path: "/p", body: { text } }, { type: "tui.prompt.append", properties: { text } })
  for (let n = 0; n < 103; n++) ask(String(n))
  expect(await dataOf(s.v2.tui.control.next())).toMatchObject({ body: { text: "3" } })
  for (let n = 0; n < 5; n++) ask(`${n}${"x".repeat(900_000)}`)
  const { body } = (await dataOf(s.v2.tui.control.next())) as { body: { text: string } }
  expect(body.text.slice(0, 2)).toBe("3x")
})

test("more than sixteen clients that wait are refused, and all hear of the end of the folder", async () => {
  await using s = await served()
  const { screen } = await s.world.engines.at(s.world.project)
  const waiting = Array.from({ length: 16 }, () => screen.next(new AbortController().signal))
  expect((await s.fetch("/tui/control/next")).status).toBe(503)
  const ends = Promise.allSettled(waiting)
  screen.close()
  expect((await ends).every(({ status }) => status === "rejected")).toBe(true)
})

test("calls stay in their folder", async () => {
  await using s = await served()
  s.world.folder.write({ "other/.keep": "" })
  const other = s.world.folder.join("other")
  await s.v2.tui.appendPrompt({ text: "other", directory: other })
  await s.v2.tui.appendPrompt({ text: "own" })
  expect(await dataOf(s.v2.tui.control.next())).toMatchObject({ body: { text: "own" } })
  expect(await dataOf(s.v2.tui.control.next({ directory: other }))).toMatchObject({ body: { text: "other" } })
})

test("what cannot be is refused with a sentence, and no screen hears of it", async () => {
  await using s = await served()
  const refusals: [path: string, body: unknown, status: number, words: string][] = [
    ["append-prompt", {}, 400, "text"],
    ["append-prompt", { text: "x".repeat(2_000_000) }, 413, "larger"],
    ["execute-command", { command: 1 }, 400, "command"],
    ["show-toast", { message: "m", variant: "loud" }, 400, "variant"],
    ["show-toast", { message: "m", variant: "info", duration: 0 }, 400, "duration"],
    ["select-session", { sessionID: "ses_nope" }, 404, "Session not found: ses_nope"],
    ["select-session", { sessionID: "nope" }, 400, "ses"],
    ["publish", { type: "session.deleted", properties: {} }, 400, "type"],
    ["publish", { type: "tui.prompt.append", properties: {} }, 400, "text"],
  ]
  const heard = await eventsOf(s, async () => {
    for (const [path, body, status, words] of refusals) {
      const response = await s.post(`/tui/${path}`, body)
      expect([path, response.status, await response.text()]).toEqual([path, status, expect.stringContaining(words)])
    }
    expect((await s.fetch("/tui/control/response", { method: "POST" })).status).toBe(400)
    expect((await s.post("/tui/control/response", null)).status).toBe(200) // says nothing, which is JSON too
  })
  expect(heard).toEqual([])
})
