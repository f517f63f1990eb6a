import type { PartOf } from "@opencode/protocol/part.ts"
import type { Picture, Place, TranscriptMessages } from "./transcript-messages.ts"

/** The calls of a transcript: each has one result, and one that never came is told as such. */
export interface TranscriptCalls {
  call(place: Place, call: { callID: string; tool: string; input: Record<string, unknown> }): void
  /** @returns false when nobody asked for it */
  result(callID: string, result: CallResult): boolean
}

export interface CallResult {
  output: string
  isError: boolean
  pictures?: readonly Picture[]
  at: number
}

const UNFINISHED = "Interrupted: the transcript has no result of this call."

export function createTranscriptCalls({ answered, add, attached }: TranscriptMessages): TranscriptCalls {
  const open = new Map<string, PartOf<"tool">>()
  return {
    call(place, { callID, tool, input }) {
      const message = answered(place)
      message.info.finish = "tool-calls"
      const time = { start: place.at, end: place.at }
      const state = { status: "error", input, error: UNFINISHED, time }
      open.set(callID, add(message, place.at, { type: "tool", callID, tool, state }) as PartOf<"tool">)
    },

    result(callID, { output, isError, pictures = [], at }) {
      const part = open.get(callID)
      if (!part || part.state.status !== "error") return false
      open.delete(callID)
      const { input, time: begun } = part.state
      const time = { start: begun.start, end: Math.max(at, begun.start) }
      const attachments = pictures.map((one, index) => attached(part.messageID, at, `${callID} ${index}`, one))
      part.state = isError
        ? { status: "error", input, error: output || "The call failed.", time }
        : {
            status: "completed",
            input,
            output,
            title: "",
            metadata: {},
            time,
            ...(attachments.length > 0 ? { attachments } : {}),
          }
      return true
    },
  }
}
