import { calls, says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { dataOf, served } from "./served.ts"

const echo = (n: number) => calls("bash", { command: `echo ${n}` })

/** Answers what `echo 1` asks, then says how many questions `echo 2` and `echo 3` took. */
async function asksAfter(route: "new" | "old", body: object): Promise<number> {
  await using s = await served({
    permission: { bash: "ask" },
    model: script(echo(1), echo(2), says("done")),
  })
  const turn = s.world.prompt("go")
  const { id, sessionID } = await s.world.happened("permission.asked")
  const path = route === "new" ? `/permission/${id}/reply` : `/session/${sessionID}/permissions/${id}`
  expect(await (await s.post(path, body)).json()).toBe(true)
  const second = s.world
    .happened("permission.asked", (asked) => asked.id !== id)
    .then((asked) => s.world.engine.gate.reply(asked.id, { reply: "once" }))
  await Promise.race([turn, second])
  await turn
  second.catch(() => {}) // where nothing more was asked
  return s.world.events.filter(({ type }) => type === "permission.asked").length
}

const BODIES: [body: object, asks: number][] = [
  [{ reply: "once" }, 2],
  [{ reply: "always" }, 1],
  [{ reply: "once", remember: true }, 1],
  [{ reply: "once", remember: false }, 2],
  [{ response: "once" }, 2],
  [{ response: "always" }, 1],
  [{ response: "once", remember: true }, 1],
  [{ allow: true }, 2],
  [{ allow: true, remember: true }, 1],
  [{ reply: "once", save: true }, 1],
]
test.concurrent.each(
  (["new", "old"] as const).flatMap((route) => BODIES.map(([body, asks]) => [route, body, asks] as const)),
)("on the %s route %j leaves %i questions of two", async (route, body, asks) => {
  expect(await asksAfter(route, body)).toBe(asks)
})

test.each([
  { reply: "reject" },
  { response: "reject", remember: true },
  { allow: false },
  { allow: false, save: true },
])("%j ends the turn and keeps nothing", async (body) => {
  await using s = await served({ permission: { bash: "ask" }, model: script(echo(1), says("never said")) })
  const turn = s.world.prompt("go")
  const { id } = await s.world.happened("permission.asked")
  expect(await (await s.post(`/permission/${id}/reply`, body)).json()).toBe(true)
  expect((await turn).info).toMatchObject({ endReason: "rejected" })
  expect(await (await s.fetch("/permission/saved")).json()).toEqual([])
})

test("an approval that is saved outlives the process, is listed, and is asked for again once it is removed", async () => {
  await using s = await served({
    git: true,
    permission: { bash: "ask" },
    model: script(echo(1), says("one"), echo(2), says("two"), echo(3), says("three")),
  })
  const { id: sessionID, projectID } = await dataOf(s.v2.session.create())
  const prompt = (text: string) => dataOf(s.v2.session.prompt({ sessionID, parts: [{ type: "text", text }] }))
  const first = prompt("go")
  const { id } = await s.world.happened("permission.asked")
  await s.post(`/permission/${id}/reply`, { reply: "always", save: true })
  await first
  await s.restart()
  await prompt("again")
  expect(s.world.events.filter(({ type }) => type === "permission.asked")).toHaveLength(1)

  const saved = (await (await s.fetch("/permission/saved")).json()) as { id: string }[]
  expect(saved).toEqual([
    {
      id: expect.stringMatching(/^apr_/),
      projectID,
      permission: "bash",
      pattern: "echo *",
      time: { created: expect.any(Number) },
    },
  ])
  const remove = (name: string) => s.fetch(`/permission/saved/${name}`, { method: "DELETE" })
  expect((await remove("apr_nope")).status).toBe(404)
  expect((await remove("nope")).status).toBe(400)
  expect(await (await remove(saved[0]?.id ?? "")).json()).toBe(true)
  expect(await (await s.fetch("/permission/saved")).json()).toEqual([])
  expect((await remove(saved[0]?.id ?? "")).status).toBe(404)

  const last = prompt("once more")
  const next = await s.world.happened("permission.asked", (asked) => asked.id !== id)
  expect(next.patterns).toEqual(["echo 3"])
  await s.post(`/permission/${next.id}/reply`, { reply: "once" })
  await last
})

test("an answer that lasts settles what it covers in every session of the folder", async () => {
  await using s = await served({ permission: { bash: "ask" }, model: () => echo(1) })
  const ids = await Promise.all([1, 2, 3].map(async () => (await dataOf(s.v2.session.create({}))).id))
  for (const sessionID of ids) await s.v2.session.promptAsync({ sessionID, parts: [{ type: "text", text: "go" }] })
  for (const sessionID of ids) await s.world.happened("permission.asked", (asked) => asked.sessionID === sessionID)
  const [first] = await dataOf(s.v2.permission.list())
  await s.post(`/permission/${first?.id}/reply`, { reply: "always" })
  for (const sessionID of ids) {
    const replied = await s.world.happened("permission.replied", (reply) => reply.sessionID === sessionID)
    expect(replied.reply).toBe("always")
  }
  expect(await dataOf(s.v2.permission.list())).toEqual([])
  await Promise.all(ids.map((sessionID) => s.v2.session.abort({ sessionID })))
})

test("a decision is explained without asking anybody, and bad input is told in a sentence", async () => {
  await using s = await served({ permission: { bash: { "*": "ask", "rm *": "deny" } } })
  const explain = async (body: object): Promise<[number, unknown]> => {
    const response = await s.post("/permission/explain", body)
    return [response.status, await response.json()]
  }
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const reason = { source: "config", layer: "user", member: "permission.bash.rm *" }
  expect(await explain({ tool: "bash", input: { command: "rm a" }, sessionID, extra: 1 })).toMatchObject([
    200,
    {
      tool: "bash",
      agent: "build",
      action: "deny",
      offered: true,
      asks: [{}, { patterns: [{ action: "deny", reason }] }],
    },
  ])
  expect(await dataOf(s.v2.permission.list())).toEqual([])
  expect(await explain({ tool: "bsh", input: "x" })).toMatchObject([
    400,
    { data: { message: expect.stringContaining("bash") } },
  ])
  expect(await explain({ tool: "bash", input: "x", agent: "biuld" })).toMatchObject([400, {}])
  expect(await explain({ tool: "bash", input: 7 })).toMatchObject([400, {}])
  expect(await explain({ tool: "bash", input: "x", sessionID: "ses_nope" })).toMatchObject([404, {}])
})
