// Google's generateContent. Pure: a reply becomes frames or a body, a body becomes what was heard.
import type { Answer, Block, Failure, Finish, Usage } from "./script.ts"
import type { Circumstances, ErrorAnswer, Frame, Heard, HeardMessage, Route, Wire } from "./wire.ts"
import { argumentsOf, asList, asRecord, asText, idOf } from "./wire.ts"

/** Calls have no reason of their own here. */
const FINISH: Record<Exclude<Finish, "none">, string> = {
  stop: "STOP",
  "tool-calls": "STOP",
  length: "MAX_TOKENS",
  "content-filter": "SAFETY",
}

export const google: Wire = {
  name: "google",
  route,
  requestIdHeader: "x-request-id",
  read,
  frames,
  whole,
  failure,
  errorFrame: (reason) => frame(failure(reason).body),
  brokenFrame: `data: {"candidates":[{"content":{"parts":[{"te\r\n\r\n`,
}

function route(path: string): Route | undefined {
  const [, model, method] = /\/models\/([^/:]+):(streamGenerateContent|generateContent)$/.exec(path) ?? []
  return model === undefined ? undefined : { model, stream: method === "streamGenerateContent" }
}

const frame = (data: unknown): string => `data: ${JSON.stringify(data)}\r\n\r\n`

function* frames(answer: Answer, circumstances: Circumstances): Iterable<Frame> {
  const tail = JSON.stringify(envelope(circumstances)).slice(1)
  const usage = answer.usage
    ? `"usageMetadata":${JSON.stringify({ ...usageOf(answer.usage), candidatesTokenCount: 0 })},`
    : ""
  // Written by hand around the one value that varies: a stream of thousands of deltas must cost next to nothing.
  const chunk = (part: string): string =>
    `data: {"candidates":[{"content":{"parts":[${part}],"role":"model"},"index":0}],${usage}${tail}\r\n\r\n`

  const signatures = signaturesOf(answer.blocks)
  for (const [index, block] of answer.blocks.entries()) {
    if (block.type === "call") {
      // The arguments come whole: their pieces only take their time.
      for (const _ of block.chunks.slice(1)) yield { text: "", delta: true }
      const part = callPart(block, signatures.get(index))
      yield { text: part ? chunk(JSON.stringify(part)) : "", delta: block.chunks.length > 0 }
      continue
    }
    const thought = block.type === "thinking" ? `,"thought":true` : ""
    for (const [at, piece] of block.chunks.entries()) {
      const signature = at === block.chunks.length - 1 ? signatures.get(index) : undefined
      const signed = signature === undefined ? "" : `,"thoughtSignature":${JSON.stringify(signature)}`
      yield { text: chunk(`{"text":${JSON.stringify(piece)}${thought}${signed}}`), delta: true }
    }
  }
  if (answer.finish === "none") return
  yield { text: frame(last(answer, [], circumstances)), delta: false }
}

/** What was thought is vouched for at what came of it: the first call, else the end of the text. */
function signaturesOf(blocks: Block[]): Map<number, string> {
  const thinking = blocks.find((block) => block.type === "thinking")
  const call = blocks.findIndex((block) => block.type === "call")
  const at = call >= 0 ? call : blocks.findLastIndex((block) => block.type === "text")
  return new Map(thinking && at >= 0 ? [[at, thinking.signature]] : [])
}

/** Undefined: arguments that are no JSON object never leave the service. */
function callPart(block: Extract<Block, { type: "call" }>, signature?: string): object | undefined {
  const args = argumentsOf(block.chunks.join(""))
  if (typeof args !== "object" || args === null) return undefined
  const functionCall = { name: block.name, args, ...(block.id === undefined ? {} : { id: block.id }) }
  return { functionCall, ...(signature === undefined ? {} : { thoughtSignature: signature }) }
}

function whole(answer: Answer, circumstances: Circumstances): unknown {
  const signatures = signaturesOf(answer.blocks)
  const parts = answer.blocks.flatMap((block, index): object[] => {
    const signature = signatures.get(index)
    if (block.type === "call") return [callPart(block, signature) ?? []].flat()
    const text = { text: block.chunks.join("") }
    if (block.type === "thinking") return [{ ...text, thought: true }]
    return [{ ...text, ...(signature === undefined ? {} : { thoughtSignature: signature }) }]
  })
  return last(answer, parts, circumstances)
}

function last(answer: Answer, parts: object[], circumstances: Circumstances): unknown {
  const isMalformed = answer.blocks.some((block) => block.type === "call" && !callPart(block))
  const reason = answer.finish === "none" ? undefined : FINISH[answer.finish]
  const finishReason = isMalformed ? "MALFORMED_FUNCTION_CALL" : reason
  const content = { parts: parts.length ? parts : [{ text: "" }], role: "model" }
  return {
    candidates: [{ content, ...(finishReason && { finishReason }), index: 0 }],
    ...(answer.usage && { usageMetadata: usageOf(answer.usage) }),
    ...envelope(circumstances),
  }
}

const envelope = ({ number, model }: Circumstances) => ({
  modelVersion: model,
  responseId: idOf("response", number, 14),
})

/** Here the prompt counts what the cache read, and reasoning stands beside the output. */
function usageOf(usage: Usage): object {
  const promptTokenCount = usage.input + (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0)
  return {
    promptTokenCount,
    candidatesTokenCount: usage.output - (usage.reasoning ?? 0),
    totalTokenCount: promptTokenCount + usage.output,
    ...(usage.cacheRead === undefined ? {} : { cachedContentTokenCount: usage.cacheRead }),
    ...(usage.reasoning === undefined ? {} : { thoughtsTokenCount: usage.reasoning }),
  }
}

function failure(reason: Failure): ErrorAnswer {
  const usual = usualFailure(reason)
  const code = reason.status ?? usual.code
  const details = reason.code
    ? [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: reason.code, domain: "googleapis.com" }]
    : usual.details
  const error = {
    code,
    message: reason.message ?? usual.message,
    status: reason.type ?? usual.status,
    ...(details && { details }),
  }
  return { status: code, body: { error } }
}

type Usual = { code: number; status: string; message: string; details?: unknown[] }

function usualFailure(reason: Failure): Usual {
  if (reason.cause === "overflow")
    return {
      code: 400,
      status: "INVALID_ARGUMENT",
      message: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    }
  const code = reason.cause === "overloaded" ? 503 : (reason.status ?? 500)
  const [status, message] = USUAL[code] ?? (code >= 500 ? INTERNAL : INVALID)
  return { code, status, message }
}

const INVALID = ["INVALID_ARGUMENT", "Request contains an invalid argument."] as const
const INTERNAL = ["INTERNAL", "An internal error has occurred. Please retry."] as const
const USUAL: Record<number, readonly [status: string, message: string]> = {
  401: ["UNAUTHENTICATED", "Request had invalid authentication credentials."],
  403: ["PERMISSION_DENIED", "The caller does not have permission"],
  404: ["NOT_FOUND", "The model is not found for API version v1beta."],
  429: ["RESOURCE_EXHAUSTED", "You exceeded your current quota."],
  503: ["UNAVAILABLE", "The model is overloaded. Please try again later."],
}

function read(body: Record<string, unknown>): Heard {
  const calls = new Map<string, number>()
  return {
    system: textsOf(asRecord(body.systemInstruction).parts).join("\n"),
    messages: asList(body.contents).map((content) => readContent(content, calls)),
    tools: asList(body.tools).flatMap((tool) => asList(tool.functionDeclarations).map(({ name }) => asText(name))),
  }
}

/** Calls need no ids here: a result belongs to the next call of its name, in order. */
function readContent(content: Record<string, unknown>, calls: Map<string, number>): HeardMessage {
  const parts = asList(content.parts)
  const results = parts.filter((part) => part.functionResponse)
  const nextOf = (kind: string, name: string): string => {
    const count = (calls.get(`${kind} ${name}`) ?? 0) + 1
    calls.set(`${kind} ${name}`, count)
    return `${name} ${count}`
  }
  return {
    // Results come in the role of the user; no other wire mixes them up.
    role: results.length ? "tool" : content.role === "model" ? "assistant" : asText(content.role),
    text: textsOf(parts.filter((part) => part.thought !== true)).join("\n"),
    reasoning: textsOf(parts.filter((part) => part.thought === true)).join("\n"),
    toolCalls: parts.flatMap(({ functionCall }) => {
      if (!functionCall) return []
      const { name, args, id } = asRecord(functionCall)
      return [{ id: asText(id) || nextOf("call", asText(name)), name: asText(name), input: args }]
    }),
    toolResults: results.map(({ functionResponse }) => {
      const { name, response, id } = asRecord(functionResponse)
      const said = asRecord(response)
      const text = asText(said.content ?? said.output ?? said.error ?? said.result)
      return { id: asText(id) || nextOf("result", asText(name)), text, isError: false }
    }),
    hasEmptyText: parts.some((part) => part.text === ""),
  }
}

const textsOf = (parts: unknown): string[] =>
  asList(parts).flatMap((part) => (typeof part.text === "string" ? [part.text] : []))
