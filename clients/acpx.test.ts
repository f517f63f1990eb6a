import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { acpLaw } from "@opencode/testing/acp-law.ts"
import { installation, type Installation } from "@opencode/testing/command.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { calls, says, type Reply } from "@opencode/testing/script.ts"
import { mockProvider } from "@opencode/testing/mock-provider.ts"
import { expect, test } from "vitest"
import { programs } from "./programs.ts"

const AGENT = `${process.execPath} ${fileURLToPath(new URL("../packages/cli/bin/opencode.mjs", import.meta.url))} acp`

/** Longer than anything here takes on a busy machine. */
const DEADLINE_MS = 60_000

/** `acpx` in a home of its own, with our command as its agent. */
const acpx = (at: Installation, args: string[]): Promise<{ code: number; stdout: string }> =>
  new Promise((resolve) => {
    const options = { cwd: at.project, env: at.env, timeout: DEADLINE_MS }
    // Its own process for a session, and our command with it, ends when the session is closed, or so many seconds later.
    const child = execFile(programs.acpx, ["--agent", AGENT, "--ttl", "20", ...args], options, (_, stdout) =>
      resolve({ code: child.exitCode ?? 1, stdout }),
    )
    child.stdin?.end()
  })

async function withModel(script: Reply[]) {
  const model = await modelServer({ script })
  const at = installation({
    files: { "a.txt": "one line\n" },
    config: {
      model: "mock/large",
      agent: { title: { disable: true } },
      permission: { bash: "ask" },
      provider: { mock: mockProvider(model.url, "openai") },
    },
  })
  return {
    ...at,
    async [Symbol.asyncDispose]() {
      await at[Symbol.asyncDispose]()
      await model.close()
    },
  }
}

test("one prompt by acpx: every line of ours is one of the protocol", async () => {
  await using at = await withModel([calls("read", { filePath: "a.txt" }), says("It has one line.")])
  const { code, stdout } = await acpx(at, ["--format", "json", "exec", "what is in a.txt?"])
  expect(code).toBe(0)
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const law = acpLaw()
  for (const line of lines) law.asked(line)
  for (const line of lines.filter(({ method, result }) => method === "session/update" || result)) law.said(line)
  expect(law.breaches).toEqual([])
  expect(lines.at(-1)).toMatchObject({ result: { stopReason: "end_turn" } })
})

test.each([
  ["--approve-all", true],
  ["--deny-all", false],
])("acpx %s decides what is asked", async (flag, isDone) => {
  await using at = await withModel([calls("bash", { command: "touch made" }), says("done")])
  await acpx(at, [flag, "exec", "make it"])
  expect(existsSync(join(at.project, "made"))).toBe(isDone)
})

test("a session that acpx opens is gone on with, set up and closed", async () => {
  await using at = await withModel([says("first answer"), says("second answer")])
  expect((await acpx(at, ["sessions", "new"])).stdout).toMatch(/ses_/)
  expect((await acpx(at, ["set", "model", "mock/large"])).stdout).toContain("mock/large")
  expect((await acpx(at, ["first"])).stdout).toContain("first answer")
  expect((await acpx(at, ["second"])).stdout).toContain("second answer")
  expect((await acpx(at, ["set-mode", "plan"])).code).toBe(0)
  expect((await acpx(at, ["sessions", "close"])).code).toBe(0)
})
