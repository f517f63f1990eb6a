import { join } from "node:path"
import { expect, test } from "vitest"
import { dataOf, readEvents, served, type Served } from "./served.ts"

const patch = (door: Served, id: string, body: unknown) =>
  door.fetch(`/project/${id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })

test("projects are listed with where they were opened", async () => {
  await using door = await served({ git: true, files: { "src/a.ts": "" } })
  const { id } = await dataOf(door.v2.project.current())
  const sub = join(door.world.project, "src")
  await dataOf(door.v2.project.current({ directory: sub }))
  expect((await dataOf(door.v1.project.list())).map((project) => project.id)).toEqual([id])
  expect(await dataOf(door.v2.project.directories({ projectID: id }))).toEqual([
    { directory: door.world.project },
    { directory: sub },
  ])
  expect(await dataOf(door.v2.project.directories({ projectID: "nope" }))).toEqual([])
})

test("what a person says of a project is kept, shown at once and told", async () => {
  await using door = await served({ git: true })
  const { id } = await dataOf(door.v2.project.current())
  const stream = await door.fetch("/global/event")
  const told = readEvents(stream, ({ data }) => data.payload?.type === "project.updated")
  await dataOf(
    door.v2.project.update({ projectID: id, name: "Mine", icon: { color: "red" }, commands: { start: "ls" } }),
  )
  await dataOf(door.v2.project.update({ projectID: id, icon: { url: "u" } }))
  const expected = { id, name: "Mine", icon: { color: "red", url: "u" }, commands: { start: "ls" } }
  expect(await dataOf(door.v2.project.current())).toMatchObject(expected)
  expect((await told).at(-1)?.data).toMatchObject({
    directory: "global",
    payload: { properties: { id, name: "Mine" } },
  })
  await door.restart()
  expect(await dataOf(door.v2.project.list())).toMatchObject([expected])
})

test("a project that is not known, or a change that is none, is refused", async () => {
  await using door = await served({ git: true })
  const { id } = await dataOf(door.v2.project.current())
  const unknown = await patch(door, "nope", { name: "x" })
  expect(unknown.status).toBe(404)
  expect(await unknown.json()).toEqual({
    _tag: "ProjectNotFoundError",
    projectID: "nope",
    message: "Project not found: nope",
  })
  for (const body of [{ name: 5 }, { icon: "x" }, { name: "x".repeat(5000) }, []])
    expect((await patch(door, id, body)).status).toBe(400)
  expect((await patch(door, id, { other: 1 })).status).toBe(200)
  // Some clients say it of what stays as it is.
  await patch(door, id, { name: "kept" })
  const unchanged = await patch(door, id, { name: null, icon: null, commands: null })
  expect([unchanged.status, await unchanged.json()]).toMatchObject([200, { name: "kept" }])
})

test("the tools are told as a model would be told of them", async () => {
  await using door = await served()
  const tools = await dataOf(door.v2.tool.list({ provider: "mock", model: "large" }))
  expect(tools.map(({ id }) => id)).toEqual(expect.arrayContaining(["bash", "read", "edit", "write"]))
  expect(tools.find(({ id }) => id === "read")?.parameters).toMatchObject({ type: "object", required: ["filePath"] })
  const others = await dataOf(door.v2.tool.list({ provider: "openai", model: "gpt-5" }))
  expect(others.map(({ id }) => id)).toContain("apply_patch")
  expect((await door.fetch("/experimental/tool?provider=x")).status).toBe(400)
})

test("no experiment is claimed", async () => {
  await using door = await served()
  expect(await (await door.fetch("/experimental/capabilities")).json()).toEqual({ backgroundSubagents: true })
})
