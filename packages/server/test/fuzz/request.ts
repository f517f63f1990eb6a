import { Agent, request as send } from "node:http"
import fc from "fast-check"
import type { Operation } from "./operations.ts"
import { hostile, spoiled, valueOf, type Json, type Source, type Temper } from "./values.ts"

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
const OTHER_TYPES = [
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "*/*",
  "json",
]
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

/** What there is in a server that requests are about. */
export interface Ground {
  source: Source
  folders: Folders
  /** A body that is right, by the name of the operation. */
  bodies: Readonly<Record<string, unknown>>
}

/** Requests to one operation: right ones, such with something wrong inside, some that are wrong as a whole. */
export function requestTo(operation: Operation, ground: Ground): fc.Arbitrary<Asked> {
  return fc.oneof(tempered(operation, ground, "clean"), tempered(operation, ground, "dirty"))
}

function tempered(operation: Operation, ground: Ground, temper: Temper): fc.Arbitrary<Asked> {
  const { id, method, path, parameters, body } = operation
  const { source, folders, bodies } = ground
  const isDirty = temper === "dirty" ? 1 : 0
  const inPath = parameters.filter((parameter) => parameter.in === "path")
  const inQuery = parameters.filter(({ name, in: place }) => place === "query" && name !== "directory")
  return fc
    .record({
      words: fc.tuple(...inPath.map(({ schema, name }) => valueOf(schema, source, temper, name))),
      query: fc.tuple(
        ...inQuery.map(({ name, schema, required }) =>
          fc.tuple(
            fc.constant(name),
            required && !isDirty ? fc.constant(1) : fc.nat(required ? 15 : 1),
            valueOf(schema, source, temper, name),
          ),
        ),
      ),
      directory: fc.oneof(
        { weight: 8, arbitrary: fc.constant(undefined) },
        { weight: 3, arbitrary: fc.constantFrom(...folders.good) },
        { weight: 2 * isDirty, arbitrary: fc.constantFrom(...folders.bad) },
      ),
      isInHeader: fc.boolean(),
      isTwice: isDirty ? fc.nat(12) : fc.constant(1),
      sent: sentTo(body),
      method: fc.oneof(
        { weight: 40, arbitrary: fc.constant(method) },
        { weight: isDirty, arbitrary: fc.constantFrom("HEAD", "OPTIONS", "PUT", "PATCH", "TRACE") },
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

  function sentTo(schema: Json | undefined): fc.Arbitrary<Sent> {
    if (!schema)
      return isDirty
        ? fc.oneof({ weight: 20, arbitrary: fc.constant(NOTHING) }, bodyFor(hostile))
        : fc.constant(NOTHING)
    const drawn = valueOf(schema, source, temper)
    const right = bodies[id]
    const seeded = isDirty ? spoiled(right) : fc.constant(right)
    const value = right === undefined ? drawn : fc.oneof(drawn, seeded)
    return isDirty ? bodyFor(value) : asJson(value)
  }
}

interface Sent {
  headers: Record<string, string>
  body: string | Buffer | undefined
}
const NOTHING: Sent = { headers: {}, body: undefined }

const asJson = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Sent> =>
  value.map((made) => ({ headers: { "content-type": JSON_TYPE }, body: JSON.stringify(made) }))

function bodyFor(value: fc.Arbitrary<unknown>): fc.Arbitrary<Sent> {
  const written = value.map((made) => JSON.stringify(made))
  return fc.oneof(
    { weight: 20, arbitrary: asJson(value) },
    {
      weight: 1,
      arbitrary: fc.tuple(written, fc.constantFrom(...OTHER_TYPES)).map(([body, type]) => ({
        headers: { "content-type": type },
        body,
      })),
    },
    { weight: 1, arbitrary: written.map((body) => ({ headers: {}, body })) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(...OTHER_BODIES).map((body) => ({ headers: { "content-type": JSON_TYPE }, body })),
    },
    {
      weight: 1,
      arbitrary: written.map((body) => ({ headers: { "content-type": JSON_TYPE, "content-encoding": "gzip" }, body })),
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
