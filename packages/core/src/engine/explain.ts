import { savedRules, type Approvals } from "../permission/approvals.ts"
import type { Gate } from "../permission/gate.ts"
import type { Sessions } from "../session/sessions.ts"
import { createRegistry } from "../tool/registry.ts"
import { createExplainCall, type ExplainCall } from "../turn/explain-call.ts"
import type { Settings } from "./settings.ts"
import type { Turns } from "./turns.ts"

export interface ExplainInput {
  settings: Settings
  turns: Turns
  gate: Gate
  approvals: Approvals
  sessions: Pick<Sessions, "get">
  /** The user's home folder, as rules name it. */
  userHome: string
}

/** Says of a call what the rules of a folder make of it. */
export function openExplain({ settings, turns, gate, approvals, sessions, userHome }: ExplainInput): ExplainCall {
  const { config, store, workspace, environment, start, outputFolder } = turns.deps
  return createExplainCall({
    registry: createRegistry(turns.tools),
    agents: {
      get: (name) => settings.agentSettings.get(name),
      names: settings.agents.names,
      default: settings.agents.default,
    },
    store,
    session: sessions.get,
    sections: settings.ruleSections,
    approved: gate.approved,
    saved: () => savedRules(approvals.list()),
    context: { workspace, environment, start, outputFolder, limits: config.limits, shell: config.shell },
    home: userHome,
  })
}
