import type { Config } from "@opencode/protocol/config.ts"
import type { PermissionConfig } from "@opencode/protocol/permission.ts"
import type { Locate } from "./document.ts"
import type { Origin } from "./merge.ts"

/** Rules as one source wrote them. The merged configuration does not show that any more. */
export interface WrittenRules extends Origin {
  /** What the source is called when it is no file: `OPENCODE_PERMISSION`. */
  name?: string
  /** `permission`, or that of an agent. */
  path: string[]
  config: PermissionConfig
  /** Where members are written; paths begin at the top of the configuration. */
  locate: Locate
}

/** What a source has of them, in the order in which they count: an agent's own come after those for all. Pure. */
export function writtenRules(
  { permission, agent = {} }: Config,
  from: Pick<WrittenRules, "layer" | "file" | "name" | "locate">,
): WrittenRules[] {
  const all = permission === undefined ? [] : [{ ...from, path: ["permission"], config: permission }]
  const own = Object.entries(agent).flatMap(([name, { permission: config }]) =>
    config === undefined ? [] : [{ ...from, path: ["agent", name, "permission"], config }],
  )
  return [...all, ...own]
}

/** The agent whose rules they are; absent: of all. */
export const agentOf = ({ path }: Pick<WrittenRules, "path">): string | undefined =>
  path[0] === "agent" ? path[1] : undefined
