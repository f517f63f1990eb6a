import { readFileSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createOpencodeClient as publishedV1 } from "published-sdk/client"
import { createOpencodeClient as publishedV2 } from "published-sdk/v2/client"
import { expect, test } from "vitest"
import { createOpencodeClient as oursV1 } from "../src/client.ts"
import { createOpencodeClient as oursV2 } from "../src/v2/client.ts"
import { echo, type Heard } from "./echo.ts"
import { methodAt, methodsOf } from "./methods.ts"

// Each call of the published clients and its namesake here say the same to a server.

type Create = (options: Record<string, unknown>) => object
const generations: [name: string, published: Create, ours: Create][] = [
  ["v1", publishedV1 as Create, oursV1 as Create],
  ["v2", publishedV2 as Create, oursV2 as Create],
]

/** Every parameter and member of a body that any operation has: each call takes what is its own, and sends the rest along. */
function everyName(): string[] {
  const document = JSON.parse(readFileSync(new URL("../contract.json", import.meta.url), "utf8")) as {
    paths: Record<string, Record<string, { parameters?: { name: string }[]; requestBody?: unknown }>>
  }
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item))
  const parameters = operations.flatMap(({ parameters = [] }) => parameters.map(({ name }) => name))
  const bodies = [...JSON.stringify(operations).matchAll(/"(\w+)":\{"(?:type|\$ref|anyOf)":/g)].map(
    ([, name]) => name ?? "",
  )
  return [...new Set([...parameters, ...bodies, "id", "config", "auth", "part", "worktreeCreateInput"])]
}

/** These mean something to the sending of a request, too, which knows only some values of them. */
const OF_REQUESTS = ["body", "cache", "headers", "method", "mode", "signal", "url"]
/** A member of ours of a body of 1.x. */
const OURS = ["save"]

const eventOrJson = (response: ServerResponse, { url = "" }: IncomingMessage) =>
  /\/event(\?|$)/.test(url)
    ? response.setHeader("content-type", "text/event-stream").write('data: {"type":"server.connected"}\n\n')
    : response.setHeader("content-type", "application/json").end("true")

const value = (name: string) => `${name} of/a ü?&`
const names = everyName().filter((name) => ![...OF_REQUESTS, ...OURS].includes(name))
const all = Object.fromEntries(names.map((name) => [name, value(name)]))

test.each(generations)(
  "every method of the published %s client sends the same request from here",
  async (name, published, ours) => {
    await using server = await echo(eventOrJson)
    const options = { baseUrl: server.baseUrl, directory: "/tmp/a b/ü", headers: { Authorization: "Basic x" } }
    const [theirs, mine] = [published(options), ours(options)]
    const differences: unknown[] = []
    const ways = methodsOf(theirs)
    for (const way of ways) {
      const sent = async (client: object): Promise<Heard[]> => {
        const call = async (given: object): Promise<Heard[]> => {
          const result = (await methodAt(client, way)(given)) as { stream?: AsyncGenerator }
          // A stream asks when its first event is waited for.
          await result.stream?.next()
          await result.stream?.return(undefined)
          return server.take()
        }
        if (name === "v2") return call(all)
        const options = { path: all, query: { limit: 3, directory: "/other" } }
        const heard = await call(options)
        return heard[0]?.method === "GET" ? heard : [...heard, ...(await call({ ...options, body: { text: "ü" } }))]
      }
      const [wanted, given] = [await sent(theirs), await sent(mine)]
      expect(wanted.length, way.join(".")).toBeGreaterThan(0)
      // The streams of v1 keep the header of their folder; ours need no leave of the server for it in a browser.
      if (name === "v1" && wanted[0]?.url.includes("/event")) delete wanted[0].headers["x-opencode-directory"]
      if (JSON.stringify(wanted) !== JSON.stringify(given)) differences.push({ way: way.join("."), wanted, given })
    }
    expect(ways.length).toBeGreaterThan(75)
    expect(differences).toEqual([])
  },
)

test.each(generations)(
  "a %s client tells its folder in the address of what is read, else in a header",
  async (name, published, ours) => {
    await using server = await echo()
    const calls = async (create: Create) => {
      for (const directory of ["/tmp/a b", "/tmp/é中", "/tmp/%41 b", ""]) {
        const client = create({ baseUrl: server.baseUrl, directory, experimental_workspaceID: "wrk_1" })
        await methodAt(client, ["session", "list"])()
        await methodAt(client, ["session", "list"])(
          name === "v1" ? { query: { directory: "/o" } } : { directory: "/o" },
        )
        await methodAt(client, ["session", "create"])()
      }
      const named = create({
        baseUrl: server.baseUrl,
        headers: { "x-opencode-directory": "/h%20x", Authorization: "Basic y" },
      })
      await methodAt(named, ["session", "list"])()
      await methodAt(named, ["session", "create"])()
      return server.take()
    }
    const wanted = await calls(published)
    expect(wanted[0]?.url).toContain("directory=%2Ftmp%2Fa+b")
    expect(await calls(ours)).toEqual(wanted)
  },
)

test("headers may be given as an object, as Headers or as pairs, with a folder and without", async () => {
  await using server = await echo()
  const pair: [string, string] = ["Authorization", "Basic z"]
  for (const create of [oursV1, oursV2] as Create[])
    for (const headers of [Object.fromEntries([pair]), new Headers([pair]), [pair]])
      for (const directory of [undefined, "/d"]) {
        await methodAt(create({ baseUrl: server.baseUrl, headers, directory }), ["session", "list"])()
        expect(server.take()).toMatchObject([
          { url: directory ? "/session?directory=%2Fd" : "/session", headers: { authorization: "Basic z" } },
        ])
      }
})

test("answering a permission has the name of the documentation, too", async () => {
  await using server = await echo()
  const client = oursV1({ baseUrl: server.baseUrl })
  const options = { path: { id: "ses_1", permissionID: "per_1" }, body: { response: "once" } } as const
  await client.postSessionByIdPermissionsByPermissionId(options)
  await client.postSessionIdPermissionsPermissionId(options)
  const [one, other] = server.take()
  expect(one).toMatchObject({ method: "POST", url: "/session/ses_1/permissions/per_1", body: '{"response":"once"}' })
  expect(other).toEqual(one)
})

test("a function of one's own is given one request for each call", async () => {
  const seen: unknown[][] = []
  const fetch = async (...args: unknown[]) => {
    seen.push(args)
    return Response.json(true)
  }
  for (const create of [oursV1, oursV2] as Create[])
    await methodAt(create({ baseUrl: "http://nobody.invalid", fetch }), ["session", "list"])()
  expect(seen.map((args) => args.length)).toEqual([1, 1])
  expect(seen.every(([request]) => request instanceof Request)).toBe(true)
})
