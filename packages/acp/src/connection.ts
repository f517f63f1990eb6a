import { readLines, type Line } from "./lines.ts"
import { createOutgoing, type Outgoing } from "./outgoing.ts"
import { internalError, invalidRequest, parseError, RpcError } from "./rpc-error.ts"

/**
 * JSON-RPC 2.0 in lines, both ways. Every request is answered exactly once, whatever it says; what is no request, answer
 * or notification gets an error without an id; one line is one message.
 */
export interface Connection {
  /** Takes messages until the input ends and what was asked until then is answered. */
  serve(): Promise<void>
  request: Outgoing["request"]
  notify(method: string, params: object): void
}

export interface ConnectionOptions {
  input: AsyncIterable<Uint8Array>
  /** Gets one line, with its end. */
  send(line: string): void
  /** @returns the result; throws RpcError, or anything else for a bug */
  answer(request: Request): Promise<object>
  /** A notification: nobody hears what becomes of it. */
  hear(method: string, params: unknown): void
  /** The input is over: what still runs has to come to its end. */
  ended(): void
  /** For a person who looks for a fault. */
  note(text: string): void
  maxLineBytes?: number
}

export type RequestID = string | number | null

export interface Request {
  id: RequestID
  method: string
  params: unknown
  /** Runs when the answer is sent: clients may not know a session before. It ends before the connection does. */
  afterwards(act: () => Promise<void>): void
}

/** What one client can have under way: each prompt of each of its sessions, and a few settings. */
const MAX_OPEN_REQUESTS = 256

export function createConnection(options: ConnectionOptions): Connection {
  const { input, send, note, maxLineBytes } = options
  const open = new Set<Promise<void>>()

  const write = (message: object): void => send(lineOf({ jsonrpc: "2.0", ...message }))
  const outgoing = createOutgoing(write)
  const refuse = (id: RequestID, error: unknown): void => write({ id, error: errorOf(error, note) })

  async function answer(id: RequestID, method: string, params: unknown): Promise<void> {
    const later: (() => Promise<void>)[] = []
    try {
      const result = await options.answer({ id, method, params, afterwards: (act) => void later.push(act) })
      write({ id, result })
    } catch (error) {
      refuse(id, error)
    }
    for (const act of later) await act()
  }

  function begin(id: RequestID, method: string, params: unknown): void {
    if (open.size >= MAX_OPEN_REQUESTS) return refuse(id, internalError(`${MAX_OPEN_REQUESTS} requests are under way`))
    const answering = answer(id, method, params).finally(() => open.delete(answering))
    open.add(answering)
  }

  function take(line: Line): void {
    if ("tooLong" in line) return refuse(idIn(line.head), invalidRequest("the line is too long"))
    const message = parsed(line.text)
    if (message === undefined) {
      note(`A line that is not JSON: ${line.text.slice(0, SHOWN_CHARACTERS)}`)
      return refuse(null, parseError())
    }
    if (!isObject(message)) return refuse(null, invalidRequest("a message is one JSON object"))
    const { id, method, params } = message
    const isID = id === null || typeof id === "string" || Number.isInteger(id)
    if (typeof method === "string") {
      if (id === undefined) return options.hear(method, params)
      return isID
        ? begin(id as RequestID, method, params)
        : refuse(null, invalidRequest("an id is a text or an integer"))
    }
    const isAnswer = outgoing.settle(id, message) || (isID && ("result" in message || "error" in message))
    if (!isAnswer) refuse(isID ? (id as RequestID) : null, invalidRequest("there is neither a method nor a result"))
  }

  return {
    async serve() {
      for await (const line of readLines(input, maxLineBytes)) take(line)
      outgoing.end()
      options.ended()
      await Promise.allSettled(open)
    },

    request: outgoing.request,
    notify: (method, params) => write({ method, params }),
  }
}

/** How the protocol's libraries begin a request. What begins otherwise may be an answer, and its id one of ours. */
const REQUEST_HEAD =
  /^\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(?:(\d{1,15})|"([\w:.-]*)")\s*,\s*"method"\s*:\s*"[\w/$]+"/

/** Of a request that is too long to be read: who sent it waits for an answer. */
function idIn(head: string): RequestID {
  const [, number, text] = REQUEST_HEAD.exec(head) ?? []
  return number === undefined ? (text ?? null) : Number(number)
}

/** As much of a strange line as a person needs to see where it comes from. */
const SHOWN_CHARACTERS = 200

/** Half of a surrogate pair is escaped by JSON and refused by the parsers of many clients. */
const LONE_HALF = /\\u[dD][89a-fA-F]/

function lineOf(message: object): string {
  const line = JSON.stringify(message)
  const sound = LONE_HALF.test(line)
    ? JSON.stringify(message, (_, value: unknown) => (typeof value === "string" ? value.toWellFormed() : value))
    : line
  return `${sound}\n`
}

function errorOf(error: unknown, note: (text: string) => void): object {
  if (error instanceof RpcError) {
    const { code, message, data } = error
    return { code, message, ...(data === undefined ? {} : { data }) }
  }
  // A bug: its text may name anything, so it is for whoever reads the log.
  note(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return { code: -32603, message: "Internal error" }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
