import type { Agent } from "@opencode/protocol/agent.ts"
import type { AssistantMessage } from "@opencode/protocol/message.ts"
import { isFault, toolFailure } from "../lib/fault.ts"
import { didYouMean } from "../lib/text.ts"
import { isOffered } from "../permission/rules.ts"
import { matches } from "../permission/wildcard.ts"
import { depthOf, isBelow } from "../session/family.ts"
import type { Store } from "../store/store.ts"
import type { Children, ChildPlan, ChildRequest } from "../tool/task.ts"
import type { ToolContext } from "../tool/tool.ts"
import type { ChildrenDeps } from "./children.ts"

/** Who does a task and with which model, or why nobody does. Has no effect: it is asked before the call is allowed. */
export interface ChildPlanner extends Pick<Children, "plan" | "allowed"> {
  /** @throws tool failure for a task that is not this conversation's to go on with, or not now */
  requireOwn(taskID: string, sessionID: string): void
}

interface PlannerDeps extends Pick<ChildrenDeps, "agents" | "models" | "depth"> {
  store: Store
  /** In this process, or for a person. */
  isAtWork(sessionID: string): boolean
}

export function createChildPlanner({ store, agents, models, depth, isAtWork }: PlannerDeps): ChildPlanner {
  function plan({ agent: name, taskID, ...task }: ChildRequest, context: ToolContext): ChildPlan {
    const known = agents.list().filter(({ agent }) => agent.mode !== "primary" || (context.isGiven && !agent.hidden))
    const setting = known.find(({ agent }) => agent.name === name)
    if (!setting) {
      const names = known.map(({ agent }) => agent.name)
      throw toolFailure(
        `There is no subagent "${name}".${didYouMean(name, names) || ` There are: ${names.join(", ")}.`}`,
      )
    }
    if (depthOf(context.sessionID, store) >= depth())
      throw toolFailure("A subagent may not start others here: do the task yourself. (The setting is subagent_depth.)")
    if (taskID !== undefined) requireOwn(taskID, context.sessionID)
    return { agent: name, taskID, ...task, model: requireModel(setting.agent, modelFor(setting.agent, context)) }
  }

  /** Before there is a child that could do nothing. */
  function requireModel({ name, model: own }: Agent, model: ChildPlan["model"]): ChildPlan["model"] {
    try {
      models.settle(model)
      return model
    } catch (error) {
      if (!isFault(error, "model_not_found")) throw error
      const isOwn = own?.providerID === model.providerID && own.modelID === model.modelID
      const whose = isOwn ? `The subagent ${name} is set to a model that is not there. ` : ""
      throw toolFailure(`${whose}${error.message}`)
    }
  }

  /** Whoever asked says which, else the subagent's own, else the caller's. Its variant, where that model has it. */
  function modelFor({ model, variant }: Agent, context: ToolContext): ChildPlan["model"] {
    const own = context.model ?? model
    const { variant: inherited, ...chosen } = own ? { ...own, variant: undefined } : modelOf(context.messageID)
    const wanted = variant !== undefined && models.offers(chosen, variant) ? variant : inherited
    return { ...chosen, ...(wanted === undefined ? {} : { variant: wanted }) }
  }

  function requireOwn(taskID: string, sessionID: string): void {
    if (!isBelow(taskID, sessionID, store)) throw toolFailure(`There is no task "${taskID}" of this conversation.`)
    if (isAtWork(taskID))
      throw toolFailure(`The task ${taskID} is still at work: wait for its result before you go on with it.`)
  }

  function modelOf(messageID: string): ChildPlan["model"] {
    const { providerID, modelID, variant } = store.messages.get(messageID) as AssistantMessage // a call is part of one
    return { providerID, modelID, ...(variant === undefined ? {} : { variant }) }
  }

  return {
    plan,
    requireOwn,

    allowed: (rules, ceiling = []) =>
      agents
        .list()
        .filter(
          ({ agent }) => agent.mode !== "primary" && isAllowed(agent.name, rules) && isAllowed(agent.name, ceiling),
        )
        .map(({ agent: { name, description } }) => ({ name, description })),
  }
}

/** A child whose task nobody may start is not told of. */
const isAllowed = (name: string, rules: Parameters<Children["allowed"]>[0]): boolean => {
  const own = rules.filter(({ pattern }) => matches(pattern, name)).map((rule) => ({ ...rule, pattern: "*" }))
  return isOffered("task", own)
}
