import { asRecord, parseRecord, type Json } from "../wire/json.ts"
import { afterSpace, END, fail, isSpace, literal, object, until, type Given, type Parse } from "./text-call-parse.ts"

/**
 * The ways in which models write calls as text, each as a machine that is given one character after the other. It fails
 * with the first character that cannot be part of a call, so that nothing is held back for longer than that; at the end
 * it gives the calls. A name that is not offered is no call.
 */
export interface TextCall {
  name: string
  /** JSON of an object. */
  input: string
}

export type Machine = Parse<TextCall[]>

/** Offered tools: name to the schema of its input. */
export type Offered = ReadonlyMap<string, Json>

const KEYS = ["name", "arguments", "parameters", "type", "id"]

/** Whether an object can still be a call: its first member is one of a call's, and a name is one that is offered. */
const headOf =
  (tools: Offered) =>
  (text: string): boolean | "enough" => {
    const [, key, keyEnd, colon, value, valueEnd] =
      /^\{\s*(?:"([^"\\]*)(?:(")\s*(?:(:)\s*(?:"([^"\\]*)("?))?)?)?)?/.exec(text) ?? []
    if (key === undefined) return /^\{\s*$/.test(text)
    if (!keyEnd) return KEYS.some((known) => known.startsWith(key))
    if (!KEYS.includes(key)) return false
    if (key !== "name") return "enough"
    if (value === undefined) return /^\{\s*"name"\s*(:\s*)?$/.test(text)
    if (!colon) return false
    if (valueEnd) return tools.has(value) ? "enough" : false
    return [...tools.keys()].some((name) => name.startsWith(value))
  }

/** `{"name": …, "arguments": {…}}`, or with `parameters`. */
function* callObject(tools: Offered, first: Given): Parse<TextCall> {
  const given = parseRecord(yield* object(first, headOf(tools)))
  if (!given || Object.keys(given).some((key) => !KEYS.includes(key))) fail()
  const { name, type } = given
  const input = given.arguments ?? given.parameters
  const values = typeof input === "string" ? parseRecord(input) : asRecord(input)
  if (typeof name !== "string" || !tools.has(name) || !values || (type !== undefined && type !== "function")) fail()
  return { name, input: JSON.stringify(values) }
}

/** Hermes, Qwen 2.5 and 3: an object between tags; Qwen 3 Coder: tags inside the tags, of which the outer may be missing. */
export function* tagged(tools: Offered): Machine {
  const calls: TextCall[] = []
  let given: Given = yield
  for (;;) {
    if (given !== "<") fail()
    given = yield
    if (given === "t") {
      yield* literal("ool_call>", undefined)
      const first = yield* afterSpace()
      if (first === "<") {
        yield* literal("function=")
        calls.push(yield* functionTag(tools))
      } else calls.push(yield* callObject(tools, first))
      yield* literal("</tool_call>", yield* afterSpace())
      given = yield* afterSpace()
    } else {
      yield* literal("function=", given)
      calls.push(yield* functionTag(tools))
      given = yield* afterSpace()
      if (given === "<") {
        // Another call, or the end of a tag that was never opened.
        const second = yield
        if (second === "/") {
          yield* literal("tool_call>")
          given = yield* afterSpace()
        } else {
          if (second !== "f") fail()
          yield* literal("unction=")
          calls.push(yield* functionTag(tools))
          given = yield* afterSpace()
        }
      }
    }
    if (given === END) return calls
  }
}

function* functionTag(tools: Offered): Parse<TextCall> {
  const name = (yield* until(">", undefined, (text) => canBeName(tools, text))).trim()
  const schema = tools.get(name) ?? fail()
  const input: Json = {}
  for (;;) {
    yield* literal("<", yield* afterSpace())
    const given = yield
    if (given === "/") {
      yield* literal("function>")
      return { name, input: JSON.stringify(input) }
    }
    yield* literal("parameter=", given)
    const key = (yield* until(">", undefined, (text) => text.length < MAX_NAME)).trim()
    const text = yield* until("</parameter>")
    input[key] = valueOf(text.replace(/^\n/, "").replace(/\n$/, ""), asRecord(asRecord(schema.properties)?.[key]))
  }
}

const MAX_NAME = 128
const canBeName = (tools: Offered, text: string): boolean => [...tools.keys()].some((name) => name.startsWith(text))

/** Without quotes nothing says what is text and what is not, but the tool's own schema. */
function valueOf(text: string, schema: Json | undefined): unknown {
  if (!schema || schema.type === "string") return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Not JSON: the tool says what it thinks of it.
    return text
  }
}

/** Llama 3: an object after a token of its own, or alone; several have a semicolon between them. */
export function* pythonTag(tools: Offered): Machine {
  yield* literal("<|python_tag|>")
  return yield* objects(tools, yield* afterSpace())
}

export function* bare(tools: Offered): Machine {
  return yield* objects(tools, yield* afterSpace())
}

function* objects(tools: Offered, first: Given): Machine {
  const calls: TextCall[] = []
  let given = first
  for (;;) {
    calls.push(yield* callObject(tools, given))
    given = yield* afterSpace()
    if (given === END) return calls
    if (given === ";" || given === ",") given = yield* afterSpace()
  }
}

/** A block of code with an object in it. */
export function* fenced(tools: Offered): Machine {
  const calls: TextCall[] = []
  let given: Given = yield
  for (;;) {
    yield* literal("```", given)
    const language = (yield* until("\n", undefined, (text) =>
      FENCES.some((name) => name.startsWith(text.trim())),
    )).trim()
    if (!FENCES.includes(language)) fail()
    calls.push(yield* callObject(tools, yield* afterSpace()))
    yield* literal("```", yield* afterSpace())
    given = yield* afterSpace()
    if (given === END) return calls
  }
}

const FENCES = ["json", "tool_call", "tool_code", ""]

/** Mistral: a token, then a list, an object, or (since 2025) a name and its arguments. */
export function* mistral(tools: Offered): Machine {
  const calls: TextCall[] = []
  let given: Given = yield
  for (;;) {
    yield* literal("[TOOL_CALLS]", given)
    const first = yield* afterSpace()
    if (first === "{") calls.push(yield* callObject(tools, first))
    else if (first === "[") calls.push(...(yield* list(tools)))
    else calls.push(yield* namedArguments(tools, first))
    given = yield* afterSpace()
    if (given === END) return calls
  }
}

function* list(tools: Offered): Parse<TextCall[]> {
  const calls: TextCall[] = []
  for (;;) {
    calls.push(yield* callObject(tools, yield* afterSpace()))
    const given = yield* afterSpace()
    if (given === "]") return calls
    if (given !== ",") fail()
  }
}

function* namedArguments(tools: Offered, first: Given): Parse<TextCall> {
  let name = ""
  let given = first
  while (given !== "{" && given !== "[" && !isSpace(given)) {
    if (given === END) fail()
    name += given as string
    if (!canBeName(tools, name)) fail()
    given = yield
  }
  if (!tools.has(name)) fail()
  if (given === "[") {
    yield* literal("ARGS]")
    given = yield
  }
  return { name, input: yield* wholeObject(yield* afterSpace(given)) }
}

function* wholeObject(first: Given): Parse<string> {
  const values = parseRecord(yield* object(first)) ?? fail()
  return JSON.stringify(values)
}

/** DeepSeek: tokens around each call; R1 and V3 fence the arguments, V3.1 does not. The bars may be plain ones. */
export const deepseek = (bar: string) =>
  function* (tools: Offered): Machine {
    const short = (text: string): boolean => text.length < MAX_NAME
    const calls: TextCall[] = []
    yield* literal(`<${bar}tool▁calls▁begin${bar}>`)
    for (;;) {
      const token = yield* until(`${bar}>`, yield* afterSpace(), short)
      if (token === `<${bar}tool▁calls▁end` && calls.length) break
      if (token !== `<${bar}tool▁call▁begin`) fail()
      const word = yield* until(`<${bar}tool▁sep${bar}>`, undefined, short)
      const first = yield
      calls.push(first === "{" ? yield* plain(tools, word, first) : yield* inFence(tools, first))
      yield* literal(`<${bar}tool▁call▁end${bar}>`, yield* afterSpace())
    }
    if ((yield* afterSpace()) !== END) fail()
    return calls
  }

function* plain(tools: Offered, name: string, first: Given): Parse<TextCall> {
  if (!tools.has(name.trim())) fail()
  return { name: name.trim(), input: yield* wholeObject(first) }
}

function* inFence(tools: Offered, first: Given): Parse<TextCall> {
  const name = (yield* until("\n", first, (text) => canBeName(tools, text))).trim()
  if (!tools.has(name)) fail()
  yield* literal("```json", yield* afterSpace())
  const input = yield* wholeObject(yield* afterSpace())
  yield* literal("```", yield* afterSpace())
  return { name, input }
}
