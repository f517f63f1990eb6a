import type { Session } from "@opencode/protocol/session.ts"
import { isFault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { Log } from "../lib/log.ts"
import type { Models } from "../model/resolve.ts"
import type { Peers } from "../peer/peers.ts"
import type { Gate } from "../permission/gate.ts"
import type { Sessions } from "../session/sessions.ts"
import type { Store } from "../store/store.ts"
import type { Questions } from "../tool/questions.ts"
import type { Children, ChildPlan } from "../tool/task.ts"
import type { ToolContext } from "../tool/tool.ts"
import { boundBy, boundsFor, denials } from "./bounds.ts"
import { createChildPlanner } from "./child-plan.ts"
import { failureOf, verdictOn, type Ended, type Verdict } from "./child-verdict.ts"
import { watchChild, type Activity } from "./child-watch.ts"
import type { ChildCall } from "../store/child-store.ts"
import type { Owner } from "../store/lease-store.ts"
import { isAlive } from "../store/process-identity.ts"
import { createDetachment, type Detachment } from "./detachment.ts"
import { createOwedResults, type OwedResults } from "./owed-results.ts"
import { depthOf } from "../session/family.ts"
import type { Limits } from "./limits.ts"
import type { Trees } from "./tree.ts"
import type { AgentSetting } from "./turn.ts"

/**
 * Subagents: a call starts a session of its own, waits for its answer, and gets nothing else of it. A run is on record
 * before its child is asked and after it ended, and it always ends: with its parent, by its deadline, or by itself. One
 * that was sent to the background does not end with its parent, and its result comes as a prompt (`owed-results.ts`).
 */
export interface ChildrenDeps {
  store: Store
  owner: Owner
  peers: Pick<Peers, "background">
  host: Host
  log: Log
  trees: Trees
  gate: Pick<Gate, "list">
  questions: Pick<Questions, "list">
  sessions(): Pick<Sessions, "create" | "get" | "prompt" | "abort" | "status">
  agents: { list(): AgentSetting[]; get(name: string): AgentSetting | undefined }
  limits: Limits
  models: Pick<Models, "offers" | "settle">
  /** How many levels of children there may be below a session that a person made. */
  depth(): number
  /** Tools, by name or wildcard, that no subagent gets. */
  primaryTools(): readonly string[]
  /** Tells of each event of a session in this folder, until the returned function is called. */
  listen(hear: (sessionID: string | undefined) => void): () => void
}

interface Run {
  plan: ChildPlan
  call: ChildCall
  link: Detachment
}

export interface ChildSessions extends Children {
  /**
   * Has no call of the session wait for its subagent any longer: they go on, and their results come later.
   * @returns whether one waited. @throws fault `session_not_found`
   */
  detach(sessionID: string): Promise<boolean>
  owed: OwedResults
  /** The sessions right below one, in the order in which they were made. @throws fault `session_not_found` */
  list(sessionID: string): Session[]
}

export function createChildren(deps: ChildrenDeps): ChildSessions {
  const { store, agents, host, log, trees } = deps
  /** Children at work for a call of this process, with the session that waits for each. */
  const working = new Map<string, string>()
  /** What those calls wait by. */
  const links = new Map<string, Detachment>()
  const planner = createChildPlanner({
    ...deps,
    isAtWork: (sessionID) => working.has(sessionID) || deps.sessions().status()[sessionID] !== undefined,
  })
  const owed = createOwedResults({ store, host, isWorking: (childID) => working.has(childID) })
  const activity: Activity = {
    listen: deps.listen,
    parentOf: (sessionID) => working.get(sessionID),
    isWaiting: (sessionID) =>
      deps.sessions().status()[sessionID]?.type === "retry" ||
      [...deps.gate.list(), ...deps.questions.list()].some((asked) => asked.sessionID === sessionID),
    monotonic: host.monotonic,
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
    const isLowest = depthOf(sessionID, store) + 1 >= deps.depth()
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

  async function ask(child: Session, { plan, link }: Run, deadline: AbortSignal): Promise<Ended> {
    const { agent, prompt, model } = plan
    const { variant, ...ref } = model
    const primary = deps.primaryTools()
    const forget = trees.expect(child.id, { parentID: link.parentID, signal: deadline })
    // Its end is waited for below.
    const abort = async (): Promise<void> => {
      await deps
        .sessions()
        .abort(child.id)
        .catch((error: unknown) => log.warn("a subagent was not ended", { error }))
    }
    const ending = AbortSignal.any([link.signal, deadline])
    try {
      link.signal.throwIfAborted()
      const { answer } = await deps.sessions().prompt(child.id, {
        agent,
        model: ref,
        ...(variant === undefined ? {} : { variant }),
        parts: [{ type: "text", text: prompt }],
        ...(primary.length ? { tools: Object.fromEntries(primary.map((name) => [name, false])) } : {}),
      })
      ending.addEventListener("abort", abort, { once: true })
      if (ending.aborted) void abort()
      return { answer: await answer }
    } catch (error) {
      return { error }
    } finally {
      ending.removeEventListener("abort", abort)
      forget()
    }
  }

  /** Follows a run to its end, and puts that on record. */
  async function toEnd(child: Session, run: Run): Promise<Verdict> {
    const deadline = new AbortController()
    const late = watchChild(child.id, deps.limits, deadline, activity)
    let verdict: Verdict = { state: "failed", error: "It could not be started." }
    try {
      const ended = await ask(child, run, deadline.signal)
      verdict = verdictOn(ended, { late: late(), isAborted: run.link.signal.aborted })
      return verdict
    } finally {
      late()
      working.delete(child.id)
      links.delete(child.id)
      const { state, error } = verdict
      const end = { state, finished: host.now(), ...(error === undefined ? {} : { error }) }
      await store.write((tx) => store.children.finish(tx, run.call, end))
    }
  }

  /** What cannot be told now comes with the next prompt of the session. */
  function inBackground(parentID: string, ending: Promise<Verdict>): void {
    void ending
      .then(async () => {
        if (owed.has(parentID)) await deps.sessions().prompt(parentID, { parts: [] })
      })
      .catch((error: unknown) => {
        if (!isFault(error)) log.error("the result of a subagent was not told", { error, sessionID: parentID })
        else log.info("the result of a subagent waits", { sessionID: parentID, reason: error.message })
      })
  }

  return {
    plan: planner.plan,

    list: (sessionID) => store.sessions.children(deps.sessions().get(sessionID).id),

    allowed: planner.allowed,

    async run(plan, context) {
      if (plan.taskID !== undefined) planner.requireOwn(plan.taskID, context.sessionID)
      const { sessionID: parentSessionId, messageID, callID } = context
      if (plan.taskID !== undefined) working.set(plan.taskID, parentSessionId)
      const link = createDetachment(parentSessionId, context.signal)
      const child = await begin(plan, context).catch((error: unknown) => {
        working.delete(plan.taskID ?? "")
        throw error
      })
      working.set(child.id, parentSessionId)
      links.set(child.id, link)
      const { providerID, modelID } = plan.model
      const metadata = { parentSessionId, sessionId: child.id, model: { providerID, modelID } }
      context.progress({ title: plan.description, metadata })
      const ending = toEnd(child, { plan, call: { messageID, callID }, link })
      const verdict = await Promise.race([ending, link.detached])
      if (verdict === "detached") {
        await store.write((tx) => store.children.detach(tx, { messageID, callID }))
        inBackground(parentSessionId, ending)
        return {
          sessionID: child.id,
          state: "running",
          text: DETACHED,
          metadata: { ...metadata, ...backgroundOf(child) },
        }
      }
      link.close()
      if (verdict.error !== undefined) throw failureOf(child.id, verdict, metadata)
      const { text = "", state } = verdict
      return { sessionID: child.id, state: state === "limit" ? "limit" : "completed", text, metadata }
    },

    async detach(sessionID) {
      const { id } = deps.sessions().get(sessionID)
      if ([...links.values()].filter((link) => link.parentID === id && link.detach()).length > 0) return true
      const held = store.leases.get(id)
      if (held?.address === undefined || held.pid === deps.owner.pid || !isAlive(held)) return false
      return deps.peers.background(held.address, id)
    },

    owed,
  }
}

/** What clients know such a call by. */
const backgroundOf = ({ id }: Session) => ({ background: true, jobId: id })

const DETACHED = `The subagent goes on in the background. Its result comes by itself, as a message: do not wait for it, ask for it, or do its work and touch its files meanwhile.
Go on with something else; if there is nothing, tell the user in a word what runs and end your answer.`
