import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { explainConfig } from "../../src/config/explain.ts"
import { place, PROJECT, USER } from "./place.ts"

describe("a setting is explained", () => {
  test("with its value, who set it where, and what everybody below said", async () => {
    await using at = await place({
      [USER]: '{\n  // mine\n  "model": "a/b"\n}',
      [PROJECT]: '{"$schema": "x",\n "model": "c/d"}',
    })
    const config = await at.load({ env: { OPENCODE_CONFIG_CONTENT: '{"model":"e/f"}' } })
    expect(await explainConfig(config, "model")).toMatchObject({
      key: "model",
      value: "e/f",
      layer: "environment",
      line: 1,
      said: [
        { layer: "user", file: join(at.root, USER), line: 3, column: 3, value: "a/b", heldBack: false },
        { layer: "project", file: join(at.root, PROJECT), line: 2, column: 2, value: "c/d", heldBack: false },
        { layer: "environment", name: "OPENCODE_CONFIG_CONTENT", value: "e/f", heldBack: false },
      ],
    })
  })

  test("what is held back is told as such, with what it would be", async () => {
    await using at = await place({
      [USER]: { permission: { bash: "ask" } },
      [PROJECT]: { permission: { bash: "allow" } },
    })
    const explained = await explainConfig(await at.load(), "permission.bash")
    expect(explained).toMatchObject({ value: "ask", layer: "user", file: join(at.root, USER) })
    expect(explained.said.map(({ layer, value, heldBack }) => [layer, value, heldBack])).toEqual([
      ["user", "ask", false],
      ["project", "allow", true],
    ])
    expect(explained.issues).toMatchObject([{ kind: "held_back" }])
  })

  test("by the key that the file uses, and by today's", async () => {
    await using at = await place({ [USER]: '{\n "agents": {\n  "x": {\n   "model": "a/b"\n}}}' })
    const config = await at.load()
    for (const key of ["agent.x.model", "agents.x.model"])
      expect(await explainConfig(config, key)).toMatchObject({ key: "agent.x.model", value: "a/b", line: 4, column: 4 })
  })

  test("of an agent in a Markdown file with the line there", async () => {
    await using at = await place({ "home/.config/opencode/agent/x.md": "---\nmode: subagent\nmodel: a/b\n---\nText." })
    const explained = await explainConfig(await at.load(), "agent.x.model")
    expect(explained).toMatchObject({ value: "a/b", line: 3, file: expect.stringContaining("x.md") })
  })

  test("when it is not set, and then with nobody who said anything", async () => {
    await using at = await place()
    const explained = await explainConfig(await at.load(), "compaction.prune")
    expect(explained).toMatchObject({ key: "compaction.prune", said: [], issues: [], about: expect.any(String) })
    expect(explained).not.toHaveProperty("value")
    expect(explained).not.toHaveProperty("layer")
  })

  test.each([
    ["provider.x.models.gpt-4.1.name", "G"],
    ['["provider","x","models","gpt-4.1","name"]', "G"],
  ])("names with dots in them are found: %s", async (key, value) => {
    await using at = await place({ [USER]: { provider: { x: { models: { "gpt-4.1": { name: "G" } } } } } })
    expect(await explainConfig(await at.load(), key)).toMatchObject({ value })
  })

  test("secrets are not told, neither in effect nor below", async () => {
    await using at = await place({ [USER]: { provider: { x: { options: { apiKey: "sk-hidden" } } } } })
    const config = await at.load()
    for (const key of ["provider", "provider.x.options", "provider.x.options.apiKey"]) {
      const told = JSON.stringify(await explainConfig(config, key))
      expect(told).not.toContain("sk-hidden")
      expect(told).toContain("[secret]")
    }
  })

  test.each(["modle", "", "[", '["a",1]', "__proto__", "constructor.name"])("%j is no setting", async (key) => {
    await using at = await place()
    await expect(explainConfig(await at.load(), key)).rejects.toMatchObject({ code: "bad_request" })
  })
})
