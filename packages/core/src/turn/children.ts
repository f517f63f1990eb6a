import type { AssistantMessage, MessageWithParts } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { Rejection, toolFailure, type ToolFailure } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import { didYouMean } from "../lib/text.ts"
import type { Gate } from "../permission/gate.ts"
import { isOffered } from "../permission/rules.ts"
import { matches } from "../permission/wildcard.ts"
import type { Sessions } from "../session/sessions.ts"
import type { ChildState } from "../store/child-store.ts"
import type { Store } from "../store/store.ts"
import type { Children, ChildPlan, ChildRequest } from "../tool/task.ts"
import type { ToolContext } from "../tool/tool.ts"
import { boundBy, boundsFor, denials } from "./bounds.ts"
import { watchChild, type Activity } from "./child-watch.ts"
import type { Limits } from "./limits.ts"
import type { Trees } from "./tree.ts"
import type { AgentSetting } from "./turn.ts"

/**
 * Subagents: a call starts a session of its own, waits for its answer, and gets nothing else of it. A run is on record
 * before its child is asked and after it ended, and it always ends: with its parent, by its deadline, or by itself.
 */
export interface ChildrenDeps {
  store: Store
  host: Host
  trees: Trees
  gate: Pick<Gate, "list">
  sessions(): Pick<Sessions, "create" | "get" | "prompt" | "abort" | "status">
  agents: { list(): AgentSetting[]; get(name: string): AgentSetting | undefined }
  limits: Limits
  /** How many levels of children there may be below a session that a person made. */
  depth: number
  /** Tells of each event of a session in this folder, until the returned function is called. */
  listen(hear: (sessionID: string | undefined) => void): () => void
}

export interface ChildSessions extends Children {
  /** The sessions right below one, in the order in which they were made. @throws fault `session_not_found` */
  list(sessionID: string): Session[]
}

export function createChildren(deps: ChildrenDeps): ChildSessions {
  const { store, agents, host, trees } = deps
  /** Children at work for a call of this process, with the session that waits for each. */
  const working = new Map<string, string>()
  const activity: Activity = {
    listen: deps.listen,
    parentOf: (sessionID) => working.get(sessionID),
    isWaiting: (sessionID) => isWaiting(sessionID, deps),
    monotonic: host.monotonic,
  }

  function plan({ agent: name, taskID, ...task }: ChildRequest, context: ToolContext): ChildPlan {
    const known = agents.list().filter(({ agent }) => agent.mode !== "primary" && !agent.hidden)
    const setting = known.find(({ agent }) => agent.name === name)
    if (!setting) {
      const names = known.map(({ agent }) => agent.name)
      throw toolFailure(
        `There is no subagent "${name}".${didYouMean(name, names) || ` There are: ${names.join(", ")}.`}`,
      )
    }
    if (depthOf(context.sessionID, store) >= deps.depth)
      throw toolFailure("A subagent may not start others here: do the task yourself. (The setting is subagent_depth.)")
    if (taskID !== undefined) requireOwn(taskID, context.sessionID)
    const model = context.model ?? setting.agent.model
    const variant = model && setting.agent.variant
    return {
      agent: name,
      taskID,
      ...task,
      model: model ? { ...model, ...(variant === undefined ? {} : { variant }) } : modelOf(context.messageID),
    }
  }

  function requireOwn(taskID: string, sessionID: string): void {
    if (!isBelow(taskID, sessionID, store)) throw toolFailure(`There is no task "${taskID}" of this conversation.`)
    if (working.has(taskID) || deps.sessions().status()[taskID])
      throw toolFailure(`The task ${taskID} is still at work: wait for its result before you go on with it.`)
  }

  function modelOf(messageID: string): ChildPlan["model"] {
    const { providerID, modelID, variant } = store.messages.get(messageID) as AssistantMessage // a call is part of one
    return { providerID, modelID, ...(variant === undefined ? {} : { variant }) }
  }

  /** The row first: whoever finds it without an end knows that the call it belongs to may have had an effect. */
  async function begin({ taskID, agent, description, model }: ChildPlan, context: ToolContext): Promise<Session> {
    const { sessionID, messageID, callID } = context
    const { permission } = deps.sessions().get(sessionID)
    const setting = agents.get(context.agent)
    const bound = setting && boundBy(setting, store.children.latest(sessionID)?.bounds)
    const bounds = boundsFor(bound ?? { ceiling: [], readOnly: context.readOnly }, permission)
    const run = { sessionID, messageID, callID, bounds, started: host.now() }
    if (taskID !== undefined) {
      const session = deps.sessions().get(taskID)
      await store.write((tx) => store.children.open(tx, { ...run, childID: taskID }))
      return session
    }
    const isLowest = depthOf(sessionID, store) + 1 >= deps.depth
    const noTask = isLowest ? [{ permission: "task", pattern: "*", action: "deny" as const }] : []
    const { providerID, modelID: id, variant } = model
    return deps.sessions().create(
      {
        parentID: sessionID,
        title: `${description} (@${agent} subagent)`,
        agent,
        model: { id, providerID, ...(variant === undefined ? {} : { variant }) },
        permission: [...denials(permission ?? []), ...noTask],
      },
      (tx, child) => store.children.open(tx, { ...run, childID: child.id }),
    )
  }

  async function ask(child: Session, plan: ChildPlan, context: ToolContext, deadline: AbortSignal): Promise<Ended> {
    const { agent, prompt, model } = plan
    const { variant, ...ref } = model
    const forget = trees.expect(child.id, { parentID: context.sessionID, signal: deadline })
    const abort = (): void =>
      void deps
        .sessions()
        .abort(child.id)
        .catch(() => {}) // its end is waited for below
    const ending = AbortSignal.any([context.signal, deadline])
    try {
      context.signal.throwIfAborted()
      const { answer } = await deps.sessions().prompt(child.id, {
        agent,
        model: ref,
        ...(variant === undefined ? {} : { variant }),
        parts: [{ type: "text", text: prompt }],
      })
      ending.addEventListener("abort", abort, { once: true })
      if (ending.aborted) abort()
      return { answer: await answer }
    } catch (error) {
      return { error }
    } finally {
      ending.removeEventListener("abort", abort)
      forget()
    }
  }

  return {
    plan,

    list: (sessionID) => store.sessions.children(deps.sessions().get(sessionID).id),

    allowed: (rules) =>
      agents
        .list()
        .filter(({ agent }) => agent.mode !== "primary" && !agent.hidden && isAllowed(agent.name, rules))
        .map(({ agent: { name, description } }) => ({ name, description })),

    async run(plan, context) {
      if (plan.taskID !== undefined) requireOwn(plan.taskID, context.sessionID)
      const { sessionID: parentSessionId, messageID, callID } = context
      if (plan.taskID !== undefined) working.set(plan.taskID, parentSessionId)
      const watched: { end?: () => string | undefined } = {}
      const deadline = new AbortController()
      let child: Session | undefined
      let verdict: Verdict = { state: "failed", error: "It could not be started." }
      try {
        child = await begin(plan, context)
        working.set(child.id, parentSessionId)
        const { providerID, modelID } = plan.model
        const metadata = { parentSessionId, sessionId: child.id, model: { providerID, modelID } }
        context.progress({ title: plan.description, metadata })
        watched.end = watchChild(child.id, deps.limits, deadline, activity)
        const ended = await ask(child, plan, context, deadline.signal)
        verdict = verdictOn(ended, { late: watched.end(), isAborted: context.signal.aborted })
        if (verdict.error !== undefined) throw failure(child.id, verdict, metadata)
        const { text = "", state } = verdict
        return { sessionID: child.id, state: state === "limit" ? "limit" : "completed", text, metadata }
      } finally {
        watched.end?.()
        working.delete(child?.id ?? plan.taskID ?? "")
        const { state, error } = verdict
        const end = { state, finished: host.now(), ...(error === undefined ? {} : { error }) }
        if (child) await store.write((tx) => store.children.finish(tx, { messageID, callID }, end))
      }
    },
  }
}

interface Ended {
  answer?: MessageWithParts | undefined
  error?: unknown
}

interface Verdict {
  state: ChildState
  text?: string
  /** One sentence, for the model that waits. Absent: there is a result. */
  error?: string
  isRejection?: boolean
}

/** How a run ended, from its last message and from what ended it. Pure. */
export function verdictOn(
  { answer, error }: Ended,
  { late, isAborted }: { late: string | undefined; isAborted: boolean },
): Verdict {
  if (late !== undefined) return { state: "deadline", error: late }
  if (isAborted) return { state: "aborted", error: "Tool execution aborted." }
  if (answer?.info.role !== "assistant")
    return { state: "failed", error: error instanceof Error ? error.message : "It gave no answer." }
  const { endReason, error: why } = answer.info
  if (endReason === "aborted") return { state: "aborted", error: "The user stopped it." }
  if (endReason === "rejected")
    return { state: "failed", error: "The user rejected what it asked for.", isRejection: true }
  if (why) return { state: LIMITS.has(endReason ?? "") ? "limit" : "failed", error: why.data.message ?? why.name }
  const said = answer.parts.findLast((part) => part.type === "text" && part.text.trim())
  return { state: endReason === "steps" ? "limit" : "completed", text: said?.type === "text" ? said.text : NOTHING }
}

const LIMITS: ReadonlySet<string> = new Set(["steps", "tokens", "cost", "time"])
const NOTHING = "(The subagent ended without a word.)"

function failure(sessionID: string, { error, isRejection }: Verdict, metadata: Record<string, unknown>): ToolFailure {
  const text = `The subagent came to no end: ${error} What it did until then is kept; task_id "${sessionID}" goes on with it.`
  if (isRejection) return new Rejection(text, metadata)
  return toolFailure(text, metadata)
}

/** A child whose task nobody may start is not told of. */
const isAllowed = (name: string, rules: Parameters<Children["allowed"]>[0]): boolean => {
  const own = rules.filter(({ pattern }) => matches(pattern, name)).map((rule) => ({ ...rule, pattern: "*" }))
  return isOffered("task", own)
}

/** It waits for a person, or for a moment that its provider has named. */
function isWaiting(sessionID: string, { gate, sessions }: Pick<ChildrenDeps, "gate" | "sessions">): boolean {
  return sessions().status()[sessionID]?.type === "retry" || gate.list().some((asked) => asked.sessionID === sessionID)
}

/** Levels above a session. A circle of parents, which an import could make, counts as too deep. */
function depthOf(sessionID: string, store: Store): number {
  const above = [...parentsOf(sessionID, store)]
  return above.includes(sessionID) ? Infinity : above.length
}

const isBelow = (sessionID: string, ancestorID: string, store: Store): boolean =>
  [...parentsOf(sessionID, store)].includes(ancestorID)

/** Nearest first. */
function parentsOf(sessionID: string, store: Store): Set<string> {
  const above = new Set<string>()
  let parent = store.sessions.get(sessionID)?.parentID
  while (parent !== undefined && !above.has(parent)) {
    above.add(parent)
    parent = store.sessions.get(parent)?.parentID
  }
  return above
}
