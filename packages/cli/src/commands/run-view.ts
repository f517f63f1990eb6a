import type { Event } from "@opencode/protocol/event.ts"
import type { AnswerWithParts, AssistantMessage } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { PermissionReply } from "@opencode/protocol/permission.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { aboutCall, type Display } from "../display.ts"
import { createEnds } from "./ended-parts.ts"
import { messageOf, type Outcome } from "./run-outcome.ts"
import type { Totals } from "./run-totals.ts"

/** Shows a run as it happens. Each view gets every event of the session, in order. */
export interface RunView {
  begin(session: Session): void
  event(event: Event): void
  /** A question of a call that was answered without a person. */
  decided(decision: Decision): void
  /** The whole answer, once it is there: shows what no event has shown. */
  end(answer: AnswerWithParts): void
  /** What became of it. Its message is printed beside the answer by who calls this. */
  finish(outcome: Outcome, exitCode: number): void
  /** A person is about to type, or the program ends: the line is theirs. */
  rest(): void
}

export interface Decision {
  permission: string
  patterns: string[]
  reply: PermissionReply
}

export interface ViewOptions {
  /** Shows what the model thought. */
  thinking: boolean
  /** An object was asked for: it is the answer, and what the model says besides is not. */
  wantsObject: boolean
  totals: Totals
}

/** For people: the answer on standard output, what was done for it on standard error. */
export function defaultView(display: Display, { thinking, wantsObject, totals }: ViewOptions): RunView {
  const state = { header: "", steps: 0 }
  const parts = createEnds()
  const show = (part: Part): void => {
    if (part.type === "text" && part.text.trim()) (wantsObject ? display.note : display.answer)(part.text.trim())
    if (part.type === "reasoning" && thinking && part.text.trim()) display.thought(part.text.trim())
    if (part.type === "tool") display.call(part)
  }
  function progress(event: Event): void {
    if (event.type === "todo.updated") {
      const { todos } = event.properties
      return display.tasks(todos.filter(({ status }) => status === "completed").length, todos.length)
    }
    if (event.type !== "message.part.updated") return
    const { part } = event.properties
    if (part.type === "step-start") return display.status(`step ${++state.steps}: waiting for the model`)
    if (state.steps === 0) return // the prompt's own parts
    if (part.type === "reasoning") display.status(`step ${state.steps}: thinking`)
    if (part.type === "text") display.status(`step ${state.steps}: writing`)
    if (part.type === "tool" && part.state.status === "running") display.status(`${part.tool} ${aboutCall(part)}`)
  }
  return {
    begin: () => display.status("waiting for the model"),
    decided() {},
    end({ info, parts: all }) {
      all.filter(parts.isNew).forEach(show)
      if (wantsObject && info.structured !== undefined) display.answer(JSON.stringify(info.structured))
    },
    finish: () => display.end(totals),
    rest: display.rest,
    event(event) {
      if (event.type === "message.updated" && event.properties.info.role === "assistant") {
        const header = headerOf(event.properties.info)
        if (header !== state.header) display.note((state.header = header))
      }
      parts.learn(event)
      progress(event)
      if (event.type === "message.part.updated" && parts.isNew(event.properties.part)) show(event.properties.part)
      if (event.type === "session.status" && event.properties.status.type === "retry") {
        const { attempt, message, next } = event.properties.status
        const seconds = Math.max(0, Math.round((next - Date.now()) / 1_000))
        display.note(`Trying again in ${seconds} s (${attempt}): ${message}`)
      }
      if (event.type === "session.error" && event.properties.error)
        display.failure(`Error: ${messageOf(event.properties.error)}`)
    },
  }
}

const headerOf = ({ agent, modelID }: AssistantMessage): string => `> ${agent} · ${modelID}`
