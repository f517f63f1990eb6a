import type { Socket } from "node:net"
import type { Event } from "@opencode/protocol/event.ts"
import type { Scope } from "../bus/bus.ts"
import { fault, isFault, type FaultCode } from "../lib/fault.ts"
import type { Log } from "../lib/log.ts"

/**
 * What two processes of one user say to each other: lines of JSON. One connection carries one question, which is its
 * first line; everything after it is the answer. A connection that ends without a `result` or a `fault` has no answer.
 */
export interface Question {
  /** What is wanted: the name of a member of `PeerService`. */
  ask: string
  args: unknown
}

export type AnswerLine =
  /** What can be told before the result: a prompt was accepted. */
  | { note: unknown }
  | { event: PeerEvent }
  | { result: unknown }
  | { fault: { code: string; message: string; data: Record<string, unknown> } }

/** Something that happened in the other process. */
export interface PeerEvent {
  scope?: Scope
  event: Event
}

/** A prompt may have 32 MB, and a part with its attachments comes near it; JSON in JSON needs some more. */
const MAX_LINE_BYTES = 64 * 1024 * 1024

export function sendLine(socket: Socket, line: Question | AnswerLine): void {
  // To a peer that is gone nothing can be said; its end is heard as `close`.
  if (socket.writable) socket.write(`${JSON.stringify(line)}\n`)
}

/** Hands over each line in order. A line that is too long or is not JSON ends the connection: it is not one of ours. */
export function readLines(socket: Socket, onLine: (line: unknown) => void): void {
  let pieces: Buffer[] = []
  let size = 0
  socket.on("data", (chunk: Buffer) => {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...pieces, chunk.subarray(start, end)])
      pieces = []
      size = 0
      start = end + 1
      const parsed = parse(line)
      if (!parsed) return void socket.destroy()
      onLine(parsed.value)
    }
    const rest = chunk.subarray(start)
    size += rest.length
    if (size > MAX_LINE_BYTES) return void socket.destroy()
    if (rest.length > 0) pieces.push(rest)
  })
}

function parse(line: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(line.toString()) }
  } catch {
    return undefined // the caller ends the connection
  }
}

/** A failure as the other process may know it: a bug is logged here, and stays here. */
export function faultLine(error: unknown, log: Log): AnswerLine {
  if (isFault(error)) return { fault: { code: error.code, message: error.message, data: error.data } }
  log.error("a question of another process could not be answered", { error })
  return { fault: { code: "unavailable", message: "The process that works on the session failed.", data: {} } }
}

/** The other process is of this program, if perhaps of another version: its codes are ours. */
export const faultOf = ({ code, message, data }: Extract<AnswerLine, { fault: unknown }>["fault"]): Error =>
  fault(code as FaultCode, message, data)
