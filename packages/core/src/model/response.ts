import type { IncomingMessage } from "node:http"
import type { Readable } from "node:stream"
import { RequestError } from "./request-error.ts"

/**
 * What the request function gives back: the part of the web's `Response` that provider packages use, as small objects.
 * The global one would load 37 MB of code with its first use.
 */
export interface HttpResponse {
  readonly ok: boolean
  readonly status: number
  readonly statusText: string
  /** Without the query. */
  readonly url: string
  readonly headers: HttpHeaders
  /** Read it to the end or cancel it: the connection is busy until then. */
  readonly body: ReadableStream<Uint8Array>
  text(): Promise<string>
  json(): Promise<unknown>
  arrayBuffer(): Promise<ArrayBuffer>
}

/** Names are in lower case; values of doubled headers are joined. */
export interface HttpHeaders extends Iterable<[string, string]> {
  get(name: string): string | null
  has(name: string): boolean
  entries(): IterableIterator<[string, string]>
}

/** A whole answer that is not streamed: far above what a model writes. */
const MAX_TEXT_BYTES = 32 * 1024 * 1024
/** Of an error page only the beginning says something; the rest is left on the wire. */
const MAX_ERROR_BYTES = 256 * 1024
/** A reader that is slower than the wire makes the wire wait. */
const BUFFERED_BYTES = 256 * 1024

export interface BodyOptions {
  url: URL
  /** Milliseconds between two pieces while somebody waits for one. */
  chunkTimeoutMs: number | false
  /** Ends the request, with what its reader then sees; without a reason: nobody wants the rest. */
  stop(reason?: Error): void
  /** The body ended, well or not. */
  done(): void
  /** The name of the proxy that the connection goes through. */
  via?: string | undefined
}

export async function openResponse(message: IncomingMessage, options: BodyOptions): Promise<HttpResponse> {
  const status = message.statusCode ?? 0
  const ok = status >= 200 && status < 300
  const source = await decoded(message, options)
  const body = bodyStream(source, message, { ...options, truncateAt: ok ? Infinity : MAX_ERROR_BYTES })
  const bytes = () => readAll(body, options.url)
  return {
    ok,
    status,
    statusText: message.statusMessage ?? "",
    url: options.url.origin + options.url.pathname,
    headers: headersOf(message),
    body,
    text: async () => new TextDecoder().decode(await bytes()),
    json: async () => JSON.parse(new TextDecoder().decode(await bytes())) as unknown,
    arrayBuffer: async () => new Uint8Array(await bytes()).buffer,
  }
}

/** Compression was not asked for; gateways apply it all the same. Limits count what comes out of it. */
async function decoded(message: IncomingMessage, { url, stop, done }: BodyOptions): Promise<Readable> {
  const encoding = message.headers["content-encoding"]?.toLowerCase()
  if (!encoding || encoding === "identity") return message
  const zlib = await import("node:zlib")
  const makers: Record<string, () => import("node:stream").Transform> = {
    gzip: zlib.createGunzip,
    "x-gzip": zlib.createGunzip,
    deflate: zlib.createInflate,
    br: zlib.createBrotliDecompress,
  }
  const decoder = makers[encoding]?.()
  if (!decoder) {
    done()
    stop()
    throw new RequestError("encoding", "The provider answers in a compression that was not asked for.", url)
  }
  const { pipeline } = await import("node:stream")
  // Its errors reach the reader through the decoder.
  return pipeline(message, decoder, () => {})
}

function bodyStream(
  source: Readable,
  message: IncomingMessage,
  { url, chunkTimeoutMs, truncateAt, stop, done, via }: BodyOptions & { truncateAt: number },
): ReadableStream<Uint8Array> {
  let ended = false
  let bytes = 0
  let timer: NodeJS.Timeout | undefined

  const finish = (): boolean => {
    if (ended) return false
    ended = true
    clearTimeout(timer)
    done()
    return true
  }
  const wait = (): void => {
    if (chunkTimeoutMs === false || ended) return
    if (timer) timer.refresh()
    else timer = setTimeout(late, chunkTimeoutMs)
  }
  const rest = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  const late = (): void =>
    stop(new RequestError("chunk_timeout", `The provider sent nothing for ${Number(chunkTimeoutMs) / 1_000} s.`, url))

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source.on("data", (chunk: Buffer) => {
          if (ended) return
          const room = truncateAt - bytes
          bytes += chunk.length
          controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, Math.min(chunk.length, room)))
          if (chunk.length >= room) {
            if (finish()) controller.close()
            return stop()
          }
          if ((controller.desiredSize ?? 1) > 0) return wait()
          source.pause()
          rest()
        })
        source.on("end", () => finish() && controller.close())
        const broken = (error?: Error): void => {
          if (finish()) controller.error(reasonOf(message, error, url) ?? new RequestError("cut", cut(via), url))
        }
        source.on("error", broken)
        source.on("close", () => broken())
        if (source.destroyed) broken()
        source.pause()
      },
      pull() {
        wait()
        source.resume()
      },
      cancel() {
        if (finish()) stop()
      },
    },
    { highWaterMark: BUFFERED_BYTES, size: (chunk) => chunk.byteLength },
  )
}

const cut = (via = ""): string =>
  `The connection to the provider${via && ` through the proxy ${via}`} broke in the middle of the answer.`

/** A connection that breaks shows as `aborted` here; the reason of whoever stopped the request is kept. */
function reasonOf(message: IncomingMessage, error: Error | undefined, url: URL): Error | undefined {
  const reason = message.errored ?? error
  const { code = "" } = (reason ?? {}) as NodeJS.ErrnoException
  if (!reason || code === "ECONNRESET") return undefined
  return DECODER_CODES.test(code)
    ? new RequestError("encoding", "The provider's answer is compressed badly.", url)
    : reason
}
/** Of `node:zlib`: those of zlib, and those of Brotli, which have a name that is empty in front. */
const DECODER_CODES = /^(Z_|ERR__)/

function headersOf(message: IncomingMessage): HttpHeaders {
  const map = new Map<string, string>()
  for (const [name, value] of Object.entries(message.headers))
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(", ") : value)
  return {
    get: (name) => map.get(name.toLowerCase()) ?? null,
    has: (name) => map.has(name.toLowerCase()),
    entries: () => map.entries(),
    [Symbol.iterator]: () => map.entries(),
  }
}

/** @throws RequestError `too_large` */
export async function readAll(body: ReadableStream<Uint8Array>, url: URL): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.byteLength
    if (bytes > MAX_TEXT_BYTES)
      throw new RequestError(
        "too_large",
        `The provider's answer is larger than ${MAX_TEXT_BYTES / 1024 / 1024} MB.`,
        url,
      )
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
