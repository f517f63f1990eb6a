// A model provider on loopback that answers from a script and remembers what it was asked. The only model of all tests.
// Two runs that ask the same get the same bytes: ids come from counters, times are fixed.
import { once } from "node:events"
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { breach } from "./law.ts"
import type { Failure, Reply } from "./script.ts"
import { fails } from "./script.ts"
import { send, sendJson } from "./send.ts"
import { anthropic } from "./wire-anthropic.ts"
import { google } from "./wire-google.ts"
import { openaiResponses } from "./wire-openai-responses.ts"
import { openai } from "./wire-openai.ts"
import type { Heard, HeardMessage, Wire, WireName } from "./wire.ts"
import { asRecord, asText } from "./wire.ts"

export type HeardRequest = {
  wire: WireName
  /** From 1, in order of arrival. */
  number: number
  path: string
  headers: IncomingHttpHeaders
  body: Record<string, unknown>
  /** Length of the body as sent. */
  bytes: number
  model: string
  stream: boolean
  /** The views below are made when first asked for. */
  readonly system: string
  readonly messages: HeardMessage[]
  readonly tools: string[]
}

export type ModelServerOptions = {
  /** Used one per request, in order; or asked for each request, and may wait before it answers. */
  script: Reply[] | ((request: HeardRequest) => Reply | Promise<Reply>)
  /** A script that is over starts again. */
  repeat?: boolean
  /** Asked first; what it answers takes nothing from the script. For requests on the side, such as titles. */
  aside?: (request: HeardRequest) => Reply | undefined
  /** Refuses transcripts that real providers refuse, such as a call without its result. Default: true. */
  strict?: boolean
  /** Default: any free one. */
  port?: number
}

export type ModelServer = {
  /** `http://127.0.0.1:PORT`; the base URL is `${url}/v1`, and `${url}/v1beta` for Google's wire. */
  url: string
  requests: HeardRequest[]
  /** One sentence for each request that the script did not foresee. A good test ends with none. */
  unexpected: string[]
  /** All that the last request's messages and tool results say, without the system text. */
  heard(): string
  /** More replies for the end of the script; before a script that is a function they go first. */
  add(...replies: Reply[]): void
  /**
   * Connections with an answer under way, stalled ones too. Idle ones do not count: Node's fetch keeps them, and opens a
   * spare one after an abort.
   */
  openConnections(): number
  /** Resolves when so many requests have come in all; rejects when the server closes before. */
  received(count: number): Promise<void>
  /** Length of all bodies so far. */
  readonly bytesReceived: number
  /** Ends every connection. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type Waiter = { count: number; resolve: () => void; reject: (reason: Error) => void }

export async function modelServer(options: ModelServerOptions): Promise<ModelServer> {
  const { script, repeat, aside, strict = true, port = 0 } = options
  const ask = typeof script === "function" ? script : undefined
  const replies = typeof script === "function" ? [] : [...script]
  const requests: HeardRequest[] = []
  const unexpected: string[] = []
  let waiters: Waiter[] = []
  let used = 0
  let calls = 0
  let answering = 0
  let bytesReceived = 0
  let closing: Promise<void> | undefined

  const server = createServer((request, response) => {
    answering++
    response.on("close", () => answering--)
    answer(request, response).catch((error: Error) => {
      // A peer that goes while it still sends its body is its own affair; anything else is a mistake of the script.
      if (request.destroyed && !request.complete) return
      refuse(request, response, { status: 500, why: `answering failed: ${error.message}` })
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await bodyOf(request)
    bytesReceived += raw.length
    const path = pathOf(request)
    const wire = WIRES.find((known) => known.route(path))
    if (!wire || request.method !== "POST") return refuse(request, response, { status: 404, why: "no such route" })
    const body = parse(raw)
    if (!body) return refuse(request, response, { status: 400, why: "the body is not a JSON object", wire })

    const heard = hear(wire, { number: requests.length + 1, request, body, bytes: raw.length })
    requests.push(heard)
    const ready = waiters.filter(({ count }) => count <= requests.length)
    waiters = waiters.filter(({ count }) => count > requests.length)
    for (const { resolve } of ready) resolve()

    const illegal = strict ? breach(wire.name, heard) : undefined
    if (illegal) return refuse(request, response, { status: 400, why: illegal, wire })
    const reply = aside?.(heard) ?? take() ?? (await ask?.(heard))
    const over = `the script is over after ${used} ${used === 1 ? "reply" : "replies"}`
    if (!reply) return refuse(request, response, { status: 500, why: over, wire })
    // Ids are set aside now: two answers that stream at once must not race for them.
    let call = calls
    if (reply.kind === "answer") calls += reply.blocks.filter((block) => block.type === "call").length
    const circumstances = { number: heard.number, model: heard.model, body, nextCall: () => ++call }
    await send(reply, response, { wire, circumstances, streaming: heard.stream })
  }

  function take(): Reply | undefined {
    const at = repeat && replies.length > 0 ? used % replies.length : used
    const reply = replies[at]
    if (reply) used++
    return reply
  }

  function refuse(request: IncomingMessage, response: ServerResponse, reason: Refusal): void {
    const sentence = `${request.method} ${request.url} (request ${requests.length}): ${reason.why}`
    unexpected.push(sentence)
    if (response.headersSent) return void response.destroy()
    const failure: Failure = fails(reason.status, { message: `Scripted model server: ${sentence}` })
    // The real header against retries: a test that is wrong should fail at once, not after five attempts.
    const headers = { "x-should-retry": "false" }
    sendJson(response, reason.status, (reason.wire ?? openai).failure(failure, requests.length).body, headers)
  }

  function close(): Promise<void> {
    closing ??= new Promise((resolve) => {
      for (const { count, reject } of waiters)
        reject(new Error(`The model server closed after ${requests.length} of ${count} requests.`))
      waiters = []
      server.close(() => resolve())
      server.closeAllConnections()
    })
    return closing
  }

  server.listen(port, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    unexpected,
    heard: () => (requests.at(-1)?.messages ?? []).flatMap(linesOf).join("\n"),
    add: (...more) => void replies.push(...more),
    openConnections: () => answering,
    received: (count) =>
      requests.length >= count
        ? Promise.resolve()
        : new Promise((resolve, reject) => void waiters.push({ count, resolve, reject })),
    get bytesReceived() {
      return bytesReceived
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

type Refusal = { status: number; why: string; wire?: Wire }

const WIRES = [openai, anthropic, openaiResponses, google]

const pathOf = ({ url = "/" }: IncomingMessage): string => decodeURIComponent(url.split("?")[0] ?? "/")

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

function parse(raw: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(raw.toString("utf8"))
    return typeof value === "object" && value !== null && !Array.isArray(value) ? asRecord(value) : undefined
  } catch {
    return undefined
  }
}

type Arrival = { number: number; request: IncomingMessage; body: Record<string, unknown>; bytes: number }

function hear(wire: Wire, { number, request, body, bytes }: Arrival): HeardRequest {
  let made: Heard | undefined
  const view = () => (made ??= wire.read(body))
  const route = wire.route(pathOf(request)) ?? {}
  return {
    wire: wire.name,
    number,
    path: request.url ?? "/",
    headers: request.headers,
    body,
    bytes,
    model: route.model ?? asText(body.model),
    stream: route.stream ?? body.stream === true,
    get system() {
      return view().system
    },
    get messages() {
      return view().messages
    },
    get tools() {
      return view().tools
    },
  }
}

const linesOf = (message: HeardMessage): string[] => [message.text, ...message.toolResults.map((result) => result.text)]
