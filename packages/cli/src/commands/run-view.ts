import type { Event } from "@opencode/protocol/event.ts"
import type { AnswerWithParts, AssistantMessage } from "@opencode/protocol/message.ts"
import type { Part, ToolPart } from "@opencode/protocol/part.ts"
import { out } from "../out.ts"

/** Shows a run as it happens. Each view gets every event of the session, in order. */
export interface RunView {
  event(event: Event): void
  /** The whole answer, once it is there: shows what no event has shown. */
  end(answer: AnswerWithParts): void
  /** Why the run fails although no event said so. */
  failed(message: string): void
}

/** For people: the answer on standard output, what was done for it on standard error. */
export function defaultView(): RunView {
  const state = { header: "" }
  const parts = createEnds()
  const show = (part: Part): void => {
    if (part.type === "text" && part.text.trim()) out.line(part.text.trim())
    if (part.type === "tool") out.note(toolLine(part))
  }
  return {
    end: ({ parts: all }) => all.filter(parts.isNew).forEach(show),
    failed: (message) => out.note(message),
    event(event) {
      if (event.type === "message.updated" && event.properties.info.role === "assistant") {
        const header = headerOf(event.properties.info)
        if (header !== state.header) out.note((state.header = header))
      }
      parts.learn(event)
      if (event.type === "message.part.updated" && parts.isNew(event.properties.part)) show(event.properties.part)
      if (event.type === "session.status" && event.properties.status.type === "retry") {
        const { attempt, message, next } = event.properties.status
        const seconds = Math.max(0, Math.round((next - Date.now()) / 1_000))
        out.note(`Trying again in ${seconds} s (${attempt}): ${message}`)
      }
      if (event.type === "session.error" && event.properties.error)
        out.note(`Error: ${messageOf(event.properties.error)}`)
    },
  }
}

/** For scripts: one JSON object per line. */
export function jsonView(sessionID: string): RunView {
  const parts = createEnds()
  const show = (part: Part): void => {
    const type = JSON_TYPES[part.type]
    if (type) printJson(type, { sessionID, part })
  }
  return {
    end: ({ parts: all }) => all.filter(parts.isNew).forEach(show),
    failed(message) {
      printJson("error", { sessionID, error: unknownError(message) })
      out.note(message)
    },
    event(event) {
      parts.learn(event)
      if (event.type === "session.error" && event.properties.error) {
        printJson("error", { sessionID, error: event.properties.error })
      }
      if (event.type === "message.part.updated" && parts.isNew(event.properties.part)) show(event.properties.part)
    },
  }
}

/** What kept a run from beginning, for a script that reads lines of JSON and nothing else. */
export const jsonError = (message: string): void => printJson("error", { error: unknownError(message) })

const unknownError = (message: string) => ({ name: "UnknownError", data: { message } })

const printJson = (type: string, more: Record<string, unknown>): void =>
  out.line(JSON.stringify({ type, timestamp: Date.now(), ...more }))

const JSON_TYPES: Partial<Record<Part["type"], string>> = {
  "step-start": "step_start",
  "step-finish": "step_finish",
  text: "text",
  tool: "tool_use",
}

/** Picks each part once, when there is nothing more to come of it. */
function createEnds(): { learn(event: Event): void; isNew(part: Part): boolean } {
  const shown = new Set<string>()
  /** Messages with the notes of a compaction: what they say is no answer to anybody. */
  const notes = new Set<string>()
  return {
    learn({ type, properties }) {
      if (type !== "message.updated" || properties.info.role !== "assistant") return
      if (properties.info.summary) notes.add(properties.info.id)
    },
    isNew(part) {
      if (!isEnded(part) || shown.has(part.id) || (part.type === "text" && notes.has(part.messageID))) return false
      shown.add(part.id)
      return true
    },
  }
}

function isEnded(part: Part): boolean {
  // A prompt's own text has no times and is not part of the answer.
  if (part.type === "text") return part.time?.end !== undefined
  if (part.type === "tool") return part.state.status === "completed" || part.state.status === "error"
  return part.type === "step-start" || part.type === "step-finish"
}

const headerOf = ({ agent, modelID }: AssistantMessage): string => `> ${agent} · ${modelID}`

function toolLine({ tool, state }: ToolPart): string {
  if (state.status === "error") return `✗ ${tool}: ${firstLine(state.error)}`
  if (state.status !== "completed") return `… ${tool}`
  // A command that was ended has no exit code.
  return `${state.metadata.exit === null ? "✗" : "✓"} ${tool} ${firstLine(state.title)}`.trimEnd()
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? ""

function messageOf(error: { name: string; data: { message?: string | undefined } }): string {
  return error.data.message ?? error.name
}
