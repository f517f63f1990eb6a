import { join, resolve } from "node:path"
import type { Environment, Folders } from "./folders.ts"
import { isSet } from "./sources.ts"

/**
 * How files of instructions are called. The first name of which there is a file counts, and the others are not looked
 * for: who keeps an AGENTS.md means it for every agent.
 */
export function projectNames(env: Environment): string[] {
  // CONTEXT.md is an older name.
  return ["AGENTS.md", ...(readsClaude(env) ? ["CLAUDE.md"] : []), "CONTEXT.md"]
}

/** The user's own: the first that is there. */
export function userFiles(env: Environment, folders: Folders, directory: string): string[] {
  return [
    ...(folders.extraConfig ? [join(resolve(directory, folders.extraConfig), "AGENTS.md")] : []),
    join(folders.config, "AGENTS.md"),
    ...(readsClaude(env) ? [join(folders.home, ".claude", "CLAUDE.md")] : []),
  ]
}

const readsClaude = (env: Environment): boolean =>
  !isSet(env.OPENCODE_DISABLE_CLAUDE_CODE) && !isSet(env.OPENCODE_DISABLE_CLAUDE_CODE_PROMPT)
