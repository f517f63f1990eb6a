import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { Bounds } from "../store/child-store.ts"
import type { AgentSetting } from "./turn.ts"

/**
 * A child is never freer than its parent: the parent's ceiling, and what the parent's session denies, are a ceiling of
 * the child, and of its children. Pure.
 *
 * The parent agent's ordinary rules do not bind: an agent that may not edit and hands work to one that may is a
 * common and deliberate setting.
 */
export const boundsFor = (
  setting: Pick<AgentSetting, "ceiling" | "readOnly">,
  permission: PermissionRuleset = [],
): Bounds => ({ ceiling: [...setting.ceiling, ...denials(permission)], readOnly: setting.readOnly })

/** The rules that only tighten. What a session allows is meant for its own agent, not for a subagent that may less. */
export const denials = (rules: PermissionRuleset): PermissionRuleset => rules.filter(({ action }) => action === "deny")

/**
 * An agent as it is in a session that a call started. Denials come last, so nothing in one list lifts what the other
 * denies, as long as one ceiling alone has exceptions: today that is plan's.
 */
export function boundBy(setting: AgentSetting | undefined, bounds: Bounds | undefined): AgentSetting | undefined {
  if (!setting || !bounds) return setting
  return {
    ...setting,
    ceiling: [...setting.ceiling, ...bounds.ceiling],
    readOnly: setting.readOnly || bounds.readOnly,
  }
}
