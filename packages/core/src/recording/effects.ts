import type { Tool, ToolContext } from "../tool/tool.ts"

/**
 * Tools whose whole work is done by the program itself, through what is recorded anyway: a replay runs them again, and
 * with them the sessions that they start and the questions that they ask.
 */
const INNER = new Set(["invalid", "todowrite", "question", "task", "plan_enter", "plan_exit", "StructuredOutput"])

export const isInner = ({ name }: Pick<Tool, "name">): boolean => INNER.has(name)

/** What a tool does with the world, by a name that is the same in a replay. */
export const toolEffect = (
  what: "prepare" | "run",
  { name }: Pick<Tool, "name">,
  { sessionID, callID }: Pick<ToolContext, "sessionID" | "callID">,
): string => `${what} ${name} ${sessionID} ${callID}`
