/**
 * A request and its answer as plain data. The web's own `Request` and `Response` cost 12 ms of CPU and 6 MB when they are
 * first touched, so a process that only listens never touches them.
 */
export interface Incoming {
  method: string
  /** Path and query as they were sent: `/session?limit=1`. */
  target: string
  /** @param name in lower case */
  header(name: string): string | undefined
  hasBody: boolean
  /** The bytes of the body as they come in. Who stops reading early does no harm to the answer. */
  body(): AsyncIterable<Uint8Array>
  /** Aborts when the client goes away. */
  signal(): AbortSignal
}

export interface Outgoing {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  body?: string | Uint8Array | Source
}

/** A body that is made while it is sent. The transport takes from it whenever the client can read more. */
export interface Source {
  /** Called once, before anything else. */
  open(outlet: Outlet): void
  /** What is to be sent now; empty when there is nothing. */
  take(): string
  /** The client is gone, or the server ends. May be called more than once. */
  close(): void
}

export interface Outlet {
  /** There is something to take. */
  ready(): void
  /** All was taken and nothing more will come. */
  end(): void
  /** The connection is destroyed: clients take a clean end for the last word and do not come back. */
  cut(): void
}

export type Handle = (incoming: Incoming) => Promise<Outgoing>

export function splitTarget(target: string): [path: string, query: string] {
  const mark = target.indexOf("?")
  return mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)]
}

export const isSource = (body: unknown): body is Source =>
  typeof body === "object" && body !== null && "open" in body && typeof body.open === "function"

/** The same door for callers in this process, as a function of the web's own types. */
export function fetchOf(handle: Handle): (request: Request) => Promise<Response> {
  return async (request) => {
    const { status, headers, body } = await handle(incomingOf(request))
    if (!isSource(body)) return new Response(body ?? null, { status, headers })
    request.signal.addEventListener("abort", () => body.close(), { once: true })
    return new Response(streamOf(body), { status, headers })
  }
}

function incomingOf(request: Request): Incoming {
  const url = new URL(request.url)
  return {
    method: request.method,
    target: url.pathname + url.search,
    header: (name) => request.headers.get(name) ?? (name === "host" ? url.host : undefined),
    hasBody: request.body !== null,
    body: () => chunksOf(request),
    signal: () => request.signal,
  }
}

async function* chunksOf({ body }: Request): AsyncIterable<Uint8Array> {
  if (body) for await (const chunk of body) yield chunk as Uint8Array
}

function streamOf(source: Source): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let wake: (() => void) | undefined
  let hasEnded = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source.open({
          ready: () => wake?.(),
          end() {
            hasEnded = true
            wake?.()
          },
          cut: () => controller.error(new Error("The event stream was cut off.")),
        })
      },
      async pull(controller) {
        let text = source.take()
        while (!text && !hasEnded) {
          await new Promise<void>((resolve) => (wake = resolve))
          text = source.take()
        }
        wake = undefined
        if (text) controller.enqueue(encoder.encode(text))
        else controller.close()
      },
      cancel: () => source.close(),
    },
    { highWaterMark: 0 },
  )
}
