import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { calls, says, script, unauthorized } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { served, type Served } from "./served.ts"

const CLIENT = fileURLToPath(new URL("../../../examples/python/simple_client.py", import.meta.url))

/** As a person runs it, in an environment that has a proxy for the network. */
async function python(s: Pick<Served, "url" | "world">, parameters: string[], env: Record<string, string> = {}) {
  const child = spawn("python3", [CLIENT, "--url", s.url, "--directory", s.world.project, ...parameters], {
    env: { PATH: process.env.PATH, http_proxy: "http://127.0.0.1:9", PYTHONDONTWRITEBYTECODE: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const printed = { stdout: "", stderr: "" }
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => void (printed[stream] += text))
  const code = await new Promise((resolve) => child.on("close", resolve))
  return { ...printed, code }
}

test("the Python example prints the answer as it is written, and a file", async () => {
  await using s = await served({
    files: { "notes.txt": "remember the milk – ✓\n" },
    model: script(says("Grüße aus der Maschine. ✓", { chunkSize: 3, delayMs: 2 })),
  })
  const { stdout, stderr, code } = await python(s, ["hello", "--read", "notes.txt"])
  expect({ stdout, code }).toEqual({ stdout: "Grüße aus der Maschine. ✓\nremember the milk – ✓\n", code: 0 })
  expect(stderr).toContain("opencode 1.20.0")
})

test.each([
  ["refuses what the agent asks for", [], false],
  ["allows it when it is told to", ["--allow"], true],
])("the Python example %s", async (_, flags, ran) => {
  await using s = await served({
    permission: { bash: "ask" },
    model: script(calls("bash", { command: "touch made" }), says("Done.")),
  })
  const { stderr, code } = await python(s, ["go", ...flags])
  expect(stderr).toContain(`[bash touch made: ${ran ? "once" : "reject"}]`)
  expect(s.world.files()).toEqual(ran ? ["made"] : [])
  expect(code).toBe(0)
})

test("the Python example answers what a subagent asks", async () => {
  const task = { description: "look", prompt: "look around", subagent_type: "general" }
  await using s = await served({
    permission: { bash: "ask" },
    model: script(calls("task", task), calls("bash", { command: "touch made" }), says("Made."), says("Done.")),
  })
  const { stdout, stderr, code } = await python(s, ["go", "--allow"])
  expect(stderr).toContain("[bash touch made: once]")
  expect({ stdout, code, files: s.world.files() }).toEqual({ stdout: "Done.\n", code: 0, files: ["made"] })
})

test("the Python example says what failed: a password, a model, a server, an address", async () => {
  await using s = await served({ guard: { hostnames: [], cors: [], password: "right" }, model: script(unauthorized()) })
  const wrong = await python(s, ["hello"], { OPENCODE_SERVER_PASSWORD: "wrong" })
  expect(wrong).toMatchObject({ stdout: "", code: 1 })
  expect(wrong.stderr).toContain("GET /global/health answered 401")

  const refused = await python(s, ["hello"], { OPENCODE_SERVER_PASSWORD: "right" })
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/^error: .+/m)

  const nobody = await python({ ...s, url: "http://127.0.0.1:9" }, ["hello"])
  expect(nobody.stderr).toContain("http://127.0.0.1:9 cannot be reached")
  expect(nobody.code).toBe(1)

  const wronglyCalled = await python({ ...s, url: "localhost:4096" }, ["hello"])
  expect(wronglyCalled.code).toBe(2)
  expect(wronglyCalled.stderr).toContain("'localhost:4096' does not begin with http://")
})

test("the Python example prints all of an answer, once, also when its connection breaks meanwhile", async () => {
  await using s = await served({
    model: script(says("One two three four five six seven.", { chunkSize: 2, delayMs: 60 })),
  })
  const running = python(s, ["hello"])
  await s.world.happened("message.part.delta")
  s.app.close()
  const { stdout, code } = await running
  expect({ stdout, code }).toEqual({ stdout: "One two three four five six seven.\n", code: 0 })
})
