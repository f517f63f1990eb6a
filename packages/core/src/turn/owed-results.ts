import type { TextPart } from "@opencode/protocol/part.ts"
import type { Host } from "../lib/host.ts"
import type { Child } from "../store/child-store.ts"
import { isAlive } from "../store/process-identity.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import { failureOf, verdictOn } from "./child-verdict.ts"

/**
 * Results of subagents that went on in the background. Each comes with the next prompt of the session that started it,
 * whoever sends that, in the prompt's own transaction: none is lost with a process, and none is told twice. What it says
 * is read from the subagent's transcript, which is what is on record of it.
 */
export interface OwedResults {
  /** Whether a session has some to hear. */
  has(sessionID: string): boolean
  /** Part of the transaction of a prompt: what is added to it. */
  take(tx: Tx, prompt: { sessionID: string; messageID: string }): TextPart[]
}

export interface OwedResultsDeps {
  store: Store
  host: Pick<Host, "id" | "now">
  /** Whether it is at work in this process. */
  isWorking(childID: string): boolean
}

const INTERRUPTED = "The program ended while this subagent worked."

export function createOwedResults({ store, host, isWorking }: OwedResultsDeps): OwedResults {
  function isOver({ finished, childID }: Child): boolean {
    if (finished !== undefined) return true
    const held = store.leases.get(childID)
    return !isWorking(childID) && !(held && isAlive(held))
  }

  const owed = (sessionID: string): Child[] => store.children.owed(sessionID).filter(isOver)

  function textOf(child: Child): string {
    const { childID } = child
    const last = store.messages.list(childID).at(-1)
    const isCut = child.finished === undefined && last?.info.role === "assistant" && !last.info.time.completed
    const late = child.state === "deadline" ? child.error : undefined
    const found = isCut
      ? { state: "failed" as const, error: INTERRUPTED }
      : verdictOn({ answer: last }, { late, isAborted: false })
    const error = found.error === undefined ? undefined : (child.error ?? found.error)
    const title = store.sessions.get(childID)?.title ?? childID
    return error === undefined
      ? taskText({
          childID,
          state: "completed",
          summary: `Background task completed: ${title}`,
          result: found.text ?? "",
        })
      : taskText({
          childID,
          state: "error",
          summary: `Background task failed: ${title}`,
          result: failureOf(childID, { ...found, error }, {}).message,
        })
  }

  return {
    has: (sessionID) => owed(sessionID).length > 0,
    take: (tx, { sessionID, messageID }) =>
      owed(sessionID).flatMap((child) => {
        // Another process may have told it since we looked.
        if (!store.children.told(tx, child)) return []
        store.children.finish(tx, child, { state: "failed", finished: host.now(), error: INTERRUPTED })
        return [{ id: host.id("prt"), sessionID, messageID, type: "text", synthetic: true, text: textOf(child) }]
      }),
  }
}

interface TaskText {
  childID: string
  state: string
  summary: string
  result: string
}

/** As the result of the call has it. */
export const taskText = ({ childID, state, summary, result }: TaskText): string =>
  `<task id="${childID}" state="${state}">\n<summary>${summary}</summary>\n<task_result>\n${result}\n</task_result>\n</task>`
