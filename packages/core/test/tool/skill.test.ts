import { createRegistry } from "@opencode/core/tool/registry.ts"
import { skillTool } from "@opencode/core/tool/skill.ts"
import { expect, test } from "vitest"

test("a skill that a ceiling denies is not told of, and without any other there is no tool for them", () => {
  const known = ["alpha", "beta"].map((name) => ({ name, description: `for ${name}` }))
  const registry = createRegistry([skillTool({ known: () => known, text: async () => "", home: "/home" })])
  const offered = (...denied: string[]) =>
    registry.offered({
      rules: [{ permission: "skill", pattern: "*", action: "allow" }],
      ceiling: denied.map((pattern) => ({ permission: "skill", pattern, action: "deny" })),
      modelID: "large",
    })
  expect(offered()[0]?.description).toMatch(/alpha[^]*beta/)
  expect(offered("alpha")[0]?.description).toContain("beta")
  expect(offered("alpha")[0]?.description).not.toContain("alpha")
  expect(offered("alpha", "beta")).toEqual([])
})
