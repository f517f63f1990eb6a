import type { AnswerWithParts, AssistantMessage } from "@opencode/protocol/message.ts"
import type { Part, ToolPart } from "@opencode/protocol/part.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { out } from "../out.ts"
import { createEnds } from "./ended-parts.ts"
import { RUN_LINES_VERSION, type RunLine } from "./run-lines.ts"
import type { Outcome } from "./run-outcome.ts"
import type { RunView, ViewOptions } from "./run-view.ts"

/** For scripts, as OpenCode prints it: one JSON object per line. */
export function jsonView({ thinking, wantsObject }: ViewOptions): RunView {
  const parts = createEnds()
  const state: { sessionID?: string } = {}
  let hasFailed = false
  const print = (type: string, more: Record<string, unknown>): void =>
    out.line(JSON.stringify({ type, timestamp: Date.now(), ...state, ...more }))
  const show = (part: Part): void => {
    const type = JSON_TYPES[part.type]
    if (type && (thinking || type !== "reasoning")) print(type, { part })
  }
  return {
    begin: ({ id }) => void (state.sessionID = id),
    decided() {},
    rest() {},
    end({ info, parts: all }) {
      all.filter(parts.isNew).forEach(show)
      if (wantsObject && info.structured !== undefined) print("structured", { structured: info.structured })
    },
    finish({ reason, message, isUntold }) {
      // The session may have said that it was stopped, and then the program was.
      if (isUntold && !(hasFailed && reason === "aborted"))
        print("error", { error: { name: "UnknownError", data: { message } } })
    },
    event(event) {
      parts.learn(event)
      if (event.type === "session.error" && event.properties.error) {
        hasFailed = true
        print("error", { error: event.properties.error })
      }
      if (event.type === "message.part.updated" && parts.isNew(event.properties.part)) show(event.properties.part)
    },
  }
}

const JSON_TYPES: Partial<Record<Part["type"], string>> = {
  "step-start": "step_start",
  "step-finish": "step_finish",
  text: "text",
  reasoning: "reasoning",
  tool: "tool_use",
}

type Untimed<Line> = Line extends unknown ? Omit<Line, "timestamp"> : never

/** The versioned lines: what `run-lines.ts` promises. */
export function linesView({ thinking, totals }: ViewOptions): RunView {
  const parts = createEnds()
  const state: { sessionID: string | null; answer?: AnswerWithParts; asked?: AssistantMessage; steps: number } = {
    sessionID: null,
    steps: 0,
  }
  const print = ({ type, ...more }: Untimed<RunLine>): void =>
    out.line(JSON.stringify({ type, timestamp: Date.now(), ...more }))

  function show(part: Part): void {
    if (part.type === "step-start" && state.asked) {
      const { agent, providerID, modelID } = state.asked
      print({ type: "step", step: ++state.steps, agent, model: `${providerID}/${modelID}` })
    }
    if (part.type === "text" && part.text.trim()) print({ type: "text", text: part.text })
    if (part.type === "reasoning" && thinking) print({ type: "reasoning", text: part.text })
    if (part.type === "tool") print(toolLine(part))
  }

  function result({ reason, isSuccess, message }: Outcome, exitCode: number): void {
    const { info, parts: last = [] } = state.answer ?? {}
    print({
      type: "result",
      version: RUN_LINES_VERSION,
      success: isSuccess,
      reason,
      exitCode,
      message: message ?? null,
      error: info?.error ?? null,
      sessionID: state.sessionID,
      messageID: info?.id ?? null,
      text: textOf(last),
      structured: info?.structured ?? null,
      steps: totals.steps,
      tokens: totals.steps ? totals.tokens : noTokens(),
      cost: totals.cost,
      files: [...totals.files],
      durationMs: totals.durationMs,
    })
  }

  return {
    begin({ id, directory }) {
      state.sessionID = id
      print({ type: "start", version: RUN_LINES_VERSION, sessionID: id, directory })
    },
    decided: (decision) => print({ type: "ask", ...decision }),
    rest() {},
    end(answer) {
      state.answer = answer
      answer.parts.filter(parts.isNew).forEach(show)
    },
    finish: result,
    event(event) {
      parts.learn(event)
      if (event.type === "message.updated" && event.properties.info.role === "assistant")
        state.asked = event.properties.info
      if (event.type === "session.status" && event.properties.status.type === "retry") {
        const { attempt, message, next } = event.properties.status
        print({ type: "retry", attempt, waitMs: Math.max(0, next - Date.now()), message })
      }
      if (event.type === "message.part.updated" && parts.isNew(event.properties.part)) show(event.properties.part)
    },
  }
}

function toolLine({ callID, tool, state }: ToolPart): Untimed<RunLine> {
  const { input } = state
  const times = "time" in state && "end" in state.time ? state.time : { start: 0, end: 0 }
  const told =
    state.status === "completed"
      ? { status: "completed" as const, title: state.title, output: state.output }
      : { status: "error" as const, title: "", output: state.status === "error" ? state.error : "" }
  return { type: "tool", callID, tool, input, ...told, durationMs: times.end - times.start }
}

const textOf = (parts: readonly Part[]): string =>
  parts.flatMap((part) => (part.type === "text" && part.text.trim() ? [part.text.trim()] : [])).join("\n")
