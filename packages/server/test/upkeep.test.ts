import { says } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { served, type Served } from "./served.ts"

const usage = { input: 100, output: 10 }

async function spoken(): Promise<{ s: Served; id: string }> {
  const s = await served({ model: [says("The answer is a giraffe.", { usage })] })
  const { id } = (await (await s.post("/session", {})).json()) as { id: string }
  await s.post(`/session/${id}/message`, { parts: [{ type: "text", text: "which animal?" }] })
  return { s, id }
}

const json = async (answer: Promise<Response>) => (await answer).json() as Promise<Record<string, unknown>>

test("statistics, search and examination are there for every client", async () => {
  const { s, id } = await spoken()
  await using _ = s
  expect(await json(s.fetch("/stats"))).toMatchObject({ sessions: 1, messages: 2, tokens: { input: 100, output: 10 } })
  expect(await json(s.fetch("/stats?project=none"))).toMatchObject({ sessions: 0 })
  expect(await json(s.fetch("/find/session?query=Giraffe"))).toMatchObject([
    { session: { id }, messages: [{ role: "assistant", excerpt: "The answer is a giraffe." }], more: 0 },
  ])
  expect(await json(s.fetch("/find/session?query=zebra&everywhere=true"))).toEqual([])
  expect(await json(s.fetch(`/session/${id}/doctor`))).toEqual({
    sessionID: id,
    busy: false,
    messages: 2,
    findings: [],
    more: 0,
  })
})

test.each([
  ["/stats?days=-1", 400],
  ["/stats?days=many", 400],
  ["/find/session", 400],
  ["/find/session?query=%20", 400],
  ["/find/session?query=a&limit=0", 400],
  ["/session/ses_none/doctor", 404],
  ["/session/none/doctor", 400],
])("GET %s answers %d", async (path, status) => {
  await using s = await served()
  expect((await s.fetch(path)).status).toBe(status)
})

test("the disk is told and cleaned; what is no name of a place is refused", async () => {
  const { s } = await spoken()
  await using _ = s
  const { entries } = (await json(s.fetch("/storage"))) as { entries: { name: string; bytes: number }[] }
  expect(entries.find(({ name }) => name === "database")?.bytes).toBeGreaterThan(0)
  expect(await json(s.post("/storage/clean", { dryRun: true }))).toMatchObject({ dryRun: true, problems: [] })
  expect((await s.fetch("/storage/clean", { method: "POST" })).status).toBe(200)
  expect((await s.post("/storage/clean", { names: ["everything"] })).status).toBe(400)
})
