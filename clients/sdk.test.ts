import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync, symlinkSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { installation } from "@opencode/testing/command.ts"
import { freePort } from "@opencode/testing/free-port.ts"
import { processesWith } from "@opencode/testing/processes.ts"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import { programs } from "./programs.ts"

// The package as it is published, from its tarball, where people run it.

const root = fileURLToPath(new URL("..", import.meta.url))
const folder = tempFolder("sdk-package")
afterAll(() => folder[Symbol.dispose]())

/** More would say that something got in that nobody needs. */
const LARGEST_TARBALL = 150_000

beforeAll(() => {
  const said = execFileSync("npm", ["pack", "--json", "--pack-destination", folder.path], {
    cwd: `${root}packages/sdk`,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
  const [packed] = JSON.parse(said) as [{ filename: string; size: number; files: { path: string }[] }]
  expect(packed.size).toBeLessThan(LARGEST_TARBALL)
  expect(
    packed.files.filter(({ path }) => !/^(dist\/.*\.(js|d\.ts)|package\.json|README\.md|LICENSE)$/.test(path)),
  ).toEqual([])
  folder.write({ "node_modules/@opencode-ai/sdk/.keep": "", "package.json": '{"type":"module"}', "bin/.keep": "" })
  const place = folder.join("node_modules/@opencode-ai/sdk")
  execFileSync("tar", ["-xzf", folder.join(packed.filename), "-C", place, "--strip-components", "1"])
  symlinkSync(`${root}packages/cli/bin/opencode.mjs`, folder.join("bin/opencode"))
  folder.write({ "work.mjs": WORK, "program.mjs": PROGRAM, "page.html": PAGE })
})

/** What a program does with a server, in both generations. */
const WORK = `
import { createOpencodeClient as v1 } from "@opencode-ai/sdk/client"
import { createOpencodeClient as v2 } from "@opencode-ai/sdk/v2/client"

export async function work(baseUrl, password) {
  const headers = { Authorization: "Basic " + btoa("opencode:" + password) }
  const client = v2({ baseUrl, headers })
  const { stream } = await client.event.subscribe()
  const first = (await stream.next()).value.type
  const { data: session } = await client.session.create({ title: "ü" }, { throwOnError: true })
  const body = { model: { providerID: "offline", modelID: "rules" }, parts: [{ type: "text", text: "read a.txt" }] }
  const answer = v1({ baseUrl, headers }).session.prompt({ path: { id: session.id }, body })
  for await (const event of stream) if (event.type === "session.idle") break
  const parts = (await answer).data.parts
  const missing = await client.session.get({ sessionID: "ses_nothing" })
  const refused = await v2({ baseUrl }).session.list()
  const thrown = await client.session.get({ sessionID: "ses_nothing" }, { throwOnError: true }).catch((error) => error)
  return {
    first,
    title: session.title,
    text: parts.filter(({ type }) => type === "text").map(({ text }) => text).join(""),
    missing: missing.response.status,
    refused: refused.response.status,
    thrown: thrown.message,
  }
}
`

const PROGRAM = `
import { createOpencodeServer } from "@opencode-ai/sdk/server"
import { createOpencode } from "@opencode-ai/sdk/v2"
import { work } from "./work.mjs"

const [url, password, port] = process.argv.slice(2)
const result = await work(url, password)
const { client, server } = await createOpencode({ port: Number(port), timeout: 60000 })
const path = await client.path.get({ throwOnError: true })
const busy = await createOpencodeServer({ timeout: 1, port: Number(port) }).catch((error) => error.message)
server.close()
console.log(JSON.stringify({ ...result, own: typeof path.data.directory, busy }))
`

const at = (path: string) => `/node_modules/@opencode-ai/sdk/dist/${path}.js`
const IMPORTS = {
  imports: {
    "@opencode-ai/sdk": at("index"),
    "@opencode-ai/sdk/client": at("client"),
    "@opencode-ai/sdk/v2/client": at("v2/client"),
  },
}

/** A page has no processes, and can load the whole of the package all the same. */
const PAGE = `<!doctype html><script type="importmap">${JSON.stringify(IMPORTS)}</script><script type="module">
const told = (result) => fetch("/told", { method: "POST", body: JSON.stringify(result) })
try {
  const { createOpencodeServer } = await import("@opencode-ai/sdk")
  const { work } = await import("/work.mjs")
  const [url, password] = decodeURIComponent(location.hash.slice(1)).split(" ")
  const server = await createOpencodeServer().catch((error) => error.message)
  await told({ ...await work(url, password), server })
} catch (error) {
  await told({ error: String(error) })
}
</script>`

const WORKED = {
  first: "server.connected",
  title: "ü",
  text: expect.stringContaining("one line"),
  missing: 404,
  refused: 401,
  thrown: "Session not found: ses_nothing",
}

const PASSWORD = "secret"

async function served() {
  const opencode = installation({ files: { "a.txt": "one line" } })
  const { url } = await opencode.serve([], { env: { OPENCODE_SERVER_PASSWORD: PASSWORD } })
  return { url, env: opencode.env, [Symbol.asyncDispose]: () => opencode[Symbol.asyncDispose]() }
}

test.each([
  ["Node 20", process.execPath, []],
  ["Node 22", programs.node22, []],
  ["Node 24", programs.node24, []],
  ["Bun", programs.bun, []],
  ["Deno", programs.deno, ["run", "--allow-all"]],
])("%s runs the package: both clients, events, a server of its own", async (_name, program, args) => {
  await using server = await served()
  const own = String(await freePort())
  const child = spawn(program, [...args, folder.join("program.mjs"), server.url, PASSWORD, own], {
    cwd: folder.path,
    env: { ...server.env, PATH: `${folder.join("bin")}:${server.env.PATH}`, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 100_000,
  })
  let [said, complaints] = ["", ""]
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text))
  expect(await once(child, "close"), complaints).toEqual([0, null])
  expect(JSON.parse(said)).toEqual({
    ...WORKED,
    own: "string",
    busy: expect.stringMatching(/^Timeout waiting for server to start after 1ms/),
  })
  await expect.poll(() => processesWith(`--port=${own}`)).toEqual([])
})

test("a page in Chromium uses both clients and follows events, and hears that it cannot start servers", async () => {
  await using server = await served()
  await using page = await pageServer()
  const address = `${page.url}/page.html#${encodeURI(server.url)}%20${PASSWORD}`
  const chromium = spawn(
    "chromium",
    ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${folder.join("chromium")}`, address],
    { stdio: "ignore", timeout: 100_000, killSignal: "SIGKILL" },
  )
  try {
    expect(await page.told).toEqual({ ...WORKED, server: expect.stringContaining("where there are processes") })
  } finally {
    chromium.kill("SIGTERM")
    await once(chromium, "close")
  }
})

const TYPES: Record<string, string> = { html: "text/html", js: "text/javascript", mjs: "text/javascript" }

/** The folder as a web server shows it, and what the page tells it. */
async function pageServer() {
  let tell: (result: unknown) => void = () => undefined
  const told = new Promise((resolve) => (tell = resolve))
  const server = createServer((request, response) => {
    const path = (request.url ?? "").slice(1)
    if (path === "told") {
      let body = ""
      request.setEncoding("utf8").on("data", (text: string) => (body += text))
      request.on("end", () => tell(JSON.parse(body)))
      return response.end()
    }
    const type = TYPES[path.split(".").at(-1) ?? ""]
    if (!type) return response.writeHead(404).end()
    return response.setHeader("content-type", type).end(readFileSync(folder.join(path)))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}
