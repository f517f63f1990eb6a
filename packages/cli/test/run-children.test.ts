import { calls, callsMany, says, type Reply } from "@opencode/testing/script.ts"
import type { HeardRequest } from "@opencode/testing/model-server.ts"
import { expect, test } from "vitest"
import { modelScript } from "./shared.ts"

/** A turn whose subagent wants to run a command. */
function asking({ messages }: HeardRequest): Reply {
  const hasResult = messages.some(({ toolResults }) => toolResults.length > 0)
  if (messages.some(({ text }) => text === "make it"))
    return hasResult ? says("made") : calls("bash", { command: "touch made" })
  const input = { description: "make it", prompt: "make it", subagent_type: "general" }
  return hasResult ? says("done") : callsMany([{ name: "task", input }])
}

const config = { permission: { bash: "ask" } } as const

test("what a subagent asks is answered with no, said so, and the run ends with 1", async () => {
  await using at = await modelScript(asking, { config })
  const { stdout, stderr, code } = await at.run(["run", "go"])
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
  expect(stderr).toContain("touch made")
  expect(stderr).toContain("--auto")
  expect(at.model.requests).toHaveLength(2)
})

test("--auto allows it to subagents too", async () => {
  await using at = await modelScript(asking, { config })
  const { stdout, stderr, code } = await at.run(["run", "--auto", "go"])
  expect({ stdout, code }).toEqual({ stdout: "done\n", code: 0 })
  expect(stderr).toContain("✓ task make it")
  expect(stderr).not.toContain("touch made")
})
