import { spawn } from "node:child_process"
import { chmodSync, mkdirSync, readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { calls, lines, says, script } from "@opencode/testing/script.ts"
import type { Installation } from "@opencode/testing/command.ts"
import { isReachable, unprivileged } from "@opencode/testing/unprivileged.ts"
import { expect, test, vi } from "vitest"
import { modelScript } from "./shared.ts"

vi.setConfig({ testTimeout: 60_000 })

const BIN = fileURLToPath(new URL("../bin/opencode.mjs", import.meta.url))

/** A line of a shell in which `$OPENCODE` is the command. */
function shell(at: Installation, line: string): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const env = { ...at.env, OPENCODE: `${process.execPath} ${BIN}` }
  const child = spawn("bash", ["-c", line], { cwd: at.project, env, stdio: ["ignore", "pipe", "pipe"] })
  const said = { stdout: "", stderr: "" }
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text))
  return new Promise((resolve) => child.on("close", (code) => resolve({ ...said, code })))
}

test("a reader that has enough ends it quietly", async () => {
  await using at = await modelScript(script(says(lines(20_000), { chunkSize: 100_000 })))
  const { stdout, stderr } = await shell(at, "$OPENCODE run go | head -1; echo ${PIPESTATUS[0]}")
  expect(stdout).toBe("1. what a long answer says\n0\n")
  expect(stderr.replace(/^> .*\n/, "")).toBe("")
})

test("the answer comes although nobody reads what stands beside it", async () => {
  await using at = await modelScript(script(calls("bash", { command: "echo hi" }), says("said hi")))
  const { stdout } = await shell(at, "exec 3>&1; $OPENCODE run go 2>&1 >&3 | true; echo ${PIPESTATUS[0]}")
  expect(stdout).toBe("said hi\n0\n")
})

test.each([
  ["no input at all", "<&-"],
  ["an input that is empty", "</dev/null"],
  ["no place for notes", "2>&-"],
  ["a full disk below its notes", "2>/dev/full"],
])("it works with %s", async (_, redirect) => {
  await using at = await modelScript(() => says("ok"))
  expect(await shell(at, `$OPENCODE run go ${redirect}`)).toMatchObject({ stdout: "ok\n", code: 0 })
})

test("a full disk below the answer is no success, and is told in a sentence", async () => {
  await using at = await modelScript(() => says("ok"))
  const { stdout, stderr } = await shell(at, "$OPENCODE run go >/dev/full; echo $? >&2")
  expect(stdout).toBe("")
  expect(stderr).toMatch(/^Error: The answer could not be written: ENOSPC\b.*\n1\n$/m)
})

test("an input that is larger than what is taken is refused, and not cut", async () => {
  await using at = await modelScript(() => says("never"))
  const input = "a".repeat(10_000_001)
  const { stderr, code } = await at.run(["run", "--detailed-exit-codes", "go"], { input })
  expect({ stderr, code }).toEqual({ stderr: expect.stringContaining("more than 10 MB"), code: 2 })
  expect(at.model.requests).toHaveLength(0)
})

test("an input that never ends is not waited for longer than --timeout", async () => {
  await using at = await modelScript(() => says("never"))
  const { stdout, stderr } = await shell(
    at,
    "mkfifo open; exec 3<>open; $OPENCODE run --timeout 1s --detailed-exit-codes go <open; echo $?",
  )
  expect(stdout).toBe("5\n")
  expect(stderr).toBe("Standard input did not end.\nError: The time was over before the prompt was sent.\n")
  expect(at.model.requests).toHaveLength(0)
})

test("the folder is the system's, whatever PWD says", async () => {
  await using at = await modelScript(({ number }) => (number % 2 ? calls("bash", { command: "pwd" }) : says("ok")))
  for (const PWD of ["/", "/no/such/folder", undefined])
    expect((await at.run(["run", "go"], { env: { PWD } })).code).toBe(0)
  const told = at.model.requests.flatMap(({ messages }) => messages.at(-1)?.toolResults ?? [])
  expect(told.map(({ text }) => text.trim())).toEqual(Array(3).fill(at.project))
})

test.skipIf(process.getuid?.() === 0 && !isReachable(import.meta.filename))(
  "it works without HOME, and in a folder that cannot be written",
  async () => {
    await using at = await modelScript(() => says("ok"))
    const folder = at.folder.join("project/locked")
    mkdirSync(folder)
    chmodSync(folder, 0o555)
    await unprivileged(at.folder.path, async () => {
      const run = await at.run(["run", "go"], { cwd: folder, env: { HOME: undefined } })
      expect(run).toMatchObject({ stdout: "ok\n", code: 0 })
    })
    expect(readdirSync(folder)).toEqual([])
  },
)

test("nothing is left in the temporary folder", async () => {
  await using at = await modelScript(script(calls("bash", { command: "echo hi" }), says("ok")))
  await at.run(["run", "go"])
  const left = readdirSync(at.folder.join("tmp"), { recursive: true, withFileTypes: true })
  expect(left.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual([".keep"])
})

test("--output-schema prints the object, and nothing else on standard output", async () => {
  const form = { type: "object", properties: { n: { type: "number" } }, required: ["n"] }
  await using at = await modelScript(
    script(calls("bash", { command: "echo 4" }, { text: "I look." }), calls("StructuredOutput", { n: 4 })),
    { files: { "form.json": JSON.stringify(form) } },
  )
  const { stdout, stderr, code } = await at.run(["run", "--output-schema", "form.json", "count"])
  expect({ stdout, code }).toEqual({ stdout: '{"n":4}\n', code: 0 })
  expect(stderr).toContain("I look.")
})

test("--format jsonl ends with the object, what was used, and which files were changed", async () => {
  const form = { type: "object", properties: { n: { type: "number" } }, required: ["n"] }
  await using at = await modelScript(
    script(calls("write", { filePath: "made.txt", content: "x\n" }), calls("StructuredOutput", { n: 4 })),
    { files: { "form.json": JSON.stringify(form) } },
  )
  const { stdout } = await at.run(["run", "--output-schema", "form.json", "--format", "jsonl", "count"])
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
    type: "result",
    success: true,
    structured: { n: 4 },
    steps: 2,
    tokens: { input: 200, output: 40 },
    cost: expect.closeTo(0.00028),
    files: [`${at.project}/made.txt`],
  })
})

test("a limit of money that could not hold is told", async () => {
  await using at = await modelScript(() => says("never"), { files: { "a.txt": "x" } })
  const { stderr, code } = await at.run(["run", "-m", "offline/rules", "--max-cost", "1", "read a.txt"])
  expect(code).toBe(0)
  expect(stderr).toContain("--max-cost could not end the run")
})
