import { fault } from "@opencode/core/lib/fault.ts"
import type { IncomingMessage, ServerResponse } from "node:http"
import { isSource, type Handle, type Incoming, type Source } from "./exchange.ts"

/** Milliseconds without a byte after which a client has stopped sending a body that was refused, or reading its answer. */
const LINGER_MS = 1_000
/** A client that goes on sending for this long reads no answers. */
const MAX_LINGER_MS = 10_000

/** Carries one request from a socket to the door, and the answer back. */
export async function serve(handle: Handle, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, headers, body } = await handle(incomingOf(request, response))
  if (response.destroyed) return void (isSource(body) && body.close())
  if (isSource(body)) {
    response.writeHead(status, headers)
    response.flushHeaders()
    return stream(body, response)
  }
  const bytes = typeof body === "string" ? Buffer.byteLength(body) : body?.byteLength
  const sized = bytes === undefined ? headers : { ...headers, "content-length": bytes }
  if (request.complete) return void response.writeHead(status, sized).end(body)
  response.writeHead(status, { ...sized, connection: "close" })
  if (body !== undefined) response.write(body)
  linger(request, response)
}

/** @param response of whose end the signal tells */
export function incomingOf(
  request: IncomingMessage,
  response: { once(name: "close", hear: () => void): unknown; writableFinished: boolean; destroyed: boolean },
): Incoming {
  let controller: AbortController | undefined
  return {
    method: request.method ?? "GET",
    target: originForm(request.url ?? "/"),
    header(name) {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(", ") : value
    },
    hasBody: request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0,
    body: () => request.iterator({ destroyOnReturn: false }),
    // Not a getter: V8 would make a dictionary of each request, and keep it until the next full collection.
    signal() {
      if (!controller) {
        const started = (controller = new AbortController())
        const abort = () => response.writableFinished || started.abort(fault("aborted", "The client went away."))
        // Who asks late, when a folder had to be opened first, may have missed the end.
        if (response.destroyed) abort()
        else response.once("close", abort)
      }
      return controller.signal
    },
  }
}

/** Proxies may send the whole address; its host has no say, the Host header was checked. */
const originForm = (url: string): string => url.replace(/^https?:\/\/[^/?#]*/i, "") || "/"

/**
 * The request was answered before it was all there. Closing now would make the system reset the connection, and the
 * client lose the answer; so what still comes is dropped for a moment.
 */
function linger(request: IncomingMessage, response: ServerResponse): void {
  const began = performance.now()
  let isSending = false
  let timer: NodeJS.Timeout
  const end = () => {
    clearTimeout(timer)
    response.end()
  }
  const look = () => {
    if (isSending && performance.now() - began < MAX_LINGER_MS) wait()
    else end()
  }
  function wait(): void {
    isSending = false
    // What came while this process was busy is read before it is looked at.
    timer = setTimeout(() => setImmediate(look), LINGER_MS)
  }
  wait()
  request.once("end", end).once("close", end)
  request.on("data", () => void (isSending = true)).resume()
}

/** Milliseconds between two writes of one stream: nobody sees less, and each write is a call of the system. */
const PACE_MS = 4

function stream(source: Source, response: ServerResponse): void {
  let isFull = false
  let isScheduled = false
  let hasEnded = false
  let lastWrite = -Infinity

  function send(): void {
    isScheduled = false
    while (!isFull && !response.destroyed) {
      const text = source.take()
      if (!text) break
      isFull = !response.write(text)
      lastWrite = performance.now()
    }
    if (hasEnded && !isFull) response.end()
  }
  /** What happens in one go leaves in one packet: at once after a pause, with the next pace in a burst. */
  function schedule(): void {
    if (isScheduled || isFull) return
    isScheduled = true
    const wait = lastWrite + PACE_MS - performance.now()
    if (wait <= 0) setImmediate(send)
    else setTimeout(send, wait)
  }

  response.on("drain", () => {
    isFull = false
    send()
  })
  response.on("close", source.close)
  source.open({
    ready: schedule,
    end() {
      hasEnded = true
      schedule()
    },
    cut: () => cut(response),
  })
}

/** Not the size of a chunk: whoever reads the answer finds it broken, and cannot take it for complete. */
const NO_CHUNK = "cut off\r\n"
/** A client with more than this waiting does not read, and would be waited for. */
const MAX_WAITING_BYTES = 64 * 1024

/**
 * Ends an answer in the middle. A client that asked for the connection to be closed takes its end for the end of the
 * answer, whatever is missing of it; so the answer is made unreadable first.
 */
function cut(response: ServerResponse): void {
  const { socket } = response
  if (!socket || !response.chunkedEncoding || socket.writableLength > MAX_WAITING_BYTES) return void response.destroy()
  socket.write(NO_CHUNK)
  socket.destroySoon()
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}
