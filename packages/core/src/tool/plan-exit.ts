import { z } from "zod"
import { clip } from "../lib/text.ts"
import { approvedText, prose } from "./plan-exit.prompt.ts"
import { defineTool, type Tool, type ToolContext } from "./tool.ts"

/** What leaving plan mode needs of the session that leaves it. */
export interface PlanExit {
  /** What the session's plan file says, if it was written. */
  read(sessionID: string): Promise<{ file: string; name: string; text: string } | undefined>
  /** The agent that carries plans out. @throws tool failure when there is none */
  next(): string
  /** Has the conversation go on with this prompt, to this agent. */
  goOn(context: Pick<ToolContext, "sessionID" | "messageID">, prompt: { agent: string; text: string }): Promise<void>
}

/** What is shown of a plan when it is asked about: more than anybody reads at once. */
const SHOWN_CHARACTERS = 50_000

/** The only way in which a model leaves plan mode: a person says yes. The ceiling of `plan` sees to it that one is asked. */
export const planExitTool = (exit: PlanExit): Tool =>
  defineTool({
    name: "plan_exit",
    prose,
    effect: "idempotent",
    isBound: true,
    permission: "plan_exit",
    isFor: ({ agent, isChild }) => agent === "plan" && !isChild,
    input: () => z.object({}),

    async prepare(_, { sessionID }) {
      const agent = exit.next()
      const plan = await exit.read(sessionID)
      const shown = plan && { plan: plan.name, filepath: plan.file, content: clip(plan.text, SHOWN_CHARACTERS) }
      const metadata = { title: `The plan is ready. Go on with the agent ${agent} and carry it out?`, agent, ...shown }
      // Nothing lasting: each plan is a decision of its own.
      const ask = { permission: "plan_exit", patterns: [plan?.name ?? "*"], always: [], metadata }
      return { asks: [ask], plan: { agent, name: plan?.name } }
    },

    async run(_, { agent, name }, context) {
      await exit.goOn(context, { agent, text: approvedText(name) })
      return {
        title: `Going on with ${agent}`,
        output: `The user approved the plan. The agent ${agent} carries it out: its prompt follows.`,
        metadata: { agent, ...(name === undefined ? {} : { plan: name }) },
      }
    },
  })
