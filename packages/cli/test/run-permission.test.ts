import { readFileSync } from "node:fs"
import { join } from "node:path"
import { says, script, calls } from "@opencode/testing/script.ts"
import { expect, test, vi } from "vitest"
import { person } from "./replay/cases.ts"
import { modelScript } from "./shared.ts"

const question = calls("question", {
  questions: [{ question: "Which?", header: "Pick", options: [{ label: "A", description: "a" }] }],
})

test("--auto does not change a control file: the run says so and fails", async () => {
  await using at = await modelScript(
    script(calls("write", { filePath: ".npmrc", content: "registry=http://x.test" }), says("never said")),
  )
  const { code, stderr } = await at.run(["run", "--auto", "go"])
  expect(code).toBe(1)
  expect(stderr).toContain("control_file (.npmrc)")
  expect(stderr).toContain("Use a permission rule.")
  expect(at.model.requests).toHaveLength(1)
  expect(() => readFileSync(join(at.project, ".npmrc"))).toThrow("ENOENT")
})

test("--auto changes a control file that a rule allows", async () => {
  await using at = await modelScript(script(calls("write", { filePath: ".npmrc", content: "x" }), says("done")), {
    config: { permission: { control_file: { ".npmrc": "allow" } } },
  })
  expect((await at.run(["run", "--auto", "go"])).code).toBe(0)
  expect(readFileSync(join(at.project, ".npmrc"), "utf8")).toBe("x")
})

test("--auto lifts neither a ceiling nor what a session denies", async () => {
  await using at = await modelScript(
    script(
      calls("write", { filePath: "a.txt", content: "x" }),
      says("planned"),
      calls("bash", { command: "rm a" }),
      says("no"),
    ),
    { config: { permission: { bash: { "*": "ask", "rm *": "deny" } } }, files: { a: "kept" } },
  )
  expect((await at.run(["run", "--auto", "--agent", "plan", "go"])).code).toBe(0)
  expect((await at.run(["run", "--auto", "go"])).code).toBe(0)
  expect(() => readFileSync(join(at.project, "a.txt"))).toThrow("ENOENT")
  expect(readFileSync(join(at.project, "a"), "utf8")).toBe("kept")
})

test("a new run is not told of the question tool, and nobody waits for an answer", async () => {
  await using at = await modelScript(script(question, says("I decide myself.")))
  const { code, stdout } = await at.run(["run", "go"])
  expect({ code, stdout }).toEqual({ code: 0, stdout: "I decide myself.\n" })
  expect(at.model.requests[0]?.tools).not.toContain("question")
})

test.each([[[]], [["--auto"]]])(
  "a question in a session that is gone on with is dismissed, said so, and the run %j fails",
  async (flags) => {
    await using at = await modelScript(script(says("hello"), question, says("never said")))
    const { url, child, finished } = await at.serve([])
    const { session, prompt } = person(url, at.project)
    const id = await session()
    await prompt(id, "hi")
    child.kill("SIGTERM")
    await finished
    const { code, stderr } = await at.run(["run", ...flags, "-s", id, "go on"])
    expect(code).toBe(1)
    expect(stderr).toContain("question")
    expect(at.model.requests).toHaveLength(2)
  },
)

test("what was saved in a server holds for a run in the same project", async () => {
  await using at = await modelScript(
    script(calls("bash", { command: "touch one" }), says("one"), calls("bash", { command: "touch two" }), says("two")),
    { config: { permission: { bash: "ask" } } },
  )
  const { url, child, finished } = await at.serve([])
  const { session, send, asked, idle } = person(url, at.project)
  const id = await session()
  await send(id, "go")
  const { id: requestID } = await asked("bash")
  const reply = { method: "POST", headers: { "content-type": "application/json" } }
  const body = JSON.stringify({ reply: "always", save: true })
  expect(await (await fetch(`${url}/permission/${requestID}/reply`, { ...reply, body })).json()).toBe(true)
  await idle(id)
  child.kill("SIGTERM")
  await finished
  expect(await at.run(["run", "go"])).toMatchObject({ code: 0, stdout: "two\n" })
})

test("debug permission says what becomes of a call, and which line says so", async () => {
  await using at = await modelScript(script(), {
    files: { "opencode.json": '{\n  "permission": {\n    "bash": { "*": "ask", "git push *": "deny" }\n  }\n}' },
  })
  const file = join(at.project, "opencode.json")
  const { code, stdout } = await at.run(["debug", "permission", "bash", "ls; git push origin"])
  expect(code).toBe(0)
  expect(stdout).toBe(
    [
      "deny: bash, agent build",
      '  ask   bash "ls"',
      `        ask bash "*": ${file}:3:15, permission.bash.*.`,
      '  deny  bash "git push origin"',
      `        deny bash "git push *": ${file}:3:27, permission.bash.git push *.`,
      "",
    ].join("\n"),
  )
  const json = await at.run([
    "debug",
    "permission",
    "edit",
    '{"filePath":"a","oldString":"","newString":"x"}',
    "--format",
    "json",
  ])
  expect(JSON.parse(json.stdout)).toMatchObject({ tool: "edit", action: "allow", asks: [{ permission: "edit" }] })
  const plan = await at.run(["debug", "permission", "bash", "touch x", "--agent", "plan"])
  expect(plan.stdout).toContain("deny: bash, agent plan\n  The tool refuses: ")
  expect(await at.run(["debug", "permission", "bsh", "x"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Did you mean bash?"),
  })
})

vi.setConfig({ testTimeout: 60_000 })
