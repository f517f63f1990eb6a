// The replies of a script as JSON that is written by hand. Anything that is not understood is refused with a sentence.
import type { Answer, AnswerOptions, CallSpec, Failure, Reply, StreamFault, Usage } from "./script.ts"
import {
  callsMany,
  emptyStream,
  fails,
  html,
  malformed,
  neverAnswers,
  overflows,
  overloaded,
  rateLimited,
  says,
  streams,
  thinks,
  unauthorized,
} from "./script.ts"

export type ScriptFile = {
  replies: Reply[]
  /** The file ends with `{"repeat": true}`. */
  repeat: boolean
  /** From `{"title": "…"}`: what requests without tools are answered, aside of the script. */
  title?: string
}

type Entry = Record<string, unknown>

const ANSWER = ["says", "thinks", "calls", "streams"]
const WITH_ANSWER = ["input", "raw", "id", "text", "signature", "chunks", "chunkSize", "delayMs", "usage", "finish"]
const TRAVEL = ["headers", "crlf", "bytesPerWrite", "cuts", "stalls", "malformed"]
const FAILURE = ["fails", "rateLimited", "overloaded", "overflows", "unauthorized"]
const WITH_FAILURE = ["message", "type", "code", "headers", "retryAfter", "retryAfterMs"]
const PLAIN = ["html", "emptyStream", "neverAnswers"]
const FINISHES = ["stop", "tool-calls", "length", "content-filter", "none"]
const COUNTS = ["input", "output", "cacheRead", "cacheWrite", "reasoning"]

/**
 * Reads a script file's text. Throws an error with one sentence that names the entry. For example:
 *
 *     [{"title": "Greeting"},
 *      {"thinks": "I should look.", "says": "Let me see.", "calls": "bash", "input": {"command": "ls"}},
 *      {"fails": 429, "retryAfter": 1},
 *      {"says": "Done.", "delayMs": 50},
 *      {"repeat": true}]
 */
export function parseScript(text: string): ScriptFile {
  const list = parseJson(text)
  if (!Array.isArray(list)) throw new Error("A script is a JSON array of replies.")
  const file: ScriptFile = { replies: [], repeat: false }
  list.forEach((value: unknown, index) => {
    try {
      if (!isEntry(value)) throw new Error("is not an object")
      if ("repeat" in value) {
        expectKeys(value, ["repeat"])
        if (value.repeat !== true || index !== list.length - 1)
          throw new Error('has "repeat", which is true and comes last')
        file.repeat = true
      } else if ("title" in value) {
        expectKeys(value, ["title"])
        file.title = textIn(value, "title")
      } else {
        file.replies.push(replyOf(value))
      }
    } catch (error) {
      throw new Error(`Entry ${index + 1} of the script ${(error as Error).message}.`, { cause: error })
    }
  })
  if (file.replies.length === 0) throw new Error("The script has no replies.")
  return file
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`The script is not JSON: ${(error as Error).message}.`, { cause: error })
  }
}

function replyOf(entry: Entry): Reply {
  if (ANSWER.some((key) => key in entry)) return answerOf(entry)
  if (FAILURE.some((key) => key in entry)) return failureOf(entry)
  const plain = PLAIN.find((key) => key in entry)
  if (!plain) throw new Error(`says nothing to do; it needs one of ${[...ANSWER, ...FAILURE, ...PLAIN].join(", ")}`)
  expectKeys(entry, [plain])
  if (plain === "html") return typeof entry.html === "string" ? html(entry.html) : html()
  return plain === "emptyStream" ? emptyStream() : neverAnswers()
}

function answerOf(entry: Entry): Answer {
  expectKeys(entry, [...ANSWER, ...WITH_ANSWER, ...TRAVEL])
  const options: AnswerOptions = {
    chunks: optional(entry, "chunks", isTexts, "a list of strings"),
    chunkSize: optional(entry, "chunkSize", isCount, "a number above 0"),
    delayMs: optional(entry, "delayMs", isAmount, "a number of milliseconds"),
    bytesPerWrite: optional(entry, "bytesPerWrite", isCount, "a number above 0"),
    crlf: optional(entry, "crlf", (value) => typeof value === "boolean", "true or false"),
    headers: headersOf(entry),
    finish: optional(entry, "finish", (value) => FINISHES.includes(value as string), `one of ${FINISHES.join(", ")}`),
    usage: optional<Usage | null>(
      entry,
      "usage",
      isUsage,
      `null or numbers: input and output, or also ${COUNTS.slice(2).join(", ")}`,
    ),
  }
  const plain = withReasoning(entry, plainAnswer(entry, options))
  const fault = faultOf(entry, plain)
  return fault ? { ...plain, fault } : plain
}

function plainAnswer(entry: Entry, options: AnswerOptions): Answer {
  if ("calls" in entry) {
    const text = "says" in entry ? textIn(entry, "says") : undefined
    const list = callsOf(entry)
    if (options.chunks && list.length > 1) throw new Error('has "chunks", which cannot serve several calls')
    return callsMany(list, { ...options, text })
  }
  if ("streams" in entry) {
    const count = optional<number>(entry, "streams", isCount, "a number of deltas") ?? 1
    return streams(count, "text" in entry ? textIn(entry, "text") : undefined, options)
  }
  return says("says" in entry ? textIn(entry, "says") : "", options)
}

function withReasoning(entry: Entry, answer: Answer): Answer {
  if (!("thinks" in entry)) return answer
  return thinks(textIn(entry, "thinks"), answer, "signature" in entry ? { signature: textIn(entry, "signature") } : {})
}

function callsOf(entry: Entry): CallSpec[] {
  if (typeof entry.calls === "string") return [callOf({ ...entry, name: entry.calls })]
  if (!Array.isArray(entry.calls))
    throw new Error('has "calls", which is a tool\'s name or a list of {"name", "input"}')
  return entry.calls.map((call: unknown) => {
    if (!isEntry(call)) throw new Error('has "calls" with something that is not {"name", "input"}')
    expectKeys(call, ["name", "input", "raw", "id"])
    return callOf(call)
  })
}

function callOf(call: Entry): CallSpec {
  return {
    name: textIn(call, "name"),
    input: call.input,
    ...("raw" in call ? { raw: textIn(call, "raw") } : {}),
    ...("id" in call ? { id: textIn(call, "id") } : {}),
  }
}

function faultOf(entry: Entry, answer: Answer): StreamFault | undefined {
  for (const [key, type] of [
    ["cuts", "cut"],
    ["stalls", "stall"],
  ] as const) {
    const afterChunks = optional<number>(entry, key, isAmount, "a number of chunks")
    if (afterChunks !== undefined) return { type, afterChunks }
  }
  if (!("malformed" in entry) || entry.malformed === false) return undefined
  if (entry.malformed === true) return malformed(answer).fault
  return {
    type: "malformed",
    afterChunks: optional<number>(entry, "malformed", isAmount, "true or a number of chunks") ?? 0,
  }
}

const MADE: Record<string, () => Failure> = { rateLimited, overloaded, overflows, unauthorized }

function failureOf(entry: Entry): Failure {
  expectKeys(entry, [...FAILURE, ...WITH_FAILURE])
  const status = optional<number>(entry, "fails", isErrorStatus, "a status from 400 to 599")
  const cause = FAILURE.find((key) => key in entry && key !== "fails")
  if (cause) optional(entry, cause, (value) => value === true, "true")
  const made = (cause ? MADE[cause]?.() : undefined) ?? fails(status ?? 500)
  for (const key of ["message", "type", "code"] as const) if (key in entry) made[key] = textIn(entry, key)
  const retryAfter = optional<number>(entry, "retryAfter", isAmount, "a number of seconds")
  const retryAfterMs = optional<number>(entry, "retryAfterMs", isAmount, "a number of milliseconds")
  return { ...made, headers: { ...rateLimited({ retryAfter, retryAfterMs }).headers, ...headersOf(entry) } }
}

const headersOf = (entry: Entry): Record<string, string> | undefined =>
  optional(entry, "headers", (value) => isEntry(value) && isTexts(Object.values(value)), "an object of strings")

function expectKeys(entry: Entry, known: string[]): void {
  const unknown = Object.keys(entry).find((key) => !known.includes(key))
  if (unknown !== undefined)
    throw new Error(`has "${unknown}", which does not belong here; it may have ${known.join(", ")}`)
}

function optional<T>(entry: Entry, key: string, is: (value: unknown) => boolean, what: string): T | undefined {
  if (!(key in entry)) return undefined
  if (!is(entry[key])) throw new Error(`has "${key}", which is ${what}`)
  return entry[key] as T
}

function textIn(entry: Entry, key: string): string {
  const value = entry[key]
  if (typeof value !== "string") throw new Error(`has "${key}", which is a string`)
  return value
}

const isEntry = (value: unknown): value is Entry => typeof value === "object" && value !== null && !Array.isArray(value)
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === "string")
const isAmount = (value: unknown): boolean => typeof value === "number" && value >= 0
const isErrorStatus = (value: unknown): boolean => isCount(value) && (value as number) >= 400 && (value as number) < 600
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0

function isUsage(value: unknown): boolean {
  if (value === null) return true
  if (!isEntry(value) || !("input" in value) || !("output" in value)) return false
  return Object.entries(value).every(([key, count]) => COUNTS.includes(key) && isAmount(count))
}
