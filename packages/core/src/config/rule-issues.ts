import { access } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@opencode/protocol/config.ts"
import { isNativeAgent, NATIVE_NAMES } from "./agents.ts"
import { KNOWN_PERMISSIONS } from "./fail-closed.ts"
import type { DefaultRules } from "../permission/defaults.ts"
import type { ConfigIssue } from "./issue.ts"
import { lintRules } from "./lint-rules.ts"
import type { ConfigSnapshot } from "./load.ts"

export interface RuleIssuesInput {
  config: Pick<ConfigSnapshot, "value" | "rules">
  defaults: DefaultRules
  /** Folders that may hold tools in files of their own. */
  folders: readonly string[]
  /** The user's home folder. */
  home: string
}

/** What is said about rules that do not do what they seem to. Reads no more of the disk than whether there are tools. */
export async function ruleIssues(input: RuleIssuesInput): Promise<ConfigIssue[]> {
  const { config, defaults, home } = input
  const hasOwnTools = await mayHaveTools(input)
  const complaints = lintRules(config.rules, {
    ceilingOf: (name) => (isNativeAgent(name) ? defaults.agents[name as keyof typeof defaults.agents].ceiling : []),
    isDisabled: (name) => config.value.agent?.[name]?.disable === true,
    nativeAgents: NATIVE_NAMES,
    isOnlyRules: (name) => Object.keys(config.value.agent?.[name] ?? {}).every((key) => key === "permission"),
    mayHaveTool: (name) =>
      hasOwnTools || name.includes("_") || mcpServers(config.value).some((server) => name.startsWith(server)),
    home,
  })
  return Promise.all(
    complaints.map(async ({ source, path, message }): Promise<ConfigIssue> => {
      const { file, name } = source
      const [position] = await source.locate([path])
      const from = file === undefined ? `${name ?? source.layer}: ` : ""
      const place = file === undefined ? {} : { file, ...position }
      return { severity: "warning", kind: "rule", message: `${from}${message}`, path, ...place }
    }),
  )
}

const mcpServers = ({ mcp = {} }: Config): string[] => Object.keys(mcp)

/** Plugins and files may bring tools of any name. Looked for only when there is a name that nobody knows. */
async function mayHaveTools({ config, folders }: RuleIssuesInput): Promise<boolean> {
  const isUnknown = config.rules.some(
    ({ config: rules }) => typeof rules !== "string" && Object.keys(rules).some((name) => !KNOWN_PERMISSIONS.has(name)),
  )
  if (!isUnknown) return false
  if (config.value.plugin?.length) return true
  const places = folders.flatMap((folder) => ["tool", "tools", "plugin", "plugins"].map((name) => join(folder, name)))
  const found = await Promise.all(
    places.map((place) =>
      access(place).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}
