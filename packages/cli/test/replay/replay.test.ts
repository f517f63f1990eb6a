import { once } from "node:events"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import type { Entry } from "@opencode/core/recording/entry.ts"
import { installation } from "@opencode/testing/command.ts"
import { unauthorized } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { isSame, report } from "../../src/commands/replay.ts"
import { replayFile } from "../../src/replay-file.ts"
import { calls, modelScript, says } from "../shared.ts"
import { person } from "./cases.ts"

type Scripted = Awaited<ReturnType<typeof modelScript>>

const SCRIPT = () => [
  calls("bash", { command: "echo hello > made && cat made" }, { text: "I make it." }),
  calls("read", { filePath: "made" }),
  says("It is made."),
]

/** A run of the command, recorded. */
async function recordedRun(at: Scripted, args: string[] = [], env: Record<string, string> = {}): Promise<string> {
  const path = at.folder.join(`run-${args.length}.ndjson`)
  const { code, stderr } = await at.run(["run", "--auto", ...args, "make a file"], {
    env: { OPENCODE_RECORD: path, ...env },
  })
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(`Recording to ${path}`) })
  return path
}

const entriesOf = (path: string): Entry[] =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Entry)

/** The recording with one thing in it changed. */
function changed(path: string, from: string, to: string): string {
  const text = readFileSync(path, "utf8")
  expect(text).toContain(from)
  const place = `${path}.changed`
  writeFileSync(place, text.replace(from, to))
  return place
}

test("a run with the offline model, which is asked again, comes out the same in another folder", async () => {
  await using at = installation({ files: { "src/a.txt": "one" } })
  const path = at.folder.join("offline.ndjson")
  const request = "list the files in src, then create made.txt with hello, then run cat made.txt"
  const { stdout, code } = await at.run(["run", "--auto", "-m", "offline/rules", request], {
    env: { OPENCODE_RECORD: path },
  })
  expect({ stdout, code }).toEqual({ stdout: expect.stringContaining("Created `made.txt`"), code: 0 })
  const replayed = await at.run(["debug", "replay", path])
  expect(replayed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^same transcript, /) })
})

test("a recorded run comes out the same without a model, without a connection, and with no file touched", async () => {
  await using at = await modelScript(SCRIPT())
  const path = await recordedRun(at)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  await at.model.close()
  const knocks: string[] = []
  const port = Number(new URL(at.model.url).port)
  const listening = createServer((socket) => {
    knocks.push("knock")
    socket.destroy()
  }).listen(port, "127.0.0.1")
  await once(listening, "listening")
  at.folder.write({ "project/made": "something else" })

  const replayed = await at.run(["debug", "replay", path])
  expect(replayed).toEqual({
    code: 0,
    stderr: "",
    stdout: "same transcript, 4 messages, 11 parts (1 session, 3 requests)\n",
  })
  expect(knocks).toEqual([])
  expect(readFileSync(join(at.project, "made"), "utf8")).toBe("something else")
  expect(readdirSync(at.folder.join("tmp")).filter((name) => name.includes("replay"))).toEqual([])
  listening.close()
})

test("a question whether to trust the folder, and its answer, come out the same", async () => {
  const files = { "opencode.json": JSON.stringify({ mcp: { x: { type: "local", command: ["x"] } } }) }
  await using at = await modelScript(SCRIPT(), { files })
  const path = await recordedRun(at)
  expect(entriesOf(path)).toContainEqual(expect.objectContaining({ k: "begin", what: expect.stringContaining("ask") }))
  const replayed = await at.run(["debug", "replay", path])
  expect(replayed).toMatchObject({ code: 0, stderr: "" })
})

test("what files and references told the model is in the recording, and a replay needs none of them", async () => {
  await using at = await modelScript([calls("read", { filePath: "x/f.ts" }), says("done")])
  at.folder.write({
    "project/AGENTS.md": "Use tabs.",
    "project/x/AGENTS.md": "about x",
    "project/x/f.ts": "f",
    "project/opencode.json": JSON.stringify({ references: { lib: { path: "./lib", description: "A library." } } }),
  })
  const path = at.folder.join("told.ndjson")
  const run = await at.run(["run", "--auto", "look at @lib"], { env: { OPENCODE_RECORD: path } })
  expect(run.code).toBe(0)
  expect(at.model.requests[0]?.system).toMatch(/A library\.[^]*Use tabs\./)
  expect(at.model.heard()).toContain("about x")

  at.folder.write({ "project/AGENTS.md": "Use spaces.", "project/x/AGENTS.md": "", "project/opencode.json": "{}" })
  const replayed = await at.run(["debug", "replay", path])
  expect(replayed).toMatchObject({ code: 0, stdout: expect.stringContaining("same transcript, 3 messages") })
})

test("whatever differs first is said: another answer, another request, another result", async () => {
  await using at = await modelScript(SCRIPT())
  const path = await recordedRun(at)

  const answer = await at.run(["debug", "replay", changed(path, "I make it.", "I broke it.")])
  expect(answer.code).toBe(1)
  expect(answer.stdout).toMatch(/differs: Request 2 of session ses_\w+ says something else: "messages\[2\]" differs/)
  expect(answer.stdout).toMatch(/another transcript: session ses_\w+, message 2 \(msg_\w+\), parts, 1, text\n/)
  expect(answer.stdout).toContain('recorded: "I make it."')
  expect(answer.stdout).toContain('replayed: "I broke it."')

  const prompt = await replayFile(changed(path, '"agent":{', '"agent":{"build":{"prompt":"Be rude."},'))
  expect(prompt.difference).toBeUndefined()
  expect(prompt.deviations[0]).toMatch(/^Request 1 of session .* "messages\[0\]" differs; now it is .*Be rude\./)
  expect(isSame(prompt)).toBe(false)

  const result = await replayFile(changed(path, '"output":"hello\\n","metadata"', '"output":"olleh\\n","metadata"'))
  expect(report(result).join("\n")).toMatch(
    /message 2 .*, state, output\n +recorded: "hello\\n"\n +replayed: "olleh\\n"/,
  )
})

test("requests that were meant to change are accepted into the recording, and nothing else is", async () => {
  await using at = await modelScript(SCRIPT())
  const path = await recordedRun(at)
  const prompt = changed(path, '"agent":{', '"agent":{"build":{"prompt":"Be rude."},')
  expect(isSame(await replayFile(prompt))).toBe(false)
  const accepted = await at.run(["debug", "replay", prompt, "--accept"])
  expect(accepted).toMatchObject({ code: 0, stdout: expect.stringContaining("accepted:") })
  expect(isSame(await replayFile(prompt))).toBe(true)

  const answer = changed(path, "I make it.", "I broke it.")
  const before = readFileSync(answer, "utf8")
  expect((await at.run(["debug", "replay", answer, "--accept"])).code).toBe(1)
  expect(readFileSync(answer, "utf8")).toBe(before)
})

test("a request that is not in the recording is refused and named", async () => {
  await using at = await modelScript(SCRIPT())
  const path = await recordedRun(at)
  const lines = readFileSync(path, "utf8").split("\n")
  const last = entriesOf(path).findLast((entry) => entry.k === "request")
  const without = lines.filter((line) => !line.includes(`"n":${last?.k === "request" ? last.n : 0},`))
  writeFileSync(path, without.join("\n"))
  const { deviations } = await replayFile(path)
  expect(deviations[0]).toMatch(/^Request 3 of session ses_\w+ is not in the recording: it goes to http:/)
})

test("a file that is no recording is told apart from one that differs", async () => {
  await using at = await modelScript([])
  at.folder.write({
    "no.ndjson": '{"some":"json"}\n',
    "new.ndjson": '{"opencode":"recording","format":99}\n',
    empty: "",
  })
  for (const [name, why] of [
    ["no.ndjson", "This is no recording"],
    ["new.ndjson", "has format 99"],
    ["empty", "Line 1 of the recording is not a JSON object"],
    ["missing", "cannot be read (ENOENT)"],
  ] as const) {
    const { code, stderr } = await at.run(["debug", "replay", at.folder.join(name)])
    expect({ name, code, stderr }).toEqual({ name, code: 2, stderr: expect.stringContaining(why) })
  }
})

test("a recording that breaks off anywhere is good up to there", async () => {
  await using at = await modelScript(SCRIPT())
  const path = await recordedRun(at)
  const text = readFileSync(path, "utf8")
  const lines = text.split("\n")
  for (let count = 4; count < lines.length - 2; count += 4) {
    // The line after the last whole one is torn.
    const torn = `${lines.slice(0, count).join("\n")}\n${(lines[count] ?? "").slice(0, 20)}`
    writeFileSync(path, torn)
    const verdict = await replayFile(path)
    expect({ count, said: report(verdict) }).toEqual({
      count,
      said: [expect.stringContaining("breaks off"), expect.stringContaining("same transcript")],
    })
  }
})

test("a killed process leaves a recording of everything up to its last moment", async () => {
  await using at = await modelScript([says("First."), calls("bash", { command: "echo begun; sleep 60" })])
  const path = at.folder.join("killed.ndjson")
  const { url, child, finished } = await at.serve([], { env: { OPENCODE_RECORD: path } })
  const { session, prompt, send, seen } = person(url, at.project)
  const id = await session()
  await prompt(id, "say something")
  await send(id, "wait")
  await seen(id, ({ parts }) => parts.some((part) => part.type === "tool" && part.state.status === "running"))
  child.kill("SIGKILL")
  await finished

  const verdict = await replayFile(path)
  expect(report(verdict)).toEqual([
    expect.stringContaining("breaks off"),
    "same transcript, 3 messages, 5 parts (1 session, 2 requests)",
  ])
})

test("a session that was there before is continued in the replay as well", async () => {
  await using at = await modelScript([says("Hello."), says("You said hi.")])
  await at.run(["run", "hi"])
  const path = await recordedRun(at, ["--continue"])
  const verdict = await replayFile(path)
  expect(report(verdict)).toEqual(["same transcript, 4 messages, 8 parts (1 session, 1 request)"])
})

test("no recording is written over, and a command that changes no session makes none", async () => {
  await using at = await modelScript([says("one"), says("two")])
  const path = at.folder.join("deep/run.ndjson")
  const env = { OPENCODE_RECORD: path }
  await at.run(["session", "list"], { env })
  await at.run(["debug", "config"], { env })
  expect(existsSync(path)).toBe(false)
  await at.run(["run", "first"], { env })
  const { stderr } = await at.run(["run", "second"], { env })
  expect(stderr).toContain(`Recording to ${path}.2.`)
  expect(readFileSync(path, "utf8")).toContain("first")
  expect(readFileSync(`${path}.2`, "utf8")).toContain("second")
})

test("a recording that cannot be made is said, and the work goes on", async () => {
  await using at = await modelScript([says("done")])
  const { code, stderr, stdout } = await at.run(["run", "go"], { env: { OPENCODE_RECORD: "/proc/no/such/place" } })
  expect({ code, stdout }).toEqual({ code: 0, stdout: "done\n" })
  expect(stderr).toContain("Nothing is recorded: /proc/no/such/place could not be made")
})

test("no key gets into a recording, wherever it passes", async () => {
  const planted = {
    config: "planted-key-of-the-configuration",
    header: "planted-key-in-a-header",
    login: "planted-key-of-a-login",
    token: "planted-token-of-a-login",
    variable: "planted-key-of-a-variable",
    proxy: "planted-password-of-a-proxy",
    server: "planted-password-of-the-server",
  }
  const script = [
    unauthorized({ message: `Incorrect API key provided: ${planted.config}` }),
    calls("bash", { command: "cat secret.txt" }),
    says(`The file says ${planted.login}.`, { chunkSize: 200 }),
  ]
  await using at = await modelScript(script, { files: { "secret.txt": Object.values(planted).join("\n") } })
  const config = JSON.parse(readFileSync(at.folder.join("config/opencode/opencode.json"), "utf8"))
  Object.assign(config.provider.mock.options, {
    apiKey: planted.config,
    headers: { authorization: `Bearer ${planted.header}`, "x-team": "blue" },
  })
  at.folder.write({
    "config/opencode/opencode.json": JSON.stringify(config),
    "data/opencode/auth.json": JSON.stringify({
      other: { type: "api", key: planted.login },
      another: { type: "oauth", refresh: planted.token, access: planted.token, expires: 0 },
    }),
  })
  const path = at.folder.join("keys.ndjson")
  const env = {
    OPENCODE_RECORD: path,
    SOME_API_KEY: planted.variable,
    HTTPS_PROXY: `http://someone:${planted.proxy}@127.0.0.1:1`,
    OPENCODE_SERVER_PASSWORD: planted.server,
  }
  const { url, child, finished } = await at.serve([], { env })
  const post = async (target: string, body: unknown) => {
    const authorization = `Basic ${Buffer.from(`opencode:${planted.server}`).toString("base64")}`
    const headers = { authorization, "content-type": "application/json" }
    const response = await fetch(url + target, { method: "POST", headers, body: JSON.stringify(body) })
    return (await response.json()) as { id: string }
  }
  const { id } = await post("/session", {})
  await post(`/session/${id}/message`, { parts: [{ type: "text", text: `my key is ${planted.config}` }] })
  await post(`/session/${id}/message`, { parts: [{ type: "text", text: "read the file" }] })
  child.kill("SIGTERM")
  await finished

  expect(at.model.unexpected).toEqual([])
  expect(at.model.heard()).toContain(planted.proxy) // the model itself gets what the file says
  const text = readFileSync(path, "utf8")
  for (const [where, value] of Object.entries(planted)) expect([where, text.includes(value)]).toEqual([where, false])
  expect(text).not.toContain(Buffer.from(`opencode:${planted.server}`).toString("base64"))
  expect(report(await replayFile(path))).toEqual([expect.stringContaining("same transcript, 5 messages")])
})

test("what was approved for good before comes out the same, in a place that knows nothing of it", async () => {
  await using at = await modelScript(
    [...["one", "two"].flatMap((name) => [calls("bash", { command: `touch ${name}` }), says(name)])],
    { config: { permission: { bash: "ask" } } },
  )
  const { url, child, finished } = await at.serve([])
  const { client, session, send, asked, idle } = person(url, at.project)
  const id = await session()
  await send(id, "go")
  await client.permission.reply({ requestID: (await asked("bash")).id, reply: "always", save: true })
  await idle(id)
  child.kill("SIGTERM")
  await finished

  const path = at.folder.join("saved.ndjson")
  expect(await at.run(["run", "go"], { env: { OPENCODE_RECORD: path } })).toMatchObject({ code: 0, stdout: "two\n" })
  expect(report(await replayFile(path))).toEqual([expect.stringContaining("same transcript")])
  const without = changed(path, '"k":"approvals"', '"k":"unknown"')
  expect(isSame(await replayFile(without))).toBe(false)
})
