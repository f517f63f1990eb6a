// What the scripted model answers, as plain values: a reply holds no wire format, so one script serves every wire.

/** Tokens the answer reports. `input` leaves out what the cache read or wrote; `output` includes `reasoning`. */
export type Usage = { input: number; output: number; cacheRead?: number; cacheWrite?: number; reasoning?: number }

/** `none`: the stream ends cleanly without ever saying why. */
export type Finish = "stop" | "tool-calls" | "length" | "content-filter" | "none"

/** A piece of an answer; each of its `chunks` is sent as one delta. The chunks of a call are its arguments as JSON text. */
export type Block =
  | { type: "text"; chunks: string[] }
  | { type: "thinking"; chunks: string[]; signature: string }
  | { type: "call"; chunks: string[]; name: string; id?: string }

/** What goes wrong once `afterChunks` deltas are out (at the latest after the last one). */
export type StreamFault = { afterChunks: number } & (
  | { type: "cut" }
  | { type: "stall" }
  | { type: "malformed" }
  | { type: "error"; failure: Failure }
)

export type Answer = {
  kind: "answer"
  blocks: Block[]
  finish: Finish
  /** null: the answer reports no usage. */
  usage: Usage | null
  fault?: StreamFault
} & Delivery

/** How an answer travels. */
export type Delivery = {
  /** Milliseconds between two deltas. */
  delayMs?: number
  /** Response headers, over the usual ones. */
  headers?: Record<string, string>
  /** Frames end their lines with CRLF. */
  crlf?: boolean
  /** Sends the stream in writes of this many bytes, which splits characters and frames: 1 is the hardest case. */
  bytesPerWrite?: number
}

/** An error answer; each wire gives it the shape, and what is left out, as the real provider does. */
export type Failure = {
  kind: "failure"
  cause: "status" | "overloaded" | "overflow"
  status?: number
  message?: string
  type?: string
  code?: string
  headers?: Record<string, string>
}

/** Bytes as they are, whatever was asked. */
export type Raw = { kind: "raw"; status: number; headers: Record<string, string>; body: string }

/** Not even headers. */
export type Silence = { kind: "silence" }

export type Reply = Answer | Failure | Raw | Silence

export type AnswerOptions = Delivery & {
  usage?: Usage | null
  finish?: Finish
  /** Characters per delta. */
  chunkSize?: number
  /** The deltas of the text, or of a single call's arguments, exactly. */
  chunks?: string[]
}

export type CallOptions = AnswerOptions & {
  /** Said before the call. */
  text?: string
  /** Instead of an id from the server's counter. */
  id?: string
}

/** `raw` replaces `input` by argument text that need not be JSON. Give two calls one `id` to double it. */
export type CallSpec = { name: string; input?: unknown; raw?: string; id?: string }

/** About four tokens: an answer of one sentence already is a stream. */
const CHUNK_SIZE = 16

const DEFAULT_USAGE: Usage = { input: 100, output: 20 }

/** Opaque to everyone, as the real one; base64 so that strict readers accept it. */
const SIGNATURE = "c2lnbmVkIGJ5IHRoZSBzY3JpcHRlZCBtb2RlbCBzZXJ2ZXI="

/** The replies of a script, in order. */
export const script = (...replies: Reply[]): Reply[] => replies

export function says(text: string, options: AnswerOptions = {}): Answer {
  return answer([{ type: "text", chunks: options.chunks ?? split(text, options.chunkSize) }], "stop", options)
}

/** Puts reasoning before an answer. */
export function thinks(
  reasoning: string,
  then: Answer,
  options: { signature?: string; chunkSize?: number } = {},
): Answer {
  const chunks = split(reasoning, options.chunkSize)
  return { ...then, blocks: [{ type: "thinking", chunks, signature: options.signature ?? SIGNATURE }, ...then.blocks] }
}

export function calls(name: string, input: unknown, options: CallOptions = {}): Answer {
  return callsMany([{ name, input, id: options.id }], options)
}

/** Several calls in one answer. `chunks` goes with one call only. */
export function callsMany(list: CallSpec[], options: Omit<CallOptions, "id"> = {}): Answer {
  if (options.chunks && list.length > 1) throw new RangeError("Explicit chunks cannot serve several calls.")
  const text: Block[] = options.text ? [{ type: "text", chunks: split(options.text, options.chunkSize) }] : []
  const made = list.map(({ name, input, raw, id }): Block => {
    const chunks = options.chunks ?? split(raw ?? JSON.stringify(input ?? {}), options.chunkSize)
    return { type: "call", name, chunks, ...(id === undefined ? {} : { id }) }
  })
  return answer([...text, ...made], "tool-calls", options)
}

/** A call whose arguments are this text, JSON or not. */
export function badToolJson(name: string, raw: string, options: Omit<CallOptions, "id" | "chunks"> = {}): Answer {
  return callsMany([{ name, raw }], options)
}

/** `count` deltas of the same text, without any work per delta here. */
export function streams(
  count: number,
  text = "word ",
  options: Omit<AnswerOptions, "chunks" | "chunkSize"> = {},
): Answer {
  return answer([{ type: "text", chunks: Array.from({ length: count }, () => text) }], "stop", options)
}

/** Destroys the connection once so many deltas are out. */
export const cuts = (reply: Answer, afterChunks: number): Answer => ({ ...reply, fault: { type: "cut", afterChunks } })

/** Sends so many deltas, then nothing, until someone closes. */
export const stalls = (reply: Answer, afterChunks: number): Answer => ({
  ...reply,
  fault: { type: "stall", afterChunks },
})

/** Puts one frame of broken JSON into the stream, by default in the middle. */
export const malformed = (reply: Answer, afterChunks = Math.floor(deltaCount(reply) / 2)): Answer => ({
  ...reply,
  fault: { type: "malformed", afterChunks },
})

/** The stream starts well, then carries an error event and ends. */
export const failsMidway = (reply: Answer, afterChunks: number, failure: Failure = overloaded()): Answer => ({
  ...reply,
  fault: { type: "error", afterChunks, failure },
})

export type FailureOptions = Pick<Failure, "message" | "type" | "code" | "headers">

export function fails(status: number, options: FailureOptions = {}): Failure {
  return { kind: "failure", cause: "status", status, ...options }
}

/** 429. `retryAfter` in seconds, `retryAfterMs` in milliseconds: each is a header of its own. */
export function rateLimited(wait: { retryAfter?: number; retryAfterMs?: number } = {}): Failure {
  const headers: Record<string, string> = {}
  if (wait.retryAfter !== undefined) headers["retry-after"] = String(wait.retryAfter)
  if (wait.retryAfterMs !== undefined) headers["retry-after-ms"] = String(wait.retryAfterMs)
  return fails(429, { headers })
}

/** 503 or 529, as the wire has it. */
export const overloaded = (options: FailureOptions = {}): Failure => ({
  kind: "failure",
  cause: "overloaded",
  ...options,
})

/** 400: the conversation is longer than the model's context. */
export const overflows = (options: FailureOptions = {}): Failure => ({ kind: "failure", cause: "overflow", ...options })

/** 401: the key is missing or wrong. */
export const unauthorized = (options: FailureOptions = {}): Failure => fails(401, options)

export const neverAnswers = (): Silence => ({ kind: "silence" })

/** 200 with a web page, as captive portals and wrong base URLs answer. */
export const html = (body = "<!doctype html><title>Sign in</title><h1>Sign in to continue</h1>"): Raw => ({
  kind: "raw",
  status: 200,
  headers: { "content-type": "text/html; charset=utf-8" },
  body,
})

/** 200, an event stream, and no event. */
export const emptyStream = (): Raw => ({
  kind: "raw",
  status: 200,
  headers: { "content-type": "text/event-stream" },
  body: "",
})

/** How many deltas an answer is made of. */
export function deltaCount(reply: Answer): number {
  return reply.blocks.reduce((sum, block) => sum + block.chunks.length, 0)
}

function answer(blocks: Block[], finish: Finish, options: AnswerOptions): Answer {
  const { delayMs, headers, crlf, bytesPerWrite } = options
  const usage = options.usage === undefined ? DEFAULT_USAGE : options.usage
  return { kind: "answer", blocks, finish: options.finish ?? finish, usage, delayMs, headers, crlf, bytesPerWrite }
}

/** Pieces of `size` UTF-16 units, one more where a surrogate pair would be torn. */
function split(text: string, size = CHUNK_SIZE): string[] {
  if (!(size >= 1)) throw new RangeError(`A chunk holds at least one character, not ${size}.`)
  const pieces: string[] = []
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + Math.floor(size), text.length)
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end++
    pieces.push(text.slice(start, end))
    start = end
  }
  return pieces
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

/** A long answer that says something new in each line: a model that repeats itself is stopped. */
export const lines = (count: number, about = "what a long answer says"): string =>
  Array.from({ length: count }, (_, n) => `${n + 1}. ${about}`).join("\n")
