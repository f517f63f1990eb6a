import type { IncomingMessage } from "node:http"
import type { Environment } from "./proxy-rule.ts"
import { RequestError } from "./request-error.ts"
import { createTransports, type Transport } from "./request-transport.ts"
import { explained, refusal } from "./request-trouble.ts"
import { openResponse, type HttpResponse } from "./response.ts"

/**
 * The only way anything is sent. It has the shape of `fetch`, as far as provider packages use it, over `node:http(s)`:
 * deadlines, an end at any moment, no host that was not allowed, no redirect to another host, the proxy that the
 * environment names.
 */
export interface Request {
  (url: string | URL, init?: RequestInit): Promise<HttpResponse>
  /** Ends every connection, idle or not. A later request opens new ones. */
  close(): void
}

export interface RequestInit {
  method?: string
  headers?: Record<string, string | undefined> | Iterable<readonly [string, string]>
  body?: string | Uint8Array | null
  signal?: AbortSignal | null
  /** For this request, over those of `createRequest`. */
  deadlines?: Deadlines
}

/** Milliseconds, or `false` for none. */
export interface Deadlines {
  /** Until the headers of the answer, connecting included. */
  headerTimeoutMs?: number | false
  /** Between two pieces of the body. */
  chunkTimeoutMs?: number | false
  /** For all of it. */
  timeoutMs?: number | false
}

/** Reasoning models are silent for minutes before the first word. */
const DEFAULT_TIMEOUT_MS = 300_000
/** A timer that is set longer goes off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** A chain that is longer is a loop. */
const MAX_REDIRECTS = 5

export interface RequestOptions extends Deadlines {
  /** Hosts (`host[:port]`) that may be spoken to; without it, any. A proxy need not be among them. */
  allowedHosts?: ReadonlySet<string>
  /** Where `HTTPS_PROXY` and the like are looked up; without it, there is no proxy. */
  env?: Environment
}

export function createRequest(options: RequestOptions = {}): Request {
  const transports = createTransports(options.env)

  async function request(target: string | URL, init: RequestInit = {}): Promise<HttpResponse> {
    const deadlines = { ...DEFAULTS, ...given(options), ...given(init.deadlines) }
    let url = new URL(target)
    for (let redirects = 0; ; redirects++) {
      if (options.allowedHosts && !options.allowedHosts.has(url.host))
        throw new RequestError("host", `Nothing may be sent to ${url.host}: it is not a configured provider.`, url)
      const response = await send(await transports.to(url), url, { init, deadlines })
      const location = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null
      if (location === null) return response
      await response.body.cancel()
      url = redirected(url, location, { status: response.status, redirects })
    }
  }

  return Object.assign(request, { close: transports.close })
}

const DEFAULTS: Required<Deadlines> = {
  headerTimeoutMs: DEFAULT_TIMEOUT_MS,
  chunkTimeoutMs: DEFAULT_TIMEOUT_MS,
  timeoutMs: false,
}

const NAMES = ["headerTimeoutMs", "chunkTimeoutMs", "timeoutMs"] as const

const given = (deadlines: Deadlines = {}): Deadlines =>
  Object.fromEntries(
    NAMES.flatMap((name) => {
      const ms = deadlines[name]
      return ms === undefined ? [] : [[name, ms === false ? false : Math.min(ms, LONGEST_TIMER_MS)]]
    }),
  )

interface Sending {
  init: RequestInit
  deadlines: Required<Deadlines>
}

async function send(transport: Transport, url: URL, sending: Sending): Promise<HttpResponse> {
  try {
    return await sendOnce(transport, url, sending)
  } catch (error) {
    if (!isStale(error)) throw error
    // The server closed an idle connection in the moment it was used again; it never read the request.
    return sendOnce(transport, url, sending)
  }
}

const isStale = (error: unknown): boolean => error instanceof Error && (error as Marked)[STALE] === true
const STALE = Symbol("stale")
type Marked = Error & { [STALE]?: boolean }

function sendOnce(transport: Transport, url: URL, { init, deadlines }: Sending): Promise<HttpResponse> {
  const { signal } = init
  const { headerTimeoutMs, chunkTimeoutMs, timeoutMs } = deadlines
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortReason(signal))
    // Encoded once: its length is asked for, and a socket that is given text encodes it again.
    const body = typeof init.body === "string" ? Buffer.from(init.body) : (init.body ?? undefined)
    const headers = { ...headersOf(init.headers), "accept-encoding": "identity" } as Record<string, string | number>
    if (body !== undefined) headers["content-length"] = body.byteLength
    const abandoned = new AbortController()
    const request = transport.open(url, { method: init.method ?? "GET", headers }, abandoned.signal)
    const { proxy } = transport

    let answer: IncomingMessage | undefined
    const stop = (reason?: Error): void => {
      // The reader of the body sees why; without an answer yet, the caller does.
      answer?.destroy(reason)
      request.destroy(reason)
      if (answer) return
      // A request that still waits for its tunnel has no socket whose end would tell.
      done()
      reject(reason)
      abandoned.abort()
    }
    const abort = (): void => stop(abortReason(signal))
    const timers = [
      after(headerTimeoutMs, (s) =>
        stop(new RequestError("header_timeout", `The provider did not answer within ${s} s.`, url)),
      ),
      after(timeoutMs, (s) => stop(new RequestError("timeout", `The answer took longer than ${s} s.`, url))),
    ]
    const done = (): void => {
      for (const timer of timers) clearTimeout(timer)
      signal?.removeEventListener("abort", abort)
    }
    signal?.addEventListener("abort", abort, { once: true })

    request.on("error", (error: NodeJS.ErrnoException) => {
      if (answer) return
      done()
      const stale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE")
      reject(stale ? Object.assign(error, { [STALE]: true }) : explained(error, { url, proxy }))
    })
    request.on("response", (message) => {
      // Behind a tunnel it would be the provider's own.
      if (proxy && message.statusCode === 407 && url.protocol === "http:") return stop(refusal(407, { proxy, url }))
      answer = message
      // Until its reader is there, an error has nobody to tell; the reader asks when it starts.
      message.on("error", () => {})
      clearTimeout(timers[0])
      openResponse(message, { url, chunkTimeoutMs, stop, done, via: proxy?.name }).then(resolve, reject)
    })
    request.end(body)
  })
}

const after = (ms: number | false, late: (seconds: number) => void): NodeJS.Timeout | undefined =>
  ms === false ? undefined : setTimeout(late, ms, ms / 1_000)

/** Always an error named `AbortError`, the name that provider packages look for. */
function abortReason(signal: AbortSignal | null | undefined): Error {
  const reason: unknown = signal?.reason
  return reason instanceof Error && reason.name === "AbortError" ? reason : new DOMException("Aborted", "AbortError")
}

function headersOf(headers: RequestInit["headers"] = {}): Record<string, string> {
  const entries = Symbol.iterator in headers ? [...(headers as Iterable<[string, string]>)] : Object.entries(headers)
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), value]])),
  ) as Record<string, string>
}

/**
 * Only a redirect that keeps the method, to the same host and port, not away from TLS: anything else would hand the
 * conversation and the key to somebody who was not configured.
 */
function redirected(from: URL, location: string, { status, redirects }: { status: number; redirects: number }): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  const isSafe = to?.host === from.host && (to.protocol === from.protocol || to.protocol === "https:")
  if (to && isSafe && (status === 307 || status === 308) && redirects < MAX_REDIRECTS) return to
  const where = to ? to.origin + to.pathname : "nowhere"
  throw new RequestError("redirect", `The provider at ${from.host} redirects to ${where}; that is not followed.`, from)
}
