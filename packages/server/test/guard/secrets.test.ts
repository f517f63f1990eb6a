import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { openLog } from "@opencode/core/lib/log.ts"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, test } from "vitest"
import { openapi } from "../../src/openapi.ts"
import { routes } from "../../src/routes/routes.ts"
import { readEvents, served } from "../served.ts"

const PASSWORD = "p4ssw0rd-of-the-server"
const CONFIGURED = "sk-configured-1234567890"
const STORED = "sk-stored-1234567890"
const INLINE = "sk-inline-1234567890"
const TOKEN = btoa(`opencode:${PASSWORD}`)
const SECRETS = [PASSWORD, CONFIGURED, STORED, INLINE, TOKEN]

/** Answered by somebody else's act, or never. */
const HELD = new Set(["/event", "/global/event", "/tui/control/next"])

interface Document {
  paths: Record<string, { get?: { parameters: { name: string; required: boolean }[] } }>
}
const plain = Object.entries((openapi(routes) as Document).paths)
  .filter(([path, { get }]) => get && !path.includes("{") && !get.parameters.some(({ required }) => required))
  .map(([path]) => path)
  .filter((path) => !HELD.has(path))

test("no answer, event, line of the log or child has a password or a key in it", async () => {
  using place = tempFolder()
  const log = openLog({ folder: place.join("log"), level: "DEBUG", now: Date.now })
  await using s = await served({
    log,
    env: {
      OPENCODE_SERVER_PASSWORD: PASSWORD,
      OPENCODE_CONFIG_CONTENT: JSON.stringify({ provider: { theirs: { options: { apiKey: INLINE } } } }),
    },
    guard: { hostnames: [], cors: [], password: PASSWORD },
    config: { provider: { mine: { npm: "@ai-sdk/openai-compatible", options: { apiKey: CONFIGURED } } } },
  })
  const authorization = `Basic ${TOKEN}`
  const json = { authorization, "content-type": "application/json" }
  const said: string[] = []
  async function hear(path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
    const response = await s.fetch(path, init)
    const text = await response.text()
    said.push(JSON.stringify([...response.headers]), text)
    return { status: response.status, text }
  }
  const post = (path: string, body: unknown, method = "POST") =>
    hear(path, { method, headers: json, body: JSON.stringify(body) })

  const events = readEvents(
    await s.fetch(`/global/event?auth_token=${TOKEN}`),
    ({ data }) => data.payload?.type === "global.disposed",
  )
  expect((await post("/auth/other", { type: "api", key: STORED }, "PUT")).status).toBe(200)
  for (const path of plain) {
    expect({ path, status: (await hear(path, { headers: { authorization } })).status }).toEqual({ path, status: 200 })
    expect((await hear(`${path}?auth_token=${TOKEN.slice(0, -4)}AAAA`)).status).toBe(401)
    await hear(`${path}?auth_token=${TOKEN}&limit=nonsense`)
  }
  await post(`/nowhere/${TOKEN.length}?auth_token=${TOKEN}`, {})
  await post(`/session?auth_token=${TOKEN}`, { title: 5 })
  await hear(`/config/explain?key=provider.mine.options.apiKey&auth_token=${TOKEN}`)
  await hear(`/config/explain?key=provider&auth_token=${TOKEN}`)

  const { id } = JSON.parse((await post("/session", {})).text) as { id: string }
  const shell = await post(`/session/${id}/shell`, {
    agent: "build",
    command: "env; cat /proc/$$/environ | tr '\\0' '\\n'",
  })
  expect(shell.text).toContain("PATH=")
  await hear(`/session/${id}/export`, { headers: { authorization } })
  await post("/global/dispose", {})
  said.push(JSON.stringify(await events))

  for (const name of readdirSync(place.join("log"))) said.push(readFileSync(join(place.join("log"), name), "utf8"))
  const found = said.flatMap((text) =>
    SECRETS.filter((secret) => text.includes(secret)).map((secret) => [secret, text]),
  )
  expect(found).toEqual([])
})
