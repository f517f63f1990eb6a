import { join } from "node:path"
import type { Session } from "@opencode/protocol/session.ts"
import type { Workspace } from "../workspace/workspace.ts"

/**
 * Where the plan of a session is kept: beside the project's other agent files where there is a repository to keep it in,
 * else with our own data. The same for the whole life of the session, because prompts name it.
 * @param data the data folder, as rules and asks name it
 */
export function planFile(
  { slug, time }: Pick<Session, "slug" | "time">,
  { vcs, worktree }: Pick<Workspace, "vcs" | "worktree">,
  data: string,
): string {
  const folder = vcs === "git" ? join(worktree, ".opencode", "plans") : join(data, "plans")
  return join(folder, `${time.created}-${slug}.md`)
}
