import { join } from "node:path"
import type { Session } from "@opencode/protocol/session.ts"
import type { Workspace } from "../workspace/workspace.ts"

/**
 * Where the plan of a session is kept: beside the project's other agent files where there is a repository to keep it in,
 * else with our own data. The same for the whole life of the session, because prompts name it; and without a time, so
 * that a replay gives the same name.
 * @param data the data folder, as rules and asks name it
 */
export function planFile(
  { id, slug }: Pick<Session, "id" | "slug">,
  { vcs, worktree }: Pick<Workspace, "vcs" | "worktree">,
  data: string,
): string {
  const folder = vcs === "git" ? join(worktree, ".opencode", "plans") : join(data, "plans")
  return join(folder, `${slug}-${id.slice(-OF_ID).toLowerCase()}.md`)
}

/** Slugs are two words, and a long-lived project has sessions with the same. */
const OF_ID = 6
