import { savedRules, type Approvals } from "../permission/approvals.ts"
import type { Gate } from "../permission/gate.ts"
import type { Sessions } from "../session/sessions.ts"
import { createRegistry } from "../tool/registry.ts"
import { createExplainCall, type ExplainCall } from "../turn/explain-call.ts"
import type { Settings } from "./generations.ts"
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
  const { registry, store } = turns.shared
  const explain = createExplainCall({
    registry: createRegistry(turns.tools, (name) => registry.get(name) !== undefined),
    agents: {
      get: (name) => settings.current().agentSettings.get(name),
      names: settings.agents.names,
      get default() {
        return settings.agents.default
      },
    },
    store,
    session: sessions.get,
    sections: (agent) => settings.current().ruleSections(agent, settings.loaded()),
    approved: gate.approved,
    saved: () => savedRules(approvals.list()),
    async context() {
      const { config, workspace, environment, start, outputFolder } = await turns.of(settings.current())
      return { workspace, environment, start, outputFolder, limits: config.limits, shell: config.shell }
    },
    home: userHome,
  })
  return async (input) => {
    // As a turn that begins now would find them.
    await settings.fresh()
    return explain(input)
  }
}
