import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, readFileSync, symlinkSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { freePort } from "@opencode/testing/free-port.ts"
import { processesWith } from "@opencode/testing/processes.ts"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import * as v1 from "../src/index.ts"
import { rowOfPs, rowOfStat } from "../src/process/descendants.ts"
import { invocation } from "../src/process/program.ts"
import * as v2 from "../src/v2/index.ts"

// `opencode` of the PATH is a script here that says and does what a test wants of it, or the command as it was built.

let folder: ReturnType<typeof tempFolder>

beforeEach(() => {
  folder = tempFolder("sdk-server")
  for (const name of ["data", "config", "state", "cache"])
    vi.stubEnv(`XDG_${name.toUpperCase()}_HOME`, folder.join(name))
  vi.stubEnv("PATH", `${folder.join("bin")}:${process.env.PATH}`)
})

afterEach(() => {
  vi.unstubAllEnvs()
  folder[Symbol.dispose]()
})

/** Puts a program that is called opencode into the PATH, which first writes down how it was called. */
function opencode(body: string): void {
  const told = `echo "$OPENCODE_CONFIG_CONTENT" > ${folder.join("config.json")}; printf '%s\\n' "$@" > ${folder.join("args")}`
  folder.write({ "bin/opencode": `#!/bin/sh\n${told}\n${body}\n` })
  chmodSync(folder.join("bin/opencode"), 0o755)
}

const toldArgs = () => readFileSync(folder.join("args"), "utf8").split("\n").slice(0, -1)
const LISTENS = "echo noise; echo 'opencode server listening on http://127.0.0.1:4999'"

/** What a server does that nobody asks anything; a number that no other program sleeps for tells it apart. */
const SLEEP = `sleep 1000.${process.pid}`
const LIVES = `exec ${SLEEP}`

/** Of everything that this test started, by the folder of its own in which it lives, or by how it lives. */
const running = () => [...processesWith(folder.path), ...processesWith(SLEEP)]

test.each([
  ["v1", v1],
  ["v2", v2],
])(
  "a server of %s is started with its defaults, and with its settings as content",
  async (_name, { createOpencodeServer }) => {
    opencode(`${LISTENS}; ${LIVES}`)
    const server = await createOpencodeServer()
    expect(server.url).toBe("http://127.0.0.1:4999")
    expect(toldArgs()).toEqual(["serve", "--hostname=127.0.0.1", "--port=4096"])
    server.close()
    await expect.poll(running).toEqual([])

    const config = { logLevel: "DEBUG", model: "a/b" } as const
    const other = await createOpencodeServer({ hostname: "0.0.0.0", port: 0, config })
    expect(toldArgs()).toEqual(["serve", "--hostname=0.0.0.0", "--port=0", "--log-level=DEBUG"])
    expect(JSON.parse(readFileSync(folder.join("config.json"), "utf8"))).toEqual(config)
    other.close()
    await expect.poll(running).toEqual([])
  },
)

test("a line that comes in pieces is understood", async () => {
  opencode(`printf 'opencode server lis'; sleep 0.1; echo 'tening on https://host:1/x'; ${LIVES}`)
  const server = await v2.createOpencodeServer()
  expect(server.url).toBe("https://host:1/x")
  server.close()
})

test.each([
  [
    "says nothing of listening",
    `echo so far; echo oops >&2; ${LIVES}`,
    /^Timeout waiting for server to start after 700ms\nServer output: (so far\noops|oops\nso far)/,
  ],
  ["says it elsewhere", `echo 'opencode server listening on http://x' >&2; ${LIVES}`, /^Timeout waiting/],
  [
    "listens nowhere",
    `echo 'opencode server listening nowhere'; ${LIVES}`,
    /^Failed to parse server url from output: opencode server listening nowhere$/,
  ],
  ["ends", "echo out; echo err >&2; exit 3", /^Server exited with code 3\nServer output: (out\nerr|err\nout)/],
  ["is killed", "kill -9 $$", /^Server exited with signal SIGKILL$/],
])("starting fails when the server %s, with what it said, and nothing is left of it", async (_when, body, message) => {
  opencode(body)
  await expect(v2.createOpencodeServer({ timeout: 700 })).rejects.toThrow(message)
  await expect.poll(running).toEqual([])
})

test("starting fails at once when there is no opencode, and says where it was looked for", async () => {
  vi.stubEnv("PATH", folder.path)
  await expect(v2.createOpencodeServer()).rejects.toMatchObject({
    code: "ENOENT",
    message: "opencode could not be started: spawn opencode ENOENT. Is it installed, and on the PATH?",
  })
  expect(() => v2.createOpencodeTui()).not.toThrow()
})

test("a signal that aborts ends what is started, with its reason", async () => {
  opencode(LIVES)
  await expect(v2.createOpencodeServer({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" })
  const controller = new AbortController()
  const starting = v2.createOpencodeServer({ signal: controller.signal })
  await expect.poll(running).not.toEqual([])
  controller.abort(new Error("changed my mind"))
  await expect(starting).rejects.toThrow("changed my mind")
  await expect.poll(running).toEqual([])
})

test("close ends what the server starts while it is being ended", async () => {
  const late = `sh -c 'trap "" TERM; while :; do sleep 0.2; done' ${folder.path}/late`
  const server = `trap "" TERM; ${LISTENS.replaceAll("'", '"')}; sleep 0.3; ${late.replaceAll("'", "'\\''")}; :`
  opencode(`sh -c '${server}' ${folder.path}/server & wait`)
  const { close } = await v2.createOpencodeServer()
  close()
  await expect.poll(running, { timeout: 30_000 }).toEqual([])
})

test("close ends what the program itself starts while it is being ended, before it is gone", async () => {
  const late = `sh -c 'trap "" TERM; while :; do sleep 0.2; done' ${folder.path}/late`
  opencode(`trap '' TERM; ${LISTENS}; sleep 0.5; ${late} & sleep 0.5`)
  const { close } = await v2.createOpencodeServer()
  close()
  await expect.poll(() => processesWith(folder.join("late")).length).toBeGreaterThan(0)
  await expect.poll(running, { timeout: 30_000 }).toEqual([])
})

test.each(["close", "signal"])(
  "%s ends the server and everything below it, also what does not listen to signals",
  async (how) => {
    const deaf = `sh -c 'trap "" TERM HUP INT; while :; do sleep 0.2; done' ${folder.path}/deaf`
    // A wrapper, as npm makes one, that ends without telling what it started.
    opencode(
      `sh -c '${LISTENS.replaceAll("'", '"')}; ${deaf.replaceAll("'", "'\\''")} & wait' ${folder.path}/server & wait`,
    )
    const controller = new AbortController()
    const server = await v2.createOpencodeServer({ signal: controller.signal })
    await expect.poll(() => processesWith("deaf").length).toBeGreaterThan(0)
    if (how === "close") server.close()
    else controller.abort()
    await expect.poll(running, { timeout: 30_000 }).toEqual([])
  },
)

test("a program that ends takes its server with it", async () => {
  opencode(`${LISTENS}; ${LIVES}`)
  const source = fileURLToPath(new URL("../src/process/start-server.ts", import.meta.url))
  const { build } = await import("esbuild")
  await build({
    entryPoints: [source],
    outfile: folder.join("start.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
  })
  folder.write({ "program.mjs": 'import { startServer } from "./start.mjs"; await startServer(); process.exit(0)' })
  const child = spawn(process.execPath, [folder.join("program.mjs")], { stdio: "inherit" })
  expect(await once(child, "exit")).toEqual([0, null])
  await expect.poll(running).toEqual([])
})

test("the terminal screen is started with what was asked for", async () => {
  opencode(LIVES)
  const screen = v1.createOpencodeTui({ project: "/p q", model: "a/b", session: "ses_1", agent: "plan" })
  await expect.poll(() => processesWith(SLEEP)).not.toEqual([])
  expect(toldArgs()).toEqual(["--project=/p q", "--model=a/b", "--session=ses_1", "--agent=plan"])
  screen.close()
  await expect.poll(running).toEqual([])
})

test.each([
  ["v1", v1],
  ["v2", v2],
])("createOpencode of %s gives the command and a client that knows its password", async (_name, { createOpencode }) => {
  folder.write({ "bin/.keep": "" })
  symlinkSync(fileURLToPath(new URL("../../cli/bin/opencode.mjs", import.meta.url)), folder.join("bin/opencode"))
  vi.stubEnv("OPENCODE_SERVER_PASSWORD", "pässword")
  vi.stubEnv("OPENCODE_DISABLE_LOCAL_DISCOVERY", "1")
  const { client, server } = await createOpencode({
    port: await freePort(),
    timeout: 60_000,
    config: { username: "somebody" },
  })
  try {
    expect((await fetch(`${server.url}/config`)).status).toBe(401)
    expect((await client.config.get()).data?.username).toBe("somebody")
    const { stream } = await client.event.subscribe()
    expect((await stream.next()).value?.type).toBe("server.connected")
    await stream.return()
  } finally {
    server.close()
  }
  await expect.poll(() => processesWith(folder.join("bin/opencode"))).toEqual([])
})

test.each([
  ["100 (a) b) S) S 7 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 4711 0", { pid: 100, parent: 7, started: "4711" }],
  ["100 (gone) Z 7 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 4711 0", undefined],
  ["", undefined],
])("Linux says of a process: %s", (stat, row) => expect(rowOfStat(stat)).toEqual(row))

test.each([
  ["  100     7 Fri Nov 20 13:15:42 2026    ", { pid: 100, parent: 7, started: "Fri Nov 20 13:15:42 2026" }],
  ["", undefined],
])("ps says of a process: %s", (line, row) => expect(rowOfPs(line)).toEqual(row))

test("on Windows the command is a script of cmd.exe, and an argument is never more than an argument", () => {
  expect(invocation(["serve", "--port=1"], "linux")).toEqual({
    file: "opencode",
    args: ["serve", "--port=1"],
    verbatim: false,
  })
  expect(invocation(["serve", "--project=C:\\a b&c"], "win32")).toEqual({
    file: "cmd.exe",
    args: ["/d", "/s", "/c", '"opencode "serve" "--project=C:\\a b&c""'],
    verbatim: true,
  })
  for (const bad of ['a"b', "%PATH%", "a!b", "a\nb"]) expect(() => invocation([bad], "win32")).toThrow("cannot hold")
})
