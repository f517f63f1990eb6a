import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import type { ToolPart } from "@opencode/protocol/part.ts"
import type { Tokens } from "@opencode/protocol/tokens.ts"
import type { Host } from "../lib/host.ts"
import type { FinishReason, ModelEvent } from "../model/events.ts"
import type { StepRecord } from "../session/record.ts"

/** What the model said, once it is all there. Its text and reasoning are in the record already. */
export interface Answer {
  finish: FinishReason
  usage: Tokens
  calls: Call[]
}

/** A call the model made: the part that stands for it, and its arguments as they came. */
export interface Call {
  part: ToolPart
  raw: string
  /** Of a task that the user gave: the model that they chose for it. */
  model?: ModelRef | undefined
  /** A person made it, as a task for a subagent. */
  isGiven?: boolean
  /** The answer was cut while the model wrote it. */
  isHalf?: boolean
}

/**
 * Writes one streamed answer into the record, piece by piece, in the order in which it comes. Throws what the stream
 * throws; what was written until then stays in the record for the caller to keep or discard.
 */
export async function writeAnswer(
  events: AsyncIterable<ModelEvent>,
  record: StepRecord,
  host: Host,
  textComplete: (partID: string, text: string) => Promise<string>,
): Promise<Answer> {
  const { id: messageID, sessionID } = record.message
  const owned = () => ({ id: host.id("prt"), sessionID, messageID })
  /** The provider's ids of open blocks, to the ids of our parts. */
  const open = new Map<string, string>()
  const calls: Call[] = []
  /** Calls that are still being written, by the provider's ids: some models give the same id to several. */
  const unfinished = new Map<string, Call>()
  let ending: Pick<Answer, "finish" | "usage"> | undefined

  function start(id: string, type: "text" | "reasoning"): string {
    const part = { ...owned(), type, text: "", time: { start: host.now() } }
    open.set(`${type} ${id}`, part.id)
    record.put(part)
    return part.id
  }

  async function end(id: string, type: "text" | "reasoning", metadata?: Record<string, unknown>): Promise<void> {
    const partID = open.get(`${type} ${id}`)
    open.delete(`${type} ${id}`)
    const part = record.parts.find((candidate) => candidate.id === partID)
    if (part?.type !== type || !part.time) return
    const text = type === "text" ? await textComplete(part.id, part.text) : part.text
    const time = { ...part.time, end: host.now() }
    record.put({ ...part, text, time, ...(metadata ? { metadata } : {}) })
  }

  function startCall(id: string, tool: string): Call {
    const same = calls.filter(({ part }) => part.callID === id || part.callID.startsWith(`${id}_`)).length
    const callID = same === 0 ? id : `${id}_${same + 1}`
    const state = { status: "pending" as const, input: {}, raw: "" }
    const call: Call = { part: { ...owned(), type: "tool", callID, tool, state }, raw: "" }
    calls.push(call)
    unfinished.set(id, call)
    record.put(call.part)
    return call
  }

  for await (const event of events) {
    switch (event.type) {
      case "text-start":
      case "reasoning-start":
        start(event.id, event.type === "text-start" ? "text" : "reasoning")
        break
      case "text-delta":
      case "reasoning-delta": {
        const type = event.type === "text-delta" ? "text" : "reasoning"
        record.append(open.get(`${type} ${event.id}`) ?? start(event.id, type), event.delta)
        break
      }
      case "text-end":
        await end(event.id, "text", event.metadata)
        break
      case "reasoning-end":
        await end(event.id, "reasoning", event.metadata)
        break
      case "tool-input-start":
        startCall(event.id, event.tool)
        break
      case "tool-input-delta": {
        const call = unfinished.get(event.id)
        if (!call) break
        call.raw += event.delta
        call.part = { ...call.part, state: { status: "pending", input: {}, raw: call.raw } }
        record.hold(call.part)
        break
      }
      case "tool-call": {
        const call = unfinished.get(event.id) ?? startCall(event.id, event.tool)
        unfinished.delete(event.id)
        call.raw = event.input
        const state = { status: "pending" as const, input: {}, raw: event.input }
        const metadata = event.metadata && { metadata: event.metadata }
        call.part = { ...call.part, tool: event.tool, state, ...metadata }
        record.hold(call.part)
        break
      }
      case "finish":
        ending = { finish: event.reason, usage: event.usage }
    }
  }
  for (const key of open.keys()) {
    const [type, id] = key.split(" ", 2) as ["text" | "reasoning", string]
    await end(id, type)
  }
  if (!ending) throw new Error("The stream of model events ended without a finish event.")
  if (ending.finish === "length") for (const call of calls) call.isHalf = !isWhole(call.raw)
  return { ...ending, calls }
}

/** Arguments are an object, and an object that was cut off has no end; an empty one may not have begun. */
function isWhole(raw: string): boolean {
  try {
    return Object.keys(JSON.parse(raw) as object).length > 0
  } catch {
    return false
  }
}
