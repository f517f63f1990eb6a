import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { configSchemas } from "@opencode/protocol/config-schema.ts"
import { expect, test } from "vitest"
import { settingPaths } from "./setting-paths.ts"

/** Which file reads a setting, and all below it that have no line of their own. */
const OWNERS: Readonly<Record<string, string>> = {
  shell: "core/src/engine/turn-settings.ts",
  logLevel: "core/src/engine/settings.ts",
  server: "cli/src/network.ts",
  references: "core/src/config/references.ts",
  reference: "core/src/config/references.ts",
  instructions: "core/src/engine/instructions.ts",
  snapshot: "core/src/engine/turns.ts",
  share: "core/src/session/share.ts",
  autoshare: "core/src/config/translate.ts",
  disabled_providers: "core/src/model/catalog.ts",
  enabled_providers: "core/src/model/catalog.ts",
  model: "core/src/model/resolve.ts",
  small_model: "core/src/model/resolve.ts",
  default_agent: "core/src/config/agents.ts",
  subagent_depth: "core/src/engine/turns.ts",
  username: "core/src/config/load.ts",
  agent: "core/src/config/agents.ts",
  "agent.*.tools": "core/src/config/translate.ts",
  mode: "core/src/config/agents.ts",
  "mode.*.tools": "core/src/config/translate.ts",
  provider: "core/src/model/catalog.ts",
  "provider.*.options.apiKey": "core/src/model/credential.ts",
  "provider.*.options.baseURL": "core/src/model/catalog.ts",
  "provider.*.options.timeout": "core/src/model/access.ts",
  "provider.*.options.headerTimeout": "core/src/model/access.ts",
  "provider.*.options.chunkTimeout": "core/src/model/access.ts",
  "provider.*.options.setCacheKey": "core/src/model/resolve.ts",
  permission: "core/src/config/agents.ts",
  command: "core/src/session/command-source.ts",
  "skills.paths": "core/src/extension/skill-places.ts",
  "skills.urls": "core/src/extension/skills.ts",
  sandbox: "core/src/config/sandbox.ts",
  tools: "core/src/config/translate.ts",
  "attachment.image": "core/src/model/image/fit.ts",
  enterprise: "core/src/session/share.ts",
  tool_output: "core/src/engine/turn-settings.ts",
  "compaction.auto": "core/src/turn/room.ts",
  "compaction.prune": "core/src/turn/room.ts",
  "compaction.reserved": "core/src/turn/context.ts",
  "compaction.tail_turns": "core/src/turn/plan-compaction.ts",
  "compaction.preserve_recent_tokens": "core/src/turn/plan-compaction.ts",
  "experimental.primary_tools": "core/src/engine/turns.ts",
  "experimental.continue_loop_on_deny": "core/src/engine/turn-settings.ts",
  "experimental.policies": "core/src/model/catalog.ts",
}

/** Settings that nothing reads, and with what they will be. A line may be taken out, and none be added. */
const WAITING: Readonly<Record<string, string>> = {
  plugin: "plugins",
  mcp: "MCP",
  formatter: "formatters",
  lsp: "language servers",
  "watcher.ignore": "watching of files",
  autoupdate: "updates",
  "provider.*.options.enterpriseUrl": "logins of an own installation",
  "experimental.disable_paste_summary": "the screen",
  "experimental.mcp_timeout": "MCP",
}

/** Taken, and nothing is done by them: OpenCode does nothing either, or we never will. A model that is named is used. */
const WITHOUT_EFFECT = [
  "$schema",
  "layout",
  "experimental.batch_tool",
  "experimental.openTelemetry",
  "provider.*.models.*.experimental",
]

const all = settingPaths(configSchemas().config)
const leaves = all.filter((path) => !all.some((other) => other.startsWith(`${path}.`)))

const sourceOf = (file: string): string =>
  readFileSync(join(fileURLToPath(new URL("../../..", import.meta.url)), file), "utf8")

/** The line of a table for a setting: its own, or that of the nearest thing around it. */
function lineFor(path: string, table: Readonly<Record<string, string>>): string | undefined {
  for (let names = path.split("."); names.length; names = names.slice(0, -1))
    if (Object.hasOwn(table, names.join("."))) return names.join(".")
  return undefined
}

const owner = (path: string): string | undefined => {
  const waiting = lineFor(path, WAITING)
  const line = lineFor(path, OWNERS)
  if (line === undefined || WITHOUT_EFFECT.includes(path)) return undefined
  return line.length > (waiting?.length ?? 0) ? OWNERS[line] : undefined
}

test.each(leaves.filter(owner))("%s is read", (path) => {
  const name =
    path
      .replace(/(?:\.\*)+$/, "")
      .split(".")
      .at(-1) ?? ""
  expect(new RegExp(`\\b${name}\\b`).test(sourceOf(owner(path) ?? ""))).toBe(true)
})

test("every setting is read, waits for its part, or has no effect", () => {
  const lost = leaves.filter(
    (path) => !owner(path) && lineFor(path, WAITING) === undefined && !WITHOUT_EFFECT.includes(path),
  )
  expect(lost).toEqual([])
})

test("no line is about something that is no setting, and no setting waits that nobody waited for", () => {
  const lines = [...Object.keys(OWNERS), ...Object.keys(WAITING), ...WITHOUT_EFFECT]
  expect(lines.filter((line) => !all.includes(line))).toEqual([])
  expect(Object.keys(WAITING).length).toBeLessThanOrEqual(9)
})
