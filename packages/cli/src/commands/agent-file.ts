import type { Agent } from "@opencode/protocol/agent.ts"

/** What can be allowed to an agent when it is made. Everything that is not is denied in its file. */
export const PERMISSIONS = [
  "bash",
  "read",
  "edit",
  "glob",
  "grep",
  "webfetch",
  "task",
  "todowrite",
  "websearch",
  "lsp",
  "skill",
] as const
export type Permission = (typeof PERMISSIONS)[number]

export interface NewAgent {
  description: string
  mode: Agent["mode"]
  allowed: readonly Permission[]
  prompt: string
}

/** A Markdown file that defines an agent. Text of JSON is text of YAML, whatever is in it. */
export function agentFile({ description, mode, allowed, prompt }: NewAgent): string {
  const denied = PERMISSIONS.filter((name) => !allowed.includes(name))
  return [
    "---",
    `description: ${JSON.stringify(description)}`,
    `mode: ${mode}`,
    ...(denied.length ? ["permission:", ...denied.map((name) => `  ${name}: deny`)] : []),
    "---",
    "",
    prompt.trim(),
    "",
  ].join("\n")
}

/** As a name of a file and of an agent: models put in spaces, capitals and quotes. */
export const nameOf = (identifier: string): string =>
  identifier
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, MAX_NAME)

/** A line in a list, and a name of a file everywhere. */
const MAX_NAME = 60
