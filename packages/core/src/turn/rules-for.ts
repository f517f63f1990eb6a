import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { ToolUser } from "../tool/tool.ts"
import type { Step, Turn, TurnDeps } from "./turn.ts"

/**
 * What decides in this turn, lowest first, and what nothing of it can widen. A subagent that the user's own prompt names
 * may be started, whatever the agent's rules say of it; a session's own rules and a ceiling stand above that.
 */
export const rulesFor = ({ turn, step }: { turn: Turn; step: Pick<Step, "prompt" | "setting"> }) => ({
  rulesets: [step.setting.agent.permission, allowNamed(step, turn), turn.session.permission ?? []],
  ceiling: step.setting.ceiling,
})

/** Whose turn it is, as tools ask for it. */
export const userOf = (
  { setting: { agent, readOnly } }: Pick<Step, "setting">,
  { session }: Pick<Turn, "session">,
  { sandbox }: Pick<TurnDeps, "sandbox">,
): ToolUser => ({
  agent: agent.name,
  isChild: session.parentID !== undefined,
  readOnly,
  ...(sandbox && { confined: sandbox.bounds({ readOnly }) }),
})

function allowNamed({ prompt }: Pick<Step, "prompt">, { history }: Turn): PermissionRuleset {
  const parts = history.find(({ info }) => info.id === prompt.id)?.parts ?? []
  const names = parts.flatMap((part) =>
    part.type === "agent" ? [part.name] : part.type === "subtask" ? [part.agent] : [],
  )
  return names.map((pattern) => ({ permission: "task", pattern, action: "allow" }))
}
