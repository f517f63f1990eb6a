import { isAbsolute, relative } from "node:path"
import type { Agent } from "@opencode/protocol/agent.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { ToolFailure, toolFailure } from "../lib/fault.ts"
import type { Log } from "../lib/log.ts"
import type { Boundary } from "../recording/boundary.ts"
import { planFile } from "../session/plan-file.ts"
import type { Sessions } from "../session/sessions.ts"
import type { Store } from "../store/store.ts"
import type { PlanExit } from "../tool/plan-exit.ts"
import { readAllBytes } from "../workspace/files.ts"
import type { Workspace } from "../workspace/workspace.ts"

export interface PlanExitDeps {
  boundary: Pick<Boundary, "effect">
  log: Log
  store: Pick<Store, "messages">
  workspace: Pick<Workspace, "vcs" | "worktree">
  agents: { list(): Agent[] }
  /** The data folder, as rules and asks name it. */
  data: string
  sessions(): Pick<Sessions, "get" | "prompt">
}

/** A plan is text for people; one that is longer is shown as if there were none. */
const MAX_PLAN_BYTES = 1_000_000

export function createPlanExit(deps: PlanExitDeps): PlanExit {
  const { boundary, workspace } = deps

  async function textOf(file: string): Promise<string | null> {
    try {
      return (await readAllBytes(file, MAX_PLAN_BYTES)).toString("utf8")
    } catch (error) {
      if (error instanceof ToolFailure) return null
      throw error
    }
  }

  return {
    async read(sessionID) {
      const file = planFile(deps.sessions().get(sessionID), workspace, deps.data)
      const text = await boundary.effect(`plan ${sessionID}`, () => textOf(file))
      if (text === null) return undefined
      const inside = relative(workspace.worktree, file)
      return { file, text, name: workspace.vcs && !isAbsolute(inside) ? inside : file }
    },

    next() {
      const able = deps.agents
        .list()
        .filter(({ name, mode, hidden }) => mode !== "subagent" && !hidden && name !== "plan")
      const found = able.find(({ name }) => name === "build") ?? able[0]
      if (!found) throw toolFailure("There is no other agent that could carry out the plan: end with the plan instead.")
      return found.name
    },

    async goOn({ sessionID, messageID }, { agent, text }) {
      // What the person's own prompt switched off or asked for holds for what comes of it.
      const { tools, system, format } = promptOf(messageID, deps) ?? {}
      const { answer } = await deps.sessions().prompt(sessionID, {
        agent,
        parts: [{ type: "text", text, synthetic: true }],
        ...(tools ? { tools } : {}),
        ...(system === undefined ? {} : { system }),
        ...(format ? { format } : {}),
      })
      // The running turn answers it, and tells whoever waits for that.
      answer?.catch((error: unknown) => deps.log.info("a plan was not carried out", { sessionID, error }))
    },
  }
}

function promptOf(messageID: string, { store }: Pick<PlanExitDeps, "store">) {
  const answer = store.messages.get(messageID)
  const prompt: MessageWithParts["info"] | undefined =
    answer?.role === "assistant" ? store.messages.get(answer.parentID) : undefined
  return prompt?.role === "user" ? prompt : undefined
}
