import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { sessionIn } from "@opencode/core/session/share-page.ts"
import type { SessionExport } from "@opencode/protocol/transfer.ts"
import { PIXEL } from "@opencode/testing/pixel.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { dataOf, served, type Served } from "./served.ts"

const said = (text: string) => ({ parts: [{ type: "text" as const, text }] })

async function talk(s: Served, prompt: string, title = "My talk"): Promise<string> {
  const { id: sessionID } = await dataOf(s.v2.session.create({ title }))
  await dataOf(s.v2.session.prompt({ sessionID, ...said(prompt) }))
  return sessionID
}

const exportOf = async (s: Served, sessionID: string, query = ""): Promise<SessionExport> =>
  (await (await s.fetch(`/session/${sessionID}/export${query}`)).json()) as SessionExport

test("a session exported here and imported elsewhere has the same transcript, and goes on there", async () => {
  await using here = await served({ model: script(calls("bash", { command: "echo found" }), says("one")) })
  await using there = await served({ model: script(says("two")) })
  const sessionID = await talk(here, "first")
  const file = await exportOf(here, sessionID)
  expect(file.messages).toEqual(await dataOf(here.v2.session.messages({ sessionID })))

  const answer = await there.post("/session/import", file)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ id: sessionID, title: "My talk", directory: there.world.project })
  expect(await dataOf(there.v2.session.messages({ sessionID }))).toEqual(file.messages)
  await dataOf(there.v2.session.prompt({ sessionID, ...said("go on") }))
  expect(there.world.model.heard()).toContain("found")
})

test("a sanitized export holds no prompt, no output and no path, and can be imported", async () => {
  const model = script(calls("bash", { command: "echo sk-live-planted" }), says("the planted answer"))
  await using s = await served({ model })
  const sessionID = await talk(s, "planted prompt", "planted title")
  const file = await exportOf(s, sessionID, "?sanitize=true")
  const text = JSON.stringify(file)
  for (const secret of ["planted", s.world.project, s.world.folder.join("home")]) expect(text).not.toContain(secret)
  expect(file.messages.map(({ parts }) => parts.map(({ type }) => type))).toEqual(
    (await dataOf(s.v2.session.messages({ sessionID }))).map(({ parts }) => parts.map(({ type }) => type)),
  )
  expect((await s.post("/session/import", file)).status).toBe(200)
})

/** What OpenCode 1.18.33 exported. */
const published = JSON.parse(readFileSync(new URL("published-export.json", import.meta.url), "utf8")) as Record<
  "plain" | "sanitized",
  SessionExport
>

test.each(["plain", "sanitized"] as const)(
  "a %s export of OpenCode is imported with the same transcript",
  async (kind) => {
    await using s = await served({ model: script(says("ok")) })
    expect((await s.post("/session/import", published[kind])).status).toBe(200)
    const sessionID = published[kind].info.id
    expect(await dataOf(s.v2.session.messages({ sessionID }))).toEqual(published[kind].messages)
    await dataOf(s.v2.session.prompt({ sessionID, ...said("go on") }))
  },
)

test.each([
  ["nothing", {}],
  ["a list", []],
  ["a session without messages", { info: { id: "ses_1" } }],
  ["an id that is a path", { info: { id: "../../etc" }, messages: [] }],
])("%s is not imported", async (_, body) => {
  await using s = await served()
  expect((await s.post("/session/import", body)).status).toBe(400)
  expect(await dataOf(s.v2.session.list())).toEqual([])
})

const HOSTILE = `</script><script>alert(1)</script><img src=x onerror="alert(1)">&lt; <a href="javascript:alert(1)">x</a> ' " \u202E`

test("a shared page is one file that runs nothing, loads nothing and shows markup as text", async () => {
  await using s = await served({
    model: script(calls("bash", { command: "cat hostile" }), says(HOSTILE)),
    files: { hostile: HOSTILE },
  })
  const sessionID = await talk(s, HOSTILE, HOSTILE)
  const shared = await dataOf(s.v2.session.share({ sessionID }))
  const url = shared.share?.url ?? ""
  expect(url).toMatch(/^file:.*\/share\/[\w-]{22}\.html$/)
  expect(statSync(fileURLToPath(url)).mode & 0o777).toBe(0o600)
  await s.world.happened("session.updated", ({ info }) => info.share?.url === url)

  const page = readFileSync(fileURLToPath(url), "utf8")
  const tags = page.match(/<[a-z/!][^>]*>/gi)?.map((tag) => /^<[/!]?([a-z]+\d?)/i.exec(tag)?.[1]) ?? []
  const known = "doctype html head meta title style body header h1 h2 p main section div details summary pre script"
  expect(tags.filter((tag) => !known.split(" ").includes(tag ?? ""))).toEqual([])
  expect(page.match(/<script[^>]*>/g)).toEqual(['<script type="application/json" id="session">'])
  expect(page.match(/<\/script>/g)).toHaveLength(1)
  expect(page).not.toMatch(/<[^>]+\s(?:on\w+|href|src|action)=/i)
  expect(page).toContain("default-src 'none'")
  expect(page).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;")
  expect(page.slice(0, page.indexOf('id="session"'))).not.toContain("\u202E")

  const inside = JSON.parse(sessionIn(page) ?? "") as SessionExport
  expect(inside.messages).toEqual(await dataOf(s.v2.session.messages({ sessionID })))
  expect((await s.post("/session/import", inside)).status).toBe(200)
})

test("only pixels are shown as pictures", async () => {
  await using s = await served()
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const file = (mime: string, url: string) => ({ type: "file" as const, mime, url, filename: `"><b>${mime}` })
  const parts = [
    file("image/png", `data:image/png;base64,${PIXEL}`),
    file("image/svg+xml", "data:image/svg+xml;base64,PHN2Zz4="),
    file("image/png", "https://example.com/track.png"),
    file("image/png", `data:image/png;base64,AAAA" onload="alert(1)`),
  ]
  await dataOf(s.v2.session.prompt({ sessionID, noReply: true, parts }))
  const { share } = await dataOf(s.v2.session.share({ sessionID }))
  const page = readFileSync(fileURLToPath(share?.url ?? ""), "utf8")
  expect(page.match(/<img [^>]*>/g)).toEqual([
    `<img alt="&quot;&gt;&lt;b&gt;image/png" src="data:image/png;base64,${PIXEL}">`,
  ])
})

test("a shared page follows its session, and goes with the share or with the session", async () => {
  await using s = await served({ model: script(says("one"), says("the second answer")) })
  const sessionID = await talk(s, "first")
  const { share } = await dataOf(s.v1.session.share({ path: { id: sessionID } }))
  const path = fileURLToPath(share?.url ?? "")
  await dataOf(s.v2.session.prompt({ sessionID, ...said("second") }))
  await expect.poll(() => readFileSync(path, "utf8")).toContain("the second answer")
  expect((await dataOf(s.v2.session.share({ sessionID }))).share).toEqual(share)

  const unshared = await dataOf(s.v1.session.unshare({ path: { id: sessionID } }))
  expect(unshared).not.toHaveProperty("share")
  expect(existsSync(path)).toBe(false)
  expect(await dataOf(s.v2.session.unshare({ sessionID }))).toEqual(unshared)

  const again = await dataOf(s.v2.session.share({ sessionID }))
  expect(again.share?.url).not.toBe(share?.url)
  await dataOf(s.v2.session.delete({ sessionID }))
  await expect.poll(() => existsSync(fileURLToPath(again.share?.url ?? ""))).toBe(false)
})

test("what is taken out of a shared session, or worded anew, leaves its page too", async () => {
  await using s = await served({ model: script(says("the key is 4711"), says("the door is blue")) })
  const sessionID = await talk(s, "first")
  await dataOf(s.v2.session.prompt({ sessionID, ...said("second") }))
  const { share } = await dataOf(s.v2.session.share({ sessionID }))
  const page = () => readFileSync(fileURLToPath(share?.url ?? ""), "utf8")
  const messages = await dataOf(s.v2.session.messages({ sessionID }))
  expect(page()).toContain("4711")
  await dataOf(s.v2.session.deleteMessage({ sessionID, messageID: messages[1]!.info.id }))
  await expect.poll(page).not.toContain("4711")
  const part = messages[3]!.parts.find(({ type }) => type === "text")!
  const { id: partID, messageID } = part
  await dataOf(s.v2.part.update({ sessionID, messageID, partID, part: { ...part, text: "redone" } as typeof part }))
  await expect.poll(page).not.toContain("blue")
  expect(page()).toContain("redone")
})

test("a page that was shared elsewhere is neither moved to the place that is configured now nor called removed", async () => {
  await using s = await served({ config: { share: "auto" }, model: () => says("ok") })
  const session = await dataOf(s.v2.session.create())
  const share = { url: "https://talks.example/abc.html" }
  const { sessions } = s.world.home.store
  await s.world.home.store.write((tx) => sessions.replace(tx, { ...s.world.engine.sessions.get(session.id), share }))
  await dataOf(s.v2.session.prompt({ sessionID: session.id, ...said("first") }))
  const refused = await s.v2.session.unshare({ sessionID: session.id })
  expect(refused.response.status).toBe(400)
  expect(JSON.stringify(refused.error)).toContain(share.url)
  expect(await dataOf(s.v2.session.get({ sessionID: session.id }))).toMatchObject({ share })
  expect(existsSync(s.world.folder.join("data/opencode/share"))).toBe(false)
})

test("sharing that is disabled answers 400 with a sentence, and nothing is written", async () => {
  await using s = await served({
    env: { OPENCODE_DISABLE_SHARE: "1", OPENCODE_AUTO_SHARE: "1" },
    model: () => says("ok"),
  })
  const sessionID = await talk(s, "first")
  const refused = await s.v2.session.share({ sessionID })
  expect(refused.response.status).toBe(400)
  expect(refused.error).toMatchObject({
    name: "BadRequest",
    data: { message: "Sharing is disabled by the configuration." },
  })
  expect(existsSync(s.world.folder.join("data/opencode/share"))).toBe(false)
})

test("with auto every session is shared when its turn is over, its children are not", async () => {
  await using s = await served({ config: { share: "auto" }, model: () => says("ok") })
  const sessionID = await talk(s, "first")
  await s.world.happened("session.updated", ({ info }) => info.share !== undefined)
  const { id: child } = await dataOf(s.v2.session.create({ parentID: sessionID }))
  await dataOf(s.v2.session.prompt({ sessionID: child, ...said("aside") }))
  await s.world.engine.close()
  expect((await dataOf(s.v2.session.get({ sessionID: child }))).share).toBeUndefined()
  expect(readdirSync(s.world.folder.join("data/opencode/share"))).toHaveLength(1)
})

interface Asked {
  method: string | undefined
  path: string | undefined
  authorization: string | undefined
  body: string
}

async function shareHost(status = 200) {
  const asked: Asked[] = []
  const bodyOf = async (request: IncomingMessage) => {
    let body = ""
    for await (const chunk of request.setEncoding("utf8")) body += chunk
    return body
  }
  const server = createServer(async (request, response) => {
    const { method, url: path, headers } = request
    asked.push({ method, path, authorization: headers.authorization, body: await bodyOf(request) })
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, host, [Symbol.asyncDispose]: async () => void (server.closeAllConnections(), server.close()) }
}

test("a share host gets the page by PUT and loses it by DELETE, and its password stays out of the address", async () => {
  await using host = await shareHost()
  await using s = await served({
    config: { enterprise: { url: `http://me:secret@${host.host}/talks` } },
    model: script(says("one")),
  })
  const sessionID = await talk(s, "first")
  expect(host.asked).toEqual([])
  const { share } = await dataOf(s.v2.session.share({ sessionID }))
  expect(share?.url).toMatch(new RegExp(`^http://${host.host}/talks/[\\w-]{22}\\.html$`))
  const path = new URL(share?.url ?? "").pathname
  const authorization = `Basic ${Buffer.from("me:secret").toString("base64")}`
  expect(host.asked).toEqual([{ method: "PUT", path, authorization, body: expect.stringContaining("first") }])
  await dataOf(s.v2.session.unshare({ sessionID }))
  expect(host.asked[1]).toMatchObject({ method: "DELETE", path, authorization })
})

test("a share host that refuses is told in a sentence, and the session is not called shared", async () => {
  await using host = await shareHost(403)
  await using s = await served({ config: { enterprise: { url: `http://${host.host}` } } })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const refused = await s.v2.session.share({ sessionID })
  expect(refused.response.status).toBe(503)
  expect(refused.error).toMatchObject({ message: `The share host ${host.host} answered 403.` })
  expect(await dataOf(s.v2.session.get({ sessionID }))).not.toHaveProperty("share")
})

test("a project can neither choose where sessions are shared to nor share them", async () => {
  await using host = await shareHost()
  await using s = await served({
    files: { "opencode.json": JSON.stringify({ share: "auto", enterprise: { url: `http://${host.host}` } }) },
    model: script(says("one")),
  })
  const sessionID = await talk(s, "first")
  expect(await dataOf(s.v2.session.get({ sessionID }))).not.toHaveProperty("share")
  const { share } = await dataOf(s.v2.session.share({ sessionID }))
  expect(share?.url).toMatch(/^file:/)
  expect(host.asked).toEqual([])
})
