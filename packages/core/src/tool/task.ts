import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import { z } from "zod"
import { prose, subagentList } from "./task.prompt.ts"
import { defineTool, type Tool, type ToolContext } from "./tool.ts"

/** The conversations that a call may start or go on with. */
export interface Children {
  /** Subagents that these rules and this ceiling do not deny, in the order in which they are told to the model. */
  allowed(rules: PermissionRuleset, ceiling?: PermissionRuleset): { name: string; description?: string | undefined }[]
  /** @throws tool failure for an unknown subagent or task, one that is at work, or too many levels */
  plan(request: ChildRequest, context: ToolContext): ChildPlan
  /**
   * Has the subagent do it.
   * @throws tool failure, with what a later call needs in order to go on with it, when it came to no end
   */
  run(plan: ChildPlan, context: ToolContext): Promise<ChildResult>
}

export interface ChildRequest {
  agent: string
  description: string
  prompt: string
  /** The session of a child that goes on. */
  taskID?: string | undefined
}

export interface ChildPlan extends ChildRequest {
  model: ModelRef & { variant?: string }
}

export interface ChildResult {
  sessionID: string
  /** `limit`: its own limit of steps ended it, and it said how far it came. `running`: nobody waits for it any more. */
  state: "completed" | "limit" | "running"
  /** Its last message. */
  text: string
  /** For clients: which session and model did it. */
  metadata: Record<string, unknown>
}

/** Each holds a connection to a provider, and often commands; providers refuse many requests at once. */
const CHILDREN_AT_ONCE = 5

export const taskTool = (children: Children): Tool =>
  defineTool({
    name: "task",
    prose,
    proseUnder: (rules, ceiling) => subagentList(children.allowed(rules, ceiling)),
    effect: "unsafe",
    isBound: true,
    // The calls of the subagent are on record themselves.
    recordsChanges: true,
    permission: "task",
    atOnce: CHILDREN_AT_ONCE,
    input: () =>
      z.object({
        description: z.string().min(1).describe("The task in three to five words, for the user."),
        prompt: z.string().min(1).describe("The task, with everything the subagent has to know."),
        subagent_type: z.string().min(1).describe("Which subagent."),
        task_id: z.string().optional().describe("The id of an earlier task, to go on with that subagent."),
        command: z.string().optional().describe("The command that this comes from."),
      }),

    async prepare({ description, prompt, subagent_type: agent, task_id }, context) {
      // Models that have to fill in every argument leave this one empty.
      const plan = children.plan({ agent, description, prompt, taskID: task_id || undefined }, context)
      const metadata = { description, subagent_type: agent, prompt }
      return { asks: [{ permission: "task", patterns: [agent], always: [agent], metadata }], plan }
    },

    async run({ description }, plan, context) {
      const { sessionID, state, text, metadata } = await children.run(plan, context)
      const summary = state === "running" ? "<summary>Background task started</summary>\n" : ""
      const output = `<task id="${sessionID}" state="${state}">\n${summary}<task_result>\n${text}\n</task_result>\n</task>`
      return { title: description, output, metadata }
    },
  })
