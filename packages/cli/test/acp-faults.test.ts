import { existsSync, readFileSync } from "node:fs"
import { acpEditor } from "@opencode/testing/acp-editor.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { expect, test, vi } from "vitest"
import { modelScript } from "./shared.ts"

const line = (message: object): string => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`

test("whatever comes in is answered once, as the protocol says, and what follows is served", async () => {
  await using at = await modelScript(() => says("still here"))
  const editor = await acpEditor(at, { isSilent: true })
  const lines: [string, object][] = [
    ["garbage\n", { id: null, error: { code: -32700 } }],
    ["\u0000\u0001\n", { id: null, error: { code: -32700 } }],
    ["[]\n", { id: null, error: { code: -32600 } }],
    ['[{"jsonrpc":"2.0","id":1,"method":"session/list"}]\n', { id: null, error: { code: -32600 } }],
    ["17\n", { id: null, error: { code: -32600 } }],
    ["null\n", { id: null, error: { code: -32600 } }],
    [line({ id: "a" }), { id: "a", error: { code: -32600 } }],
    [line({ id: {}, method: "initialize" }), { id: null, error: { code: -32600 } }],
    [line({ id: "b", method: "nothing/known" }), { id: "b", error: { code: -32601 } }],
    [line({ id: "c", method: "__proto__" }), { id: "c", error: { code: -32601 } }],
    [line({ id: "d", method: "constructor", params: {} }), { id: "d", error: { code: -32601 } }],
    [line({ id: "e", method: "session/prompt", params: { sessionId: "ses_1" } }), { id: "e", error: { code: -32602 } }],
    [line({ id: "f", method: "session/new" }), { id: "f", error: { code: -32602 } }],
    [
      line({ id: "g", method: "session/new", params: { cwd: "relative", mcpServers: [] } }),
      { id: "g", error: { code: -32602 } },
    ],
    [
      line({ id: "h", method: "session/load", params: { sessionId: "ses_none", cwd: "/", mcpServers: [] } }),
      { id: "h", error: { code: -32602 } },
    ],
    [
      line({
        id: "i",
        method: "session/prompt",
        params: { sessionId: "ses_none", prompt: [{ type: "text", text: "" }] },
      }),
      { id: "i", error: { code: -32602 } },
    ],
    [
      `${line({ id: "j", method: "authenticate", params: { methodId: 3 } }).trimEnd()}\r\n`,
      { id: "j", error: { code: -32602 } },
    ],
    [line({ id: "k", method: "initialize", params: null }), { id: "k", result: { protocolVersion: 1 } }],
  ]
  // All at once, out of order, with answers and notifications that nobody waits for between them.
  for (const [text] of lines) {
    editor.raw(`\n${text}`)
    editor.raw(line({ id: 99, result: {} }) + line({ method: "session/cancel", params: 3 }) + line({ method: "$/odd" }))
  }
  await editor.hears(({ id }) => id === "k")
  await expect.poll(() => editor.said.length).toBe(lines.length)
  for (const [text, expected] of lines)
    expect(editor.said, text).toContainEqual(expect.objectContaining(matching(expected)))
  expect(await editor.prompt(await editor.session(), "there?")).toMatchObject({ stopReason: "end_turn" })
  expect(editor.breaches.filter((breach) => !breach.includes("undefined"))).toEqual([])
})

/** Members in their own terms, all of which have to be there. */
const matching = (expected: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(expected).map(([name, value]) => [
      name,
      typeof value === "object" && value !== null ? expect.objectContaining(value) : value,
    ]),
  )

test("a line that is too long is refused without being kept, and what follows is served", async () => {
  await using at = await modelScript(script())
  const editor = await acpEditor(at)
  const before = residentMB(editor.pid)
  const piece = "x".repeat(1024 * 1024)
  editor.raw('{"jsonrpc":"2.0","id":1,"method":"')
  for (let megabyte = 0; megabyte < 100; megabyte++) editor.raw(piece)
  editor.raw('"}\n')
  const refused = await editor.hears(({ error }) => error !== undefined)
  expect(refused).toMatchObject({ id: null, error: { code: -32600, message: expect.stringContaining("too long") } })
  expect(residentMB(editor.pid) - before).toBeLessThan(90)
  expect(await editor.ask("session/list", {})).toEqual({ sessions: [] })
})

function residentMB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024
}

test.each(["its input ends", "it is told to stop", "it is killed and its pipes break"])(
  "when the editor is gone (%s), what runs for it ends, and nothing is left",
  async (way) => {
    await using at = await modelScript(script(calls("bash", { command: "echo $$ > pid; exec sleep 300" })), {
      config: { permission: { bash: "allow" } },
    })
    const editor = await acpEditor(at)
    // Nobody is left to hear how it ended.
    editor.prompt(await editor.session(), "go").catch(() => {})
    const file = `${at.project}/pid`
    await vi.waitUntil(() => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"), { timeout: 20_000 })
    const pid = Number(readFileSync(file, "utf8"))
    expect(isAlive(pid)).toBe(true)

    if (way === "it is told to stop") process.kill(editor.pid, "SIGTERM")
    if (way === "it is killed and its pipes break") editor.breakPipes()
    const { code } = await editor.leave()
    expect(code).toBe(0)
    await expect.poll(() => isAlive(pid)).toBe(false)
  },
)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}

/** What a plugin may do: as soon as the command is at work, and as long as it is. */
const NOISE = `
const before = process.stdout.write
setInterval(() => {
  if (process.stdout.write === before) return
  console.log("noise")
  process.stdout.write("more")
}, 5).unref()`

test("whatever else prints on standard output, the editor hears the protocol alone", async () => {
  await using at = await modelScript(() => says("quiet"), {
    files: { "noise.mjs": NOISE },
  })
  const editor = await acpEditor(at, {
    args: ["--debug"],
    env: { NODE_OPTIONS: `--import=${at.project}/noise.mjs` },
  })
  const id = await editor.session()
  expect(await editor.prompt(id, "hello")).toMatchObject({ stopReason: "end_turn" })
  const { stderr, code } = await editor.leave()
  expect(code).toBe(0)
  expect(stderr).toContain("noise")
  expect(editor.breaches).toEqual([])
})

test("what was asked before the input ended is answered whole", async () => {
  await using at = await modelScript(script())
  const editor = await acpEditor(at, { isSilent: true })
  editor.raw(line({ id: "new", method: "session/new", params: { cwd: at.project, mcpServers: [] } }))
  expect(await editor.leave()).toMatchObject({ code: 0, stderr: "" })
  expect(editor.said).toMatchObject([
    { id: "new", result: { sessionId: expect.any(String) } },
    { params: { update: { sessionUpdate: "available_commands_update" } } },
  ])
})

test("what is wrong with the settings or with our places is told in words that a person can use", async () => {
  await using at = await modelScript(script(), { files: { "opencode.json": "{ nope" } })
  const editor = await acpEditor(at)
  await editor.session()
  await editor.printed(/Warning: .*opencode\.json.* cannot be read at line 1/)

  await using full = await modelScript(script())
  full.folder.write({ data: "a file where our folder would be" })
  const other = await acpEditor(full)
  await expect(other.session()).rejects.toMatchObject({
    code: -32603,
    message: expect.stringMatching(/The folder .* could not be made/),
  })
  expect((await other.leave()).stderr).not.toContain("    at ")
})

test("a folder that is given is where an editor works that names none, and one that does not exist is refused", async () => {
  await using at = await modelScript(script(), { files: { "sub/.keep": "" } })
  const editor = await acpEditor(at, { args: ["--cwd", "sub", "--port", "4096", "--hostname", "127.0.0.1", "--mdns"] })
  expect(await editor.ask("session/list", { cwd: "/does/not/exist" })).toEqual({ sessions: [] })
  expect((await editor.leave()).code).toBe(0)
  const { code, stderr } = await at.run(["acp", "--cwd", "none"])
  expect(code).toBe(1)
  expect(stderr).toContain("none does not exist")
})
