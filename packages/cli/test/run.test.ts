import { existsSync } from "node:fs"
import { join } from "node:path"
import { installation } from "@opencode/testing/command.ts"
import {
  calls,
  callsMany,
  emptyStream,
  lines as manyLines,
  says,
  script,
  stalls,
  unauthorized,
} from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { modelScript } from "./shared.ts"

test("the version is one line and nothing else", async () => {
  await using at = installation()
  expect(await at.run(["--version"])).toEqual({ stdout: "1.20.0\n", stderr: "", code: 0 })
})

test("the answer is all of standard output, and what was done for it stands on standard error", async () => {
  await using at = await modelScript(script(calls("bash", { command: "echo hi" }), says("said hi")))
  const { stdout, stderr, code } = await at.run(["run", "say hi"])
  expect({ stdout, code }).toEqual({ stdout: "said hi\n", code: 0 })
  expect(stderr).toContain("> build · large")
  expect(stderr).toContain("✓ bash echo hi")
})

test("text on standard input is appended to the message, which is taken as it is", async () => {
  await using at = await modelScript(script(says("ok")))
  await at.run(["run", "explain  this:", "please"], { input: "line one\nline two\n" })
  expect(at.model.requests[0]?.messages.at(-1)?.text).toBe("explain  this: please\nline one\nline two")
})

test("the JSON format prints one object per line, in the order of the turn", async () => {
  await using at = await modelScript(script(calls("bash", { command: "echo hi" }), says("said hi")))
  const { stdout, code } = await at.run(["run", "--format", "json", "go"])
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(code).toBe(0)
  expect(lines.map((line) => line.type)).toEqual([
    "step_start",
    "tool_use",
    "step_finish",
    "step_start",
    "text",
    "step_finish",
  ])
  expect(lines[1]).toMatchObject({
    sessionID: expect.stringMatching(/^ses_/),
    timestamp: expect.any(Number),
    part: { tool: "bash", state: { status: "completed" } },
  })
})

test.each(["default", "json"])("the notes of a compaction are no answer (%s)", async (format) => {
  const usage = { input: 99_000, output: 20 }
  await using at = await modelScript(
    script(says(manyLines(1_400), { usage, chunkSize: 50_000 }), says("these are notes"), says("the answer")),
  )
  await at.run(["run", "first"])
  const { stdout, code } = await at.run(["run", "-c", "--format", format, "second"])
  expect(code).toBe(0)
  expect(stdout).toContain("the answer")
  expect(stdout).not.toContain("these are notes")
  expect(at.model.requests).toHaveLength(3)
})

test("a question is answered with no, said so, and the run fails", async () => {
  await using at = await modelScript(script(calls("bash", { command: "touch made" })), {
    config: { permission: { bash: "ask" } },
  })
  const { stderr, code } = await at.run(["run", "go"])
  expect(code).toBe(1)
  expect(stderr).toContain("touch made")
  expect(stderr).toContain("--auto")
})

test.each([
  ["a refused question", calls("bash", { command: "touch made" }), "touch made"],
  ["an answer without text", says(" \n"), "without an answer"],
])("the JSON format ends with an error after %s", async (_, reply, reason) => {
  await using at = await modelScript(script(reply), { config: { permission: { bash: "ask" } } })
  const { stdout, stderr, code } = await at.run(["run", "--format", "json", "go"])
  expect(code).toBe(1)
  expect(stderr).toContain(reason)
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toEqual({
    type: "error",
    timestamp: expect.any(Number),
    sessionID: expect.stringMatching(/^ses_/),
    error: { name: "UnknownError", data: { message: expect.stringContaining(reason) } },
  })
})

test("--auto allows what a rule does not deny", async () => {
  const permission = { bash: { "*": "ask", "rm *": "deny" } } as const
  await using at = await modelScript(
    script(calls("bash", { command: "touch made" }), calls("bash", { command: "rm made" }), says("done")),
    { config: { permission } },
  )
  const { code } = await at.run(["run", "--auto", "go"])
  expect(code).toBe(0)
  expect(at.model.heard()).toContain("rule")
})

test("--auto does not allow a file that decides what runs later, a rule that names it does", async () => {
  for (const control_file of [undefined, "allow"] as const) {
    await using at = await modelScript(script(calls("bash", { command: "echo x > .envrc" }), says("done")), {
      config: { permission: { "*": "allow", ...(control_file && { control_file }) } },
    })
    const { code, stderr } = await at.run(["run", "--auto", "go"])
    expect(code).toBe(control_file ? 0 : 1)
    if (!control_file) expect(stderr).toMatch(/control_file \(\.envrc\).*Use a permission rule\./)
  }
})

// Beside each other: after an empty answer a run waits and asks again, three times.
test.concurrent.each([
  ["a refused key", unauthorized(), /401|key|auth/i],
  ["an empty answer", emptyStream(), /./],
])("%s ends the run with 1 and a sentence", async (_, reply, sentence) => {
  await using at = await modelScript(() => reply)
  const { stdout, stderr, code } = await at.run(["run", "go"])
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
  expect(stderr).toMatch(sentence)
  expect(stderr).not.toMatch(/\n\s+at /)
})

test.concurrent.each([
  ["an unknown model", ["-m", "mock/lagre"], /lagre.*large/],
  ["an unknown provider", ["-m", "mok/large"], /mok.*mock/],
  ["an unknown agent", ["--agent", "biuld"], /biuld.*build/],
  ["an unknown session", ["-s", "ses_nope"], /ses_nope/],
  ["a folder that does not exist", ["--dir", "/no/such/folder"], /\/no\/such\/folder/],
])("%s is named in one sentence and exits with 1", async (_, args, sentence) => {
  await using at = await modelScript(() => says("ok"))
  const { stderr, stdout, code } = await at.run(["run", ...args, "go"])
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
  expect(stderr.trim()).toMatch(sentence)
  expect(stderr.trim().split("\n")).toHaveLength(1)
  expect(at.model.requests).toHaveLength(0)
  expect((await at.run(["session", "list"])).stdout).toBe("")
})

test.concurrent("an answer that was cut at the limit is printed and is no success", async () => {
  await using at = await modelScript(script(says("half of it", { finish: "length" })))
  const { stdout, stderr, code } = await at.run(["run", "go"])
  expect({ stdout, code }).toEqual({ stdout: "half of it\n", code: 1 })
  expect(stderr).toContain("cut")
})

test.concurrent("a missing key names the variable that would hold it", async () => {
  await using at = installation({ config: { model: "anthropic/claude-sonnet-5" } })
  const { stderr, code } = await at.run(["run", "go"])
  expect(code).toBe(1)
  expect(stderr).toContain("ANTHROPIC_API_KEY")
})

test.concurrent("a session is continued by -c and by -s", async () => {
  await using at = await modelScript(() => says("ok"))
  await at.run(["run", "--title", "mine", "first"])
  const { stdout } = await at.run(["session", "list", "--format", "json"])
  const [session] = JSON.parse(stdout) as { id: string; title: string }[]
  expect(session?.title).toBe("mine")
  await at.run(["run", "-c", "second"])
  await at.run(["run", "-s", session?.id ?? "", "third"])
  expect(
    at.model.requests
      .at(-1)
      ?.messages.filter((m) => m.role === "user")
      .map((m) => m.text),
  ).toEqual(["first", "second", "third"])
  expect(await at.run(["session", "delete", session?.id ?? ""])).toMatchObject({ code: 0 })
  expect(await at.run(["session", "list"])).toMatchObject({ stdout: "", code: 0 })
  expect(await at.run(["session", "delete", session?.id ?? ""])).toMatchObject({ code: 1 })
  const nobody = await at.run(["session", "delete", "nobody"])
  expect(nobody).toMatchObject({ code: 1, stdout: "" })
  expect(nobody.stderr).toBe("Error: Session not found: nobody\n")
})

test("one Ctrl-C ends the turn, and what was done is on record", async () => {
  await using at = await modelScript(script(stalls(says("this will never end"), 1)))
  const run = at.start(["run", "go"])
  await at.model.received(1)
  run.child.kill("SIGINT")
  expect((await run.finished).code).toBe(130)
  const { stdout } = await at.run(["session", "list", "--format", "json"])
  expect(JSON.parse(stdout)).toHaveLength(1)
  await expect.poll(() => at.model.openConnections()).toBe(0)
})

test("a Ctrl-C while the files of the prompt are still being read ends the run as well", async () => {
  const names = Array.from({ length: 40 }, (_, n) => `large-${n}.txt`)
  const files = Object.fromEntries(names.map((name) => [name, "a line\n".repeat(200_000)]))
  await using at = await modelScript(() => stalls(says("this will never end"), 1), { files })
  for (let wait = 10; ; wait *= 2) {
    const run = at.start(["run", "--share", ...names.flatMap((name) => ["-f", name]), "go"])
    await run.printed("Shared:") // from here on it is about the prompt
    await new Promise((resolve) => setTimeout(resolve, wait))
    run.child.kill("SIGINT")
    const { code } = await run.finished
    if (run.child.signalCode === "SIGINT") continue // it was not listening yet
    return expect(code).toBe(130)
  }
}, 60_000)

test("broken configuration is named with its place, and the rest starts", async () => {
  await using at = await modelScript(script(says("ok")), {
    files: { "opencode.json": '{\n  "model": "mock/large",\n  "instructions": [,]\n}\n' },
  })
  const { stdout, code } = await at.run(["run", "go"])
  expect({ stdout, code }).toEqual({ stdout: "ok\n", code: 0 })
  const { stderr } = await at.run(["debug", "config"])
  expect(stderr).toMatch(/opencode\.json:3:\d+/)
})

test("an unknown key is reported with the nearest known one", async () => {
  await using at = installation({ files: { "opencode.json": '{ "permissionn": {} }' } })
  const { stdout, stderr, code } = await at.run(["debug", "config"])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toBeTypeOf("object")
  expect(stderr).toMatch(/permissionn.*permission/)
})

test("escape sequences of a model do not reach the terminal", async () => {
  await using at = await modelScript(script(says("\u001b]0;owned\u0007 red \u001b[31m")))
  const { stdout } = await at.run(["run", "go"])
  expect(stdout).not.toContain("\u001b")
  expect(stdout).toContain("red")
})

test("-c continues a session of this folder only, and -s works where its session does", async () => {
  await using at = await modelScript((request) =>
    request.number % 2 ? calls("bash", { command: `pwd > made${request.number}` }) : says("ok"),
  )
  at.folder.write({ "other/.keep": "" })
  const other = at.folder.join("other")
  await at.run(["run", "first"])
  const elsewhere = await at.run(["run", "-c", "second"], { cwd: other })
  expect(elsewhere).toMatchObject({ code: 1, stdout: "" })
  expect(elsewhere.stderr).toContain("no session in this folder")

  const [session] = JSON.parse((await at.run(["session", "list", "--format", "json"])).stdout) as { id: string }[]
  const named = await at.run(["run", "-s", session?.id ?? "", "third"], { cwd: other })
  expect(named).toMatchObject({ code: 0, stdout: "ok\n" })
  expect(named.stderr).toContain(`works in ${at.project}`)
  expect(existsSync(join(at.project, "made3"))).toBe(true)
  expect((await at.run(["session", "list"], { cwd: other })).stdout).toBe("")
})

test("an answer of many megabytes arrives whole", async () => {
  const text = Array.from({ length: 500_000 }, (_, n) => `line ${n}`).join("\n")
  await using at = await modelScript(script(says(text, { chunkSize: 100_000 })))
  const { stdout, code } = await at.run(["run", "go"])
  expect({ size: stdout.length, code }).toEqual({ size: text.length + 1, code: 0 })
})

test.each([
  [["-m", "mock/lagre", "go"], "lagre"],
  [["-m", "lagre", "go"], 'not "lagre"'],
  [[], "nothing to do"],
  [["--session", "nope", "go"], "nope"],
  [["--session", "ses_0000000000000000000000000a", "go"], "ses_0000000000000000000000000a"],
  [["--fork", "go"], "--fork needs a session"],
  [["--continue", "go"], "no session in this folder"],
  [["--file", "missing.txt", "go"], "missing.txt"],
  [["--dir", "missing", "go"], "missing"],
  [["--command", "missing"], "missing"],
  [["--agent", "missing", "go"], "missing"],
  [["--nope", "go"], "unknown option '--nope'"],
])("a run that cannot begin says so as JSON too: %j", async (args, message) => {
  await using at = await modelScript(() => says("ok"))
  const { stdout, code } = await at.run(["run", "--format", "json", ...args])
  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({
    type: "error",
    timestamp: expect.any(Number),
    error: { name: "UnknownError", data: { message: expect.stringContaining(message) } },
  })
})

test("two calls with one id both run", async () => {
  await using at = await modelScript(
    script(
      callsMany([
        { name: "bash", input: { command: "touch one" }, id: "same" },
        { name: "bash", input: { command: "touch two" }, id: "same" },
      ]),
      says("ok"),
    ),
  )
  expect(await at.run(["run", "go"])).toMatchObject({ code: 0 })
  expect([existsSync(join(at.project, "one")), existsSync(join(at.project, "two"))]).toEqual([true, true])
})

test.each([
  ["without HOME", { HOME: undefined }],
  ["with an empty HOME", { HOME: "" }],
])("it works %s, and not in a place that others could prepare", async (_, env) => {
  await using at = installation()
  const { stdout, code } = await at.run(["debug", "paths"], { env: { ...env, XDG_DATA_HOME: undefined } })
  expect(code).toBe(0)
  expect(stdout).not.toMatch(/ \/tmp\/\.local/)
})

test("a data folder that cannot be made ends with a sentence", async () => {
  await using at = installation()
  const { stderr, code } = await at.run(["session", "list"], { env: { XDG_DATA_HOME: "/proc/nope" } })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^Error: .*\/proc\/nope/)
})

test("sixteen first starts at once all work", async () => {
  await using at = await modelScript(() => says("ok"))
  const runs = await Promise.all(Array.from({ length: 16 }, () => at.run(["run", "go"])))
  expect(runs.map(({ code, stderr }) => (code === 0 ? "ok" : stderr))).toEqual(Array(16).fill("ok"))
}, 60_000)

test("an unknown command is named, with the nearest known one", async () => {
  await using at = installation()
  const { stderr, code } = await at.run(["sessoin"])
  expect(code).toBe(1)
  expect(stderr).toMatch(/unknown command 'sessoin'.*session/)
})

test("-f attaches files and folders, as often as it is given", async () => {
  await using at = await modelScript(script(says("ok")), { files: { "a b#1?.txt": "alpha\n", "src/x.ts": "" } })
  const { code } = await at.run(["run", "-f", "a b#1?.txt", "look", "--file", "src", "here"])
  const heard = at.model.heard()
  expect(code).toBe(0)
  expect(heard).toContain("1: alpha")
  expect(heard).toContain("x.ts\n")
  expect(at.model.requests[0]?.messages.at(-1)?.text).toMatch(/look here$/)
})

test.each([
  ["does not exist", "gone.txt"],
  ["neither a file nor a folder", "/dev/null"],
])("a file that %s ends the run before there is a session", async (sentence, file) => {
  await using at = await modelScript(script(says("ok")))
  const { code, stderr } = await at.run(["run", "-f", file, "look"])
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(sentence) })
  expect((await at.run(["session", "list", "--format", "json"])).stdout.trim()).toBe("[]")
  expect(at.model.requests).toHaveLength(0)
})
