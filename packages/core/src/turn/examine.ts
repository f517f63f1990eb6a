import type { HealthFinding, SessionHealth } from "@opencode/protocol/session-health.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part, ToolPart } from "@opencode/protocol/part.ts"
import { requireSession } from "../session/require.ts"
import type { Store } from "../store/store.ts"
import { MISSING_BODY } from "../store/part-body.ts"
import { callNames } from "./call-names.ts"
import { sinceCompaction } from "./since-compaction.ts"
import { wellFormed } from "./well-formed.ts"

/**
 * Says what in a stored conversation a provider would refuse, and what becomes of it when it is sent. Changes nothing:
 * the repairs themselves are made by `compile` at each request, and by `recover` when the session is next opened.
 */
export type ExamineSession = (sessionID: string) => SessionHealth

/** A list for a person; a broken import may have thousands. */
const MAX_FINDINGS = 200

export interface ExamineDeps {
  store: Pick<Store, "sessions" | "messages" | "inbox">
  isBusy(sessionID: string): boolean
}

export function createExamine({ store, isBusy }: ExamineDeps): ExamineSession {
  return (sessionID) => {
    requireSession(sessionID, store)
    const busy = isBusy(sessionID)
    const history = store.messages.list(sessionID)
    const waiting = busy ? [] : store.inbox.unanswered(sessionID).map(({ messageID }) => messageID)
    const findings = [...examine(history, { busy }), ...waiting.map(unanswered)]
    return {
      sessionID,
      busy,
      messages: history.length,
      findings: findings.slice(0, MAX_FINDINGS),
      more: Math.max(findings.length - MAX_FINDINGS, 0),
    }
  }
}

const unanswered = (messageID: string): HealthFinding => ({
  kind: "unanswered-prompt",
  messageID,
  found: "A prompt was accepted, and the program ended before it was answered.",
  repair: "It is answered when the session is next prompted.",
})

/** Pure. Only what is still sent counts: what was compacted away is kept as it is and shown to nobody. */
export function examine(history: readonly MessageWithParts[], { busy }: { busy: boolean }): HealthFinding[] {
  const sent = sinceCompaction([...history])
  const ids = idFindings(sent)
  const first = sent.find(({ info, parts }) => info.role === "user" || parts.length > 0)
  return [
    ...(first?.info.role === "assistant" ? [noPromptFirst(first.info.id)] : []),
    ...sent.flatMap((message) => [
      ...messageFindings(message, busy),
      ...message.parts.flatMap((part) => partFindings(part, { busy })),
    ]),
    ...ids,
  ]
}

const noPromptFirst = (messageID: string): HealthFinding => ({
  kind: "no-prompt-first",
  messageID,
  found: "The conversation begins with an answer, which providers refuse.",
  repair: 'The request begins with "Continue." as a prompt.',
})

function messageFindings({ info, parts }: MessageWithParts, busy: boolean): HealthFinding[] {
  if (info.role === "assistant" && info.time.completed === undefined) {
    if (busy) return []
    return [
      {
        kind: "unfinished-answer",
        messageID: info.id,
        found: "The program ended during this answer.",
        repair: "It is closed as interrupted when the session is next opened; what was said is kept.",
      },
    ]
  }
  const isEmpty = !parts.some(isSaid)
  if (!isEmpty || (info.role === "assistant" && info.error)) return []
  return [
    {
      kind: "empty-message",
      messageID: info.id,
      found: "A message has no content, which providers refuse.",
      repair: "It is left out of requests.",
    },
  ]
}

const isSaid = (part: Part): boolean =>
  part.type === "text" || part.type === "reasoning" ? part.text.trim() !== "" : !SILENT.has(part.type)

/** Notes of the program that no model is shown. */
const SILENT: ReadonlySet<string> = new Set(["step-start", "step-finish", "snapshot", "patch", "retry"])
const KNOWN: ReadonlySet<string> = new Set([
  ...SILENT,
  "text",
  "reasoning",
  "file",
  "tool",
  "agent",
  "subtask",
  "compaction",
])

function partFindings(part: Part, { busy }: { busy: boolean }): HealthFinding[] {
  const at = { messageID: part.messageID, partID: part.id }
  if (!KNOWN.has(part.type)) {
    const found = `A part of the type "${String(part.type)}" is not known to this version.`
    return [{ kind: "unknown-part", ...at, found, repair: "It is kept as it is and not sent." }]
  }
  const findings: HealthFinding[] = []
  if (JSON.stringify(part).includes(JSON.stringify(MISSING_BODY))) {
    const found = "The file with the body of this part is missing or damaged."
    const repair =
      "A note stands in its place. A backup of the folder `blobs` brings it back; nothing else needs to be done."
    findings.push({ kind: "lost-body", ...at, found, repair })
  }
  if (wellFormed(part) !== part) {
    const found = "The text ends within a character, which providers call invalid JSON."
    findings.push({ kind: "broken-text", ...at, found, repair: "The half is replaced when it is sent." })
  }
  if (part.type === "tool" && !busy && (part.state.status === "pending" || part.state.status === "running")) {
    findings.push(withoutResult(part))
  }
  return findings
}

const withoutResult = ({ id, messageID, tool }: ToolPart): HealthFinding => ({
  kind: "call-without-result",
  messageID,
  partID: id,
  found: `A call of ${tool} has no result, which providers refuse.`,
  repair: "It is sent with a result that says that it was interrupted and its effect is unknown.",
})

/** What the names of calls become is decided over the whole conversation. */
function idFindings(messages: readonly MessageWithParts[]): HealthFinding[] {
  const names = callNames()
  const used = new Set<string>()
  return messages
    .flatMap(({ parts }) => parts)
    .flatMap((part): HealthFinding[] => {
      if (part.type !== "tool") return []
      const { callID, messageID, id: partID } = part
      const name = names.unique(callID)
      const isRepeated = used.has(callID)
      used.add(callID)
      if (name === callID) return []
      const found = isRepeated
        ? "Two calls have the same id, so that their results cannot be told apart."
        : "A call has an id that not every provider takes."
      return [
        {
          kind: isRepeated ? "repeated-call-id" : "odd-call-id",
          messageID,
          partID,
          found,
          repair: `It is sent as ${name}, or as its provider wants it.`,
        },
      ]
    })
}
