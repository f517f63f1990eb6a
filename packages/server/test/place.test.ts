import { expect, test } from "vitest"
import { placeOf } from "../src/place.ts"
import { dataOf, served } from "./served.ts"

const PLACES: [header: string | undefined, query: string, directory: string][] = [
  [undefined, "", "/start"],
  ["/a/with space", "", "/a/with space"],
  ["/a/with%20space", "", "/a/with space"],
  ["%2Fa%2F%C3%BC", "", "/a/ü"],
  ["/a/pct%2541x", "", "/a/pct%41x"],
  ["/a/100%", "", "/a/100%"],
  ["/a/100%zz", "", "/a/100%zz"],
  [undefined, "directory=%2Fa%2Fb", "/a/b"],
  [undefined, "directory=/a/b/", "/a/b"],
  // The published SDK puts its encoded header into the query, which encodes it once more.
  [undefined, "directory=%252Fa%252Fb", "/a/b"],
  [undefined, "directory=/a/100%25", "/a/100%"],
  ["/header", "directory=/query", "/query"],
  ["/header", "directory=", "/header"],
  [undefined, "directory=below", "/start/below"],
]

test.each(PLACES)("header %s and query %s mean %s", (header, query, directory) => {
  const place = placeOf({ header: () => header }, new URLSearchParams(query), "/start")
  expect(place).toEqual({ directory, isExplicit: /directory=./.test(query) })
})

test("sessions are listed by folder, by project and by path, and found from everywhere", async () => {
  await using s = await served({ git: true, files: { "sub dir/deep/a": "", "sub dir/b": "" } })
  const sub = s.world.folder.join("project", "sub dir")
  const deep = s.world.folder.join("project", "sub dir", "deep")
  await dataOf(s.v2.session.create({ title: "top" }))
  const below = await dataOf(s.v2.session.create({ title: "below", directory: sub }))
  const child = await dataOf(s.v2.session.create({ title: "child", directory: deep, parentID: below.id }))
  expect(child.path).toBe("sub dir/deep")

  const titles = async (query: string, headers?: Record<string, string>) => {
    const response = await s.fetch(`/session?${query}`, headers ? { headers } : {})
    return ((await response.json()) as { title: string }[]).map(({ title }) => title)
  }
  const folder = encodeURIComponent(sub)
  expect(await titles("")).toEqual(["child", "below", "top"])
  expect(await titles("", { "x-opencode-directory": sub })).toEqual(["child", "below", "top"])
  expect(await titles(`directory=${folder}`)).toEqual(["below"])
  expect(await titles(`directory=${folder}&scope=project`)).toEqual(["child", "below", "top"])
  expect(await titles(`directory=${folder}&path=sub%20dir`)).toEqual(["child", "below"])
  expect(await titles("path=sub%20dir&limit=1")).toEqual(["child"])
  expect(await titles("path=sub")).toEqual([])
  expect(await titles("roots=true")).toEqual(["below", "top"])
  expect(await titles("search=EL")).toEqual(["below"])
  expect(await titles("limit=1")).toEqual(["child"])
  expect(await titles("limit=0")).toEqual([])
  expect(await titles("start=99999999999999")).toEqual([])

  expect(await dataOf(s.v2.session.get({ sessionID: child.id }))).toEqual(child)
  expect((await s.fetch(`/session/${child.id}/`)).status).toBe(200)
})

test("a client that is bound to a folder works there", async () => {
  await using s = await served({ files: { "ä b/x": "" } })
  const directory = s.world.folder.join("project", "ä b")
  const { createOpencodeClient } = await import("published-sdk/v2")
  const client = createOpencodeClient({ baseUrl: s.url, directory })
  expect(await dataOf(client.path.get())).toMatchObject({ directory })
  const session = await dataOf(client.session.create())
  expect(session.directory).toBe(directory)
  expect((await dataOf(client.session.list())).map(({ id }) => id)).toEqual([session.id])
})

test("messages come in pages, newest first asked for, oldest first given", async () => {
  await using s = await served()
  const { id: sessionID } = await dataOf(s.v2.session.create())
  for (const text of ["1", "2", "3"]) {
    await s.v2.session.prompt({ sessionID, noReply: true, parts: [{ type: "text", text }] })
  }
  const page = async (query: object) => {
    const { data, response } = await s.v2.session.messages({ sessionID, ...query })
    const texts = data?.map(({ parts }) => (parts[0]?.type === "text" ? parts[0].text : ""))
    return { texts, next: response.headers.get("x-next-cursor"), link: response.headers.get("link") }
  }
  const newest = await page({ limit: 2 })
  expect(newest).toMatchObject({ texts: ["2", "3"], next: expect.stringMatching(/^msg_/) })
  expect(newest.link).toBe(`<${s.url}/session/${sessionID}/message?limit=2&before=${newest.next}>; rel="next"`)
  expect(await page({ limit: 2, before: newest.next })).toEqual({ texts: ["1"], next: null, link: null })
  expect(await page({ limit: 3 })).toMatchObject({ texts: ["1", "2", "3"], next: null })
  expect(await page({ limit: 0 })).toMatchObject({ texts: ["1", "2", "3"] })
})
