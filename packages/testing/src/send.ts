// How one reply travels over one response: pace, batching, faults. The peer may go at any time; sending then stops.
import type { ServerResponse } from "node:http"
import { setImmediate as turn } from "node:timers/promises"
import type { Answer, Reply } from "./script.ts"
import { deltaCount } from "./script.ts"
import type { Circumstances, Frame, Wire } from "./wire.ts"
import { requestId } from "./wire.ts"

/** Undelayed frames go out together: a system call per delta would cost more than making the delta. */
const BATCH_CHARACTERS = 16_384

export type Sending = { wire: Wire; circumstances: Circumstances; streaming: boolean }

type Ending = "end" | "cut" | "stall"

/** Resolves when nothing more will be sent; a silent or stalled response stays open. */
export async function send(reply: Reply, response: ServerResponse, sending: Sending): Promise<void> {
  if (reply.kind === "silence") return
  if (reply.kind === "raw") {
    response.writeHead(reply.status, reply.headers).end(reply.body)
  } else if (reply.kind === "failure") {
    const { status, body } = sending.wire.failure(reply, sending.circumstances.number)
    sendJson(response, status, body, { ...idHeader(sending), ...reply.headers })
  } else if (sending.streaming) {
    await sendStream(reply, response, sending)
  } else {
    await sendWhole(reply, response, sending)
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string>,
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body))
}

const idHeader = ({ wire, circumstances }: Sending) => ({ [wire.requestIdHeader]: requestId(circumstances.number) })

async function sendStream(answer: Answer, response: ServerResponse, sending: Sending): Promise<void> {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    ...idHeader(sending),
    ...answer.headers,
  })
  response.flushHeaders()
  const frames = withFault(answer, sending)
  const delayMs = answer.delayMs ?? 0
  let batch = ""
  let next = frames.next()
  for (; !next.done; next = frames.next()) {
    batch += answer.crlf ? next.value.text.replaceAll(/\r?\n/g, "\r\n") : next.value.text
    const paced = delayMs > 0 && next.value.delta
    if (!paced && batch.length < BATCH_CHARACTERS) continue
    await write(response, batch, answer.bytesPerWrite)
    batch = ""
    if (paced) await pause(response, delayMs)
    if (response.destroyed) return
  }
  await write(response, batch, answer.bytesPerWrite)
  finish(response, next.value)
}

/** Without a stream a fault hits the body instead: its second half is missing. */
async function sendWhole(answer: Answer, response: ServerResponse, sending: Sending): Promise<void> {
  const { wire, circumstances } = sending
  const { fault } = answer
  if (fault?.type === "error") return send(fault.failure, response, sending)
  const body = Buffer.from(JSON.stringify(wire.whole(answer, circumstances)))
  const half = body.subarray(0, body.length / 2)
  const sent = fault ? half : body
  const length = fault?.type === "malformed" ? half.length : body.length
  const headers = { "content-type": "application/json", "content-length": String(length), ...idHeader(sending) }
  response.writeHead(200, { ...headers, ...answer.headers })
  await write(response, sent, answer.bytesPerWrite)
  finish(response, fault && fault.type !== "malformed" ? fault.type : "end")
}

/** The frames of an answer up to its fault, with the fault's own frame. Returns how the connection ends. */
function* withFault(answer: Answer, { wire, circumstances }: Sending): Generator<Frame, Ending> {
  const frames = wire.frames(answer, circumstances)
  const { fault } = answer
  if (!fault) {
    yield* frames
    return "end"
  }
  let left = Math.min(fault.afterChunks, deltaCount(answer))
  for (const frame of startingWith(NOTHING, frames)) {
    yield frame
    if (frame.delta) left--
    else if (frame !== NOTHING) continue
    if (left !== 0) continue
    if (fault.type === "cut" || fault.type === "stall") return fault.type
    if (fault.type === "malformed") yield { text: wire.brokenFrame, delta: false }
    else {
      yield { text: wire.errorFrame(fault.failure, circumstances.number), delta: false }
      return "end"
    }
  }
  return "end"
}

const NOTHING: Frame = { text: "", delta: false }

function* startingWith(first: Frame, rest: Iterable<Frame>): Iterable<Frame> {
  yield first
  yield* rest
}

function finish(response: ServerResponse, ending: Ending): void {
  if (ending === "end") response.end()
  if (ending !== "cut") return
  const { socket } = response
  // What was written goes out first: the cut is after so many chunks, not somewhere before.
  if (socket && !socket.destroyed) socket.write("", () => socket.destroy())
}

async function write(response: ServerResponse, data: string | Buffer, bytesPerWrite?: number): Promise<void> {
  if (data.length === 0 || response.destroyed) return
  if (!bytesPerWrite) {
    if (!response.write(data)) await drained(response)
    return
  }
  const bytes = typeof data === "string" ? Buffer.from(data) : data
  for (let at = 0; at < bytes.length && !response.destroyed; at += bytesPerWrite) {
    response.write(bytes.subarray(at, at + bytesPerWrite))
    // A turn of the event loop between writes, or the system would join them again.
    await turn()
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done)
      resolve()
    }
    response.on("drain", done).on("close", done)
  })
}

/** Ends early when the peer goes. */
function pause(response: ServerResponse, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      response.off("close", done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    response.on("close", done)
  })
}
