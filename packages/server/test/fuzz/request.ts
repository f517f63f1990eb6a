import { Agent, request as send } from "node:http"
import fc from "fast-check"
import type { Operation } from "./operations.ts"
import { hostile, valueOf, type Source } from "./values.ts"

/** A request as bytes that a program could send. */
export interface Asked {
  operation: string
  method: string
  target: string
  headers: Record<string, string>
  body: string | Buffer | undefined
}

export interface Answer {
  status: number
  type: string
  /** Empty when the answer has no end of its own. */
  text: string
}

const JSON_TYPE = "application/json"
const OTHER_TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "*/*", "json"]
const OTHER_BODIES: (string | Buffer)[] = [
  "",
  " ",
  "null",
  "true",
  "0",
  '"text"',
  "[]",
  "{}",
  "{",
  '{"a":',
  "{'a':1}",
  "\uFEFF{}",
  `[${"[".repeat(100_000)}`,
  `{"a":1}{"a":2}`,
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
]

/** Folders by what they are, so that no request acts on another one of this machine. */
export interface Folders {
  good: readonly string[]
  bad: readonly string[]
}

/** Requests to one operation: mostly right ones with something wrong inside, some that are wrong as a whole. */
export function requestTo(operation: Operation, source: Source, folders: Folders): fc.Arbitrary<Asked> {
  const { id, method, path, parameters, body } = operation
  const inPath = parameters.filter((parameter) => parameter.in === "path")
  const inQuery = parameters.filter(({ name, in: place }) => place === "query" && name !== "directory")
  return fc
    .record({
      words: fc.tuple(...inPath.map(({ schema, name }) => valueOf(schema, source, name))),
      query: fc.tuple(
        ...inQuery.map(({ name, schema, required }) =>
          fc.tuple(fc.constant(name), fc.nat(required ? 15 : 1), valueOf(schema, source, name)),
        ),
      ),
      directory: fc.oneof(
        { weight: 8, arbitrary: fc.constant(undefined) },
        { weight: 3, arbitrary: fc.constantFrom(...folders.good) },
        { weight: 2, arbitrary: fc.constantFrom(...folders.bad) },
      ),
      isInHeader: fc.boolean(),
      isTwice: fc.nat(12),
      sent: body ? bodyFor(valueOf(body, source)) : fc.nat(20).chain((n) => (n ? fc.constant(NOTHING) : bodyFor(hostile))),
      method: fc.oneof(
        { weight: 40, arbitrary: fc.constant(method) },
        { weight: 1, arbitrary: fc.constantFrom("HEAD", "OPTIONS", "PUT", "PATCH", "TRACE") },
      ),
    })
    .map((drawn) => {
      const search = new URLSearchParams()
      for (const [name, chance, value] of drawn.query) {
        if (chance === 0) continue
        search.append(name, textOf(value))
        if (drawn.isTwice === 0) search.append(name, "twice")
      }
      const { directory } = drawn
      if (directory !== undefined && !drawn.isInHeader) search.set("directory", directory)
      const words = [...drawn.words]
      const filled = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(textOf(words.shift()).toWellFormed()))
      const isNamed = directory !== undefined && drawn.isInHeader
      return {
        operation: id,
        method: drawn.method,
        target: clipped(search.size ? `${filled}?${search}` : filled),
        headers: {
          ...drawn.sent.headers,
          ...(isNamed ? { "x-opencode-directory": encodeURIComponent(directory) } : {}),
        },
        body: drawn.sent.body,
      }
    })
}

interface Sent {
  headers: Record<string, string>
  body: string | Buffer | undefined
}
const NOTHING: Sent = { headers: {}, body: undefined }

function bodyFor(value: fc.Arbitrary<unknown>): fc.Arbitrary<Sent> {
  const asJson = value.map((made) => JSON.stringify(made))
  return fc.oneof(
    { weight: 20, arbitrary: asJson.map((body) => ({ headers: { "content-type": JSON_TYPE }, body })) },
    {
      weight: 1,
      arbitrary: fc.tuple(asJson, fc.constantFrom(...OTHER_TYPES)).map(([body, type]) => ({
        headers: { "content-type": type },
        body,
      })),
    },
    { weight: 1, arbitrary: asJson.map((body) => ({ headers: {}, body })) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(...OTHER_BODIES).map((body) => ({ headers: { "content-type": JSON_TYPE }, body })),
    },
    {
      weight: 1,
      arbitrary: asJson.map((body) => ({ headers: { "content-type": JSON_TYPE, "content-encoding": "gzip" }, body })),
    },
    { weight: 1, arbitrary: fc.constant(NOTHING) },
  )
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""))

/** Addresses that are longer are refused before anything reads them; see `guard/raw.test.ts`. */
const MAX_TARGET = 40_000
/** Not in the middle of an escape, which would be one more thing that is wrong. */
const clipped = (target: string): string => target.slice(0, MAX_TARGET).replace(/%[0-9A-F]?$/i, "")

/** By then every request has its answer, on a machine that has other things to do. */
const DEADLINE_MS = 20_000
/** What waits for somebody else's act is let go after this. */
const HELD_MS = 150

export interface Sender {
  /** @throws when there is no answer */
  send(asked: Asked, isHeld: boolean): Promise<Answer>
  close(): void
}

export function createSender(url: string): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  return {
    send: ({ method, target, headers, body }, isHeld) =>
      new Promise((resolve, reject) => {
        const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }
        const sent = send(url, { method, path: target, headers: { ...headers, ...length }, agent }, (response) => {
          const { statusCode: status = 0, headers: got } = response
          const type = String(got["content-type"] ?? "")
          let text = ""
          const done = (): void => {
            clearTimeout(timer)
            resolve({ status, type, text })
          }
          if (type.startsWith("text/event-stream")) {
            done()
            return void response.destroy()
          }
          response.setEncoding("utf8")
          response.on("data", (piece: string) => void (text += piece))
          response.once("end", done)
          response.once("error", reject)
        })
        const timer = setTimeout(
          () => {
            if (isHeld) resolve({ status: 200, type: "", text: "" })
            else reject(new Error("no answer"))
            sent.destroy()
          },
          isHeld ? HELD_MS : DEADLINE_MS,
        )
        sent.once("error", (error) => {
          clearTimeout(timer)
          reject(error)
        })
        sent.end(body)
      }),
    close: () => agent.destroy(),
  }
}
