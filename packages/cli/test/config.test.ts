import { installation } from "@opencode/testing/command.ts"
import { expect, test } from "vitest"

test("a setting is explained: its value, its line, and what every other place says", async () => {
  await using at = installation({
    config: { model: "a/b", permission: { bash: "ask" } },
    files: { "opencode.jsonc": '{\n  // ours\n  "model": "c/d",\n  "permission": { "bash": "allow" }\n}' },
  })
  const model = await at.run(["config", "explain", "model"])
  expect(model.code).toBe(0)
  expect(model.stdout).toContain('model: "c/d"')
  expect(model.stdout).toMatch(/Set by: project, .*project\/opencode\.jsonc:3:3\n/)
  expect(model.stdout).toMatch(/user, .*config\/opencode\/opencode\.json:1:2: "a\/b"/)

  const bash = await at.run(["config", "explain", "permission.bash", "--format", "json"])
  expect(JSON.parse(bash.stdout)).toMatchObject({
    value: "ask",
    layer: "user",
    said: [{ layer: "user" }, { layer: "project", value: "allow", line: 4, heldBack: true }],
  })
  const unset = await at.run(["config", "explain", "small_model"])
  expect(unset.stdout).toContain("not set")
  const wrong = await at.run(["config", "explain", "modle"])
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain("Did you mean")
})

test("debug config shows what is in effect, that of the screen too, and says what is wrong", async () => {
  await using at = installation({
    config: { username: "ada", provider: { x: { options: { apiKey: "sk-hidden-123" } } } },
    files: { "tui.json": '{ "theme": "nord", "mous": true }', "opencode.json": '{ "sahre": "auto" }' },
  })
  const { stdout, stderr, code } = await at.run(["debug", "config"])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ username: "ada", tui: { theme: "nord" } })
  expect(stdout + stderr).not.toContain("sk-hidden")
  expect(stderr).toMatch(/opencode\.json:1:3: `sahre` is not a known setting.*Did you mean share\?/)
  expect(stderr).toMatch(/tui\.json:1:20: `mous`/)
})

test("run and debug config say what is wrong with skills and instructions, and go on", async () => {
  await using at = installation({
    files: {
      "opencode.json": '{ "instructions": ["docs/gone.md"] }',
      ".opencode/skills/broken/SKILL.md": "---\ndescription: has no name\n---\nText",
    },
  })
  const shown = await at.run(["debug", "config"])
  const ran = await at.run(["run", "-m", "offline/rules", "what can you do"])
  for (const { code, stderr } of [shown, ran]) {
    expect(code).toBe(0)
    expect(stderr).toMatch(/opencode\.json:1:20: "docs\/gone\.md" in `instructions` is no file/)
    expect(stderr).toMatch(/broken\/SKILL\.md:1: The skill is left out: it has no `name`/)
  }
})
