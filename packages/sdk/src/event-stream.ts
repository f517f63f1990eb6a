import { readEvents, type ReceivedEvent } from "./event-reader.ts"
import { heardWithin } from "./silence.ts"
import type { Config } from "./v2/gen/core/types.gen.ts"

// The stream of events of a server, as an async generator that connects again when the connection breaks.

export type ServerSentEventsOptions<TData = unknown> = Omit<RequestInit, "method"> &
  Pick<Config, "method" | "responseTransformer" | "responseValidator"> & {
    /** How requests are sent. Default: the global `fetch`. */
    fetch?: typeof fetch
    /** Called before each connection; the interceptors of requests run here. */
    onRequest?: (url: string, init: RequestInit) => Promise<Request>
    /** Called when a connection could not be made, broke, or carried something that is not an event. */
    onSseError?: (error: unknown) => void
    /** Called with each event before the loop gets its data: here are its id and name. */
    onSseEvent?: (event: StreamEvent<TData>) => void
    serializedBody?: RequestInit["body"]
    /** Milliseconds before the first attempt to connect again; doubled for each one that fails. Default: 3000. */
    sseDefaultRetryDelay?: number
    /** How many connections in a row may fail before the stream ends. Default: no limit. */
    sseMaxRetryAttempts?: number
    /** The longest delay between two attempts, in milliseconds. Default: 30000. */
    sseMaxRetryDelay?: number
    /** Milliseconds without a byte after which a connection is taken for broken. Default: 30000; `Infinity`: never. */
    sseMaxSilence?: number
    /** Connect again also when the server ended the stream in good order, as it does when it is stopped. Default: false. */
    sseReconnectAtEnd?: boolean
    /** How to wait between two attempts. Default: a timer. */
    sseSleepFn?: (ms: number) => Promise<void>
    /** Throw what ended the stream, instead of only telling it to `onSseError`. */
    throwOnError?: boolean
    url: string
  }

export interface StreamEvent<TData = unknown> {
  data: TData
  event?: string
  id?: string
  retry?: number
}

export type ServerSentEventsResult<TData = unknown, TReturn = void, TNext = unknown> = {
  stream: AsyncGenerator<TData extends Record<string, unknown> ? TData[keyof TData] : TData, TReturn, TNext>
}

/** What published clients wait at first: long enough for a server that is being restarted. */
const FIRST_DELAY = 3000
/** A server that has been away for long is asked twice a minute. */
const LONGEST_DELAY = 30_000
/** Servers are heard every ten seconds. A network that is gone says nothing, and neither does what it leaves open. */
const MAX_SILENCE = 30_000

/** The server said no: to ask the same again does not help. */
class Refused extends Error {}

/** These pass: a server that starts, is busy or is behind a proxy that waits for it. */
const PASSING = new Set([408, 425, 429])

export function createSseClient<TData = unknown>(options: ServerSentEventsOptions): ServerSentEventsResult<TData> {
  const ended = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal
  const events = follow(options, signal)
  const stream = {
    next: (value: unknown) => events.next(value as never),
    throw(error: unknown) {
      ended.abort()
      return events.throw(error)
    },
    // A generator that waits for an event would not hear of its end before that event.
    return(value: unknown) {
      ended.abort()
      return events.return(value as never)
    },
    [Symbol.asyncIterator]: () => stream,
    // Browsers of the year before last do not have it.
    ...(Symbol.asyncDispose ? { [Symbol.asyncDispose]: async () => void (await events.return()) } : {}),
  }
  return { stream: stream as unknown as ServerSentEventsResult<TData>["stream"] }
}

async function* follow(options: ServerSentEventsOptions, signal: AbortSignal): AsyncGenerator<unknown, void> {
  const seen: Seen = { delay: options.sseDefaultRetryDelay ?? FIRST_DELAY }
  const { sseMaxSilence: maxSilence = MAX_SILENCE } = options
  let failures = 0
  while (!signal.aborted) {
    try {
      const body = await connect({ ...options, signal, sseMaxSilence: maxSilence }, seen)
      failures = 0
      for await (const event of readEvents(body, signal, maxSilence)) yield* received(event, options, seen)
      if (signal.aborted || !options.sseReconnectAtEnd) return
    } catch (error) {
      if (signal.aborted) return
      options.onSseError?.(error)
      failures++
      const gaveUp = options.sseMaxRetryAttempts !== undefined && failures >= options.sseMaxRetryAttempts
      if (gaveUp || error instanceof Refused) {
        if (options.throwOnError) throw error
        return
      }
    }
    const delay = Math.min(seen.delay * 2 ** Math.max(0, failures - 1), options.sseMaxRetryDelay ?? LONGEST_DELAY)
    await pause(delay, signal, options.sseSleepFn)
  }
}

/** What the next connection needs to know of the ones before. */
interface Seen {
  id?: string
  delay: number
}

type Connecting = ServerSentEventsOptions & { signal: AbortSignal; sseMaxSilence: number }

async function connect(options: Connecting, { id }: Seen) {
  const { url, fetch = globalThis.fetch, onRequest, serializedBody } = options
  const attempt = new AbortController()
  const signal = AbortSignal.any([options.signal, attempt.signal])
  const headers = new Headers(options.headers)
  if (id !== undefined) headers.set("Last-Event-ID", id)
  const init: RequestInit = { redirect: "follow", ...options, body: serializedBody, headers, signal }
  const request = onRequest ? await onRequest(url, init) : new Request(url, init)
  const response = await heardWithin(fetch(request), options.sseMaxSilence).catch((error: unknown) => {
    attempt.abort()
    throw error
  })
  if (response.ok && response.body) return response.body
  await response.body?.cancel()
  const { status, statusText } = response
  const message = `SSE failed: ${status} ${statusText}`
  if (status >= 400 && status < 500 && !PASSING.has(status)) throw new Refused(message, { cause: { status } })
  throw new Error(message, { cause: { status } })
}

async function* received(event: ReceivedEvent, options: ServerSentEventsOptions, seen: Seen): AsyncGenerator<unknown> {
  if (event.id !== undefined) seen.id = event.id
  if (event.retry !== undefined) seen.delay = event.retry
  const parsed = event.data === undefined ? undefined : parse(event.data)
  let data = parsed?.value
  if (parsed?.isJson) {
    await options.responseValidator?.(data)
    if (options.responseTransformer) data = await options.responseTransformer(data)
  }
  options.onSseEvent?.({ data, event: event.name, id: seen.id, retry: seen.delay })
  if (event.data !== undefined) yield data
}

function parse(text: string): { value: unknown; isJson: boolean } {
  try {
    return { value: JSON.parse(text), isJson: true }
  } catch {
    return { value: text, isJson: false }
  }
}

function pause(ms: number, signal: AbortSignal, sleep?: (ms: number) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = sleep ? undefined : setTimeout(done, ms)
    if (sleep) sleep(ms).then(done, reject)
    signal.addEventListener("abort", done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener("abort", done)
      resolve()
    }
  })
}
