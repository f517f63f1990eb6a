import { isControlFile } from "@opencode/core/permission/control-files.ts"
import { cpuMs } from "@opencode/testing/effort.ts"
import { expect, test } from "vitest"

test.each([
  ".git/config",
  ".git/hooks/pre-commit",
  "vendor/x/.git/config",
  ".GIT/hooks/post-checkout",
  ".g\u200cit/config",
  ".git./config",
  ".git",
  "opencode.json",
  "sub/OpenCode.jsonc",
  ".opencode/agent/a.md",
  ".opencode/command/x.md",
  ".opencode/skills/s/SKILL.md",
  ".opencode/plans/run.sh",
  ".opencode/plans/deep/a.md",
  ".mcp.json",
  ".vscode/settings.json",
  ".cursor/rules/a.mdc",
  ".claude/settings.json",
  "/home/u/.bashrc",
  "/home/u/.zshrc",
  "/home/u/.gitconfig",
  "/home/u/.config/opencode/opencode.json",
  "app/.npmrc",
  ".envrc",
  ".github/workflows/ci.yml",
  ".husky/pre-push",
])("%j decides what runs later", (path) => expect(isControlFile(path)).toBe(true))

test.each([
  "src/git/config",
  ".gitignore",
  ".gitattributes",
  ".github/CODEOWNERS",
  ".opencode/plans/cache.md",
  "opencode.json.md",
  "docs/bashrc",
  "workflows/ci.yml",
  "a/..",
  "",
])("%j is a file as any other", (path) => expect(isControlFile(path)).toBe(false))

test("a name of a million dots costs nothing", async () => {
  expect(await cpuMs(() => isControlFile(`${". ".repeat(500_000)}x/`.repeat(2)))).toBeLessThan(500)
})
