import { says } from "@opencode/testing/script.ts"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { dataOf, served } from "./served.ts"

const MCP = { notes: { type: "local", command: ["node", "./server.js"] } }
const settings = (more: object) => JSON.stringify({ mcp: MCP, ...more }, null, 2)
const files = { "opencode.json": JSON.stringify({ mcp: MCP }), "server.js": "" }

interface Listed {
  all: boolean
  items: { id: string; kind: string; state: string; summary: string; line: number }[]
}

test("a client of OpenCode is asked as for any permission, and its answer lets the settings in", async () => {
  await using s = await served({ files, model: [says("done")] })
  const stop = new AbortController()
  const { stream } = await s.v2.event.subscribe({}, { signal: stop.signal })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const heard: string[] = []
  // As clients do it: hear the question, show its patterns, answer it by its id.
  const client = (async () => {
    for await (const event of stream) {
      heard.push(event.type)
      if (event.type === "permission.asked") {
        expect(event.properties).toMatchObject({
          sessionID,
          permission: "trust",
          patterns: ["mcp.notes: runs node ./server.js"],
        })
        expect(await dataOf(s.v2.permission.list())).toHaveLength(1)
        await s.v2.permission.reply({ requestID: event.properties.id, reply: "always" })
      }
      if (event.type === "session.idle") return
    }
  })()
  const answer = await dataOf(s.v2.session.prompt({ sessionID, parts: [{ type: "text", text: "go" }] }))
  await client
  stop.abort()
  expect(answer.parts.some((part) => part.type === "text" && part.text === "done")).toBe(true)
  expect(heard.indexOf("permission.replied")).toBeLessThan(heard.indexOf("server.instance.disposed"))
  expect((await dataOf(s.v2.config.get())).mcp).toEqual(MCP)
  expect((await dataOf(s.v1.config.get())).mcp).toEqual(MCP)
})

test("what waits is listed, approved by what was shown, and taken back", async () => {
  await using s = await served({ files })
  const list = async (): Promise<Listed> => (await s.fetch("/trust")).json() as Promise<Listed>
  const [item] = (await list()).items
  expect(item).toMatchObject({ kind: "mcp", state: "pending", line: 1, summary: "mcp.notes: runs node ./server.js" })

  writeFileSync(join(s.world.project, "server.js"), "changed since it was shown")
  expect((await s.post("/trust", { ids: [item?.id] })).status).toBe(404)
  const [changed] = (await list()).items
  expect(changed?.id).not.toBe(item?.id)
  expect((await s.post("/trust", { ids: [changed?.id] })).status).toBe(200)
  expect((await dataOf(s.v2.config.get())).mcp).toEqual(MCP)

  const removed = (await (await s.fetch("/trust", { method: "DELETE" })).json()) as Listed
  expect(removed.items).toMatchObject([{ state: "pending" }])
  expect((await dataOf(s.v2.config.get())).mcp).toBeUndefined()
})

test("each item is listed with the line that it stands in", async () => {
  const instructions = ["a.md", "https://one.example", "https://two.example"]
  await using s = await served({ files: { "opencode.json": settings({ instructions, shell: "./sh" }) } })
  const { items } = (await (await s.fetch("/trust")).json()) as Listed
  expect(items.map(({ line }) => line)).toEqual([3, 13, 14, 16])
})

test("dispose reads the settings again and tells the clients, whether they have changed or not", async () => {
  await using s = await served({ files: { "opencode.json": '{"username":"one"}' } })
  const disposed = () => s.world.events.filter(({ type }) => type === "server.instance.disposed").length
  await dataOf(s.v2.config.get())
  const before = disposed()
  expect(await dataOf(s.v2.instance.dispose())).toBe(true)
  expect(disposed()).toBe(before + 1)
  writeFileSync(join(s.world.project, "opencode.json"), '{"username":"two"}')
  expect(await dataOf(s.v2.instance.dispose())).toBe(true)
  expect(disposed()).toBe(before + 2)
  expect((await dataOf(s.v2.config.get())).username).toBe("two")
  expect(await dataOf(s.v2.global.dispose())).toBe(true)
  await s.world.happened("global.disposed")
})
