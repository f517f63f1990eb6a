import type { AssistantMessage, MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part, ToolPart } from "@opencode/protocol/part.ts"
import type { Host } from "../lib/host.ts"
import type { Intent } from "../store/intent-store.ts"
import type { Owner } from "../store/lease-store.ts"
import { isAlive } from "../store/process-identity.ts"
import type { Store } from "../store/store.ts"
import type { Lanes } from "./lanes.ts"
import type { Publish } from "./record.ts"
import { shownPrompts } from "./shown-prompts.ts"
import { stopCompacting } from "./summarize.ts"
import type { Sweep } from "./sweep.ts"

/**
 * Closes what a process that died left open. Touches a session only when its lease belongs to a process that is proven
 * dead (or to this one, without a turn): what another process is doing stays its own.
 *
 * Afterwards no message is unfinished and no call is running; nothing was repeated. Prompts that were admitted and
 * never begun are answered now, because somebody has opened the session.
 */
export interface RecoverDeps {
  store: Store
  host: Host
  owner: Owner
  lanes: Lanes
  publish: Publish
  /** Ends what calls without an outcome left running. */
  sweep: Sweep
  /** Whether a tool's calls must never be repeated unseen. */
  isUnsafe(tool: string): boolean
}

export function createRecovery(deps: RecoverDeps): (sessionID: string) => Promise<void> {
  const { store, owner, lanes } = deps
  /** Whoever opens a session that is being closed waits for the same end: two at once would take the lease in turns. */
  const underWay = new Map<string, Promise<void>>()

  function isLeftOpen(sessionID: string): boolean {
    if (lanes.isBusy(sessionID)) return false
    const held = store.leases.get(sessionID)
    return held !== undefined && (held.pid === owner.pid || !isAlive(held))
  }

  async function recover(sessionID: string): Promise<void> {
    const unbegun = await lanes.exclusive(sessionID, async (lease) => {
      // First, so that nothing still runs of what the transcript calls interrupted.
      await deps.sweep(store.intents.unfinished(sessionID))
      const closed = closeUnfinished(sessionID, deps)
      await store.turnWrite(lease, (tx) => {
        for (const { info, parts } of closed.messages) {
          store.messages.put(tx, info)
          for (const part of parts) store.parts.put(tx, part)
        }
        for (const intent of closed.intents) {
          store.intents.finish(tx, intent, { finished: deps.host.now(), outcome: "interrupted" })
        }
        stopCompacting(tx, sessionID, store)
        store.children.interrupt(tx, sessionID, deps.host.now())
        for (const messageID of closed.begun) store.inbox.mark(tx, messageID, "answered", deps.host.now())
      })
      for (const { info, parts, closed: ended } of closed.messages) {
        // As at any other end of a step: a client may follow the parts, or the messages.
        for (const part of ended) deps.publish("message.part.updated", { sessionID, part, time: deps.host.now() })
        deps.publish("message.updated", { sessionID, info, parts })
      }
      return closed.unbegun
    })
    if (unbegun.length) lanes.resume(sessionID, unbegun)
  }

  return async (sessionID) => {
    const same = underWay.get(sessionID)
    if (same) return same
    if (!isLeftOpen(sessionID)) return
    const recovery = recover(sessionID).finally(() => underWay.delete(sessionID))
    underWay.set(sessionID, recovery)
    return recovery
  }
}

interface ClosedMessage extends MessageWithParts {
  /** Those of its parts that were still open. */
  closed: Part[]
}

interface Closed {
  messages: ClosedMessage[]
  intents: Intent[]
  /** Prompts that the dead turn had begun to answer: their answer is the interrupted one. */
  begun: string[]
  unbegun: string[]
}

function closeUnfinished(sessionID: string, deps: RecoverDeps): Closed {
  const { store, host } = deps
  const history = store.messages.list(sessionID)
  const intents = store.intents.unfinished(sessionID)
  const known = shownPrompts(history)
  const unanswered = store.inbox.unanswered(sessionID).map((admission) => admission.messageID)
  return {
    intents,
    begun: unanswered.filter((messageID) => known.has(messageID)),
    unbegun: unanswered.filter((messageID) => !known.has(messageID)),
    messages: history.flatMap(({ info, parts }) =>
      info.role === "assistant" && info.time.completed === undefined
        ? [closeMessage(interrupted(info, host.now()), parts, intents, deps)]
        : [],
    ),
  }
}

function closeMessage(info: AssistantMessage, open: Part[], intents: Intent[], deps: RecoverDeps): ClosedMessage {
  const parts = open.map((part) => closePart(part, intents, deps))
  return { info, parts, closed: parts.filter((part, index) => part !== open[index]) }
}

const interrupted = (message: AssistantMessage, now: number): AssistantMessage => ({
  ...message,
  time: { ...message.time, completed: now },
  endReason: "interrupted",
  error: { name: "MessageAbortedError", data: { message: "Interrupted: the program ended during this answer." } },
})

function closePart(part: Part, intents: Intent[], { store, host, isUnsafe }: RecoverDeps): Part {
  const now = host.now()
  if ((part.type === "text" || part.type === "reasoning") && part.time && part.time.end === undefined) {
    return { ...part, time: { ...part.time, end: now } }
  }
  if (part.type !== "tool" || (part.state.status !== "pending" && part.state.status !== "running")) return part
  const child = store.children.ofCall(part)?.childID
  const hasIntent = intents.some((intent) => intent.callID === part.callID && intent.messageID === part.messageID)
  return {
    ...part,
    state: {
      status: "error",
      input: part.state.input,
      error: child === undefined ? whatIsKnown(part, hasIntent, isUnsafe) : childIsKept(child),
      metadata: { interrupted: true, ...(child === undefined ? {} : { sessionId: child }) },
      time: { start: part.state.status === "running" ? part.state.time.start : now, end: now },
    },
  }
}

const childIsKept = (sessionID: string): string =>
  `The program ended while this subagent worked; how far it came is unknown. What it said is kept: task_id "${sessionID}" goes on with it.`

function whatIsKnown(part: ToolPart, hasIntent: boolean, isUnsafe: (tool: string) => boolean): string {
  if (hasIntent) {
    return "The program ended while this call ran. Whether it had its effect is unknown: check before doing it again."
  }
  if (isUnsafe(part.tool) || part.state.status === "pending") return "The program ended before this call started."
  return "The program ended during this call. It can be made again."
}
