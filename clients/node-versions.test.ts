import { installation } from "@opencode/testing/command.ts"
import { expect, test } from "vitest"
import { programs } from "./programs.ts"

test.each(["node22", "node24"] as const)("the command runs on %s", async (name) => {
  await using opencode = installation({ node: programs[name], files: { "a.txt": "one line" } })

  const { stdout, code } = await opencode.run(["run", "--model", "offline/rules", "read a.txt"])

  expect(stdout).toContain("one line")
  expect(code).toBe(0)
})
