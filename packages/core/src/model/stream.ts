import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
} from "@ai-sdk/provider"
import type { Tokens } from "@opencode/protocol/tokens.ts"
import { deferred } from "../lib/deadline.ts"
import type { FinishReason, ModelEvent, OpaqueMetadata } from "./events.ts"
import { concealed, failureFrom, fromStream, ProviderFailure } from "./failure.ts"

export interface StreamInput {
  language: LanguageModelV3
  options: LanguageModelV3CallOptions
  signal: AbortSignal
  /** Milliseconds since the epoch: providers may name the time of a retry as a date. */
  now(): number
  /** Takes the key out of what is told of a failure. */
  conceal?(text: string): string
}

/**
 * One answer as events. Leaving the iteration early ends the connection.
 * @throws ProviderFailure, and nothing else, when there is no (whole) answer
 */
export async function* streamAnswer({
  language,
  options,
  signal,
  now,
  conceal = (text) => text,
}: StreamInput): AsyncGenerator<ModelEvent, void, void> {
  const answer = answerReader()
  const abort = whenAborted(signal)
  let reader: ReadableStreamDefaultReader<LanguageModelV3StreamPart> | undefined
  // What a provider says to the cancelling changes nothing any more.
  const cancel = (): void => void reader?.cancel().catch(() => {})
  try {
    const opening = language.doStream({ ...options, abortSignal: signal })
    const { stream } = await Promise.race([opening, abort.aborted])
    reader = stream.getReader()
    // Cancelling ends a read that waits, in models too that do not look at their signal.
    signal.addEventListener("abort", cancel, { once: true })
    signal.throwIfAborted()
    for (;;) {
      const { done, value } = await reader.read()
      if (signal.aborted) throw abortedFailure()
      if (done) break
      for (const event of answer.read(value)) yield event
      if (answer.isFinished) return
    }
    throw new ProviderFailure({
      kind: "protocol",
      message: "The provider's answer ended without saying why.",
      isRetryable: true,
    })
  } catch (error) {
    throw signal.aborted ? abortedFailure() : concealed(failureFrom(error, now()), conceal)
  } finally {
    abort.release()
    signal.removeEventListener("abort", cancel)
    cancel()
  }
}

const abortedFailure = () => new ProviderFailure({ kind: "aborted", message: "Aborted", isRetryable: false })

/** Rejects when the signal aborts, for what does not look at it. */
function whenAborted(signal: AbortSignal): { aborted: Promise<never>; release(): void } {
  const { promise, reject } = deferred<never>()
  const abort = (): void => reject(abortedFailure())
  // It may come when nobody waits.
  promise.catch(() => {})
  if (signal.aborted) abort()
  else signal.addEventListener("abort", abort, { once: true })
  return { aborted: promise, release: () => signal.removeEventListener("abort", abort) }
}

interface AnswerReader {
  read(part: LanguageModelV3StreamPart): ModelEvent[]
  readonly isFinished: boolean
}

/** Makes the promises of `ModelEvent` true for parts in any order. */
function answerReader(): AnswerReader {
  const opaque = new Map<string, OpaqueMetadata>()
  const startedCalls = new Set<string>()
  const said = { content: false, calls: false }
  let isFinished = false

  const keep = (id: string, metadata: object | undefined): void => {
    if (metadata) opaque.set(id, merged(opaque.get(id), metadata as OpaqueMetadata))
  }

  function read(part: LanguageModelV3StreamPart): ModelEvent[] {
    switch (part.type) {
      case "text-delta":
        keep(part.id, part.providerMetadata)
        if (!part.delta) return NONE
        said.content = true
        return [{ type: "text-delta", id: part.id, delta: part.delta }]
      case "text-start":
      case "reasoning-start":
        keep(part.id, part.providerMetadata)
        return [{ type: part.type, id: part.id }]
      case "reasoning-delta":
        keep(part.id, part.providerMetadata)
        if (!part.delta) return NONE
        said.content = true
        return [{ type: "reasoning-delta", id: part.id, delta: part.delta }]
      case "text-end":
      case "reasoning-end": {
        keep(part.id, part.providerMetadata)
        const metadata = opaque.get(part.id)
        opaque.delete(part.id)
        return [{ type: part.type, id: part.id, ...(metadata && { metadata }) }]
      }
      case "tool-input-start":
        startedCalls.add(part.id)
        return [{ type: "tool-input-start", id: part.id, tool: part.toolName }]
      case "tool-input-delta":
        return part.delta ? [{ type: "tool-input-delta", id: part.id, delta: part.delta }] : NONE
      case "tool-call": {
        said.calls = true
        const { toolCallId: id, toolName: tool, input } = part
        const metadata = part.providerMetadata as OpaqueMetadata | undefined
        const call: ModelEvent = { type: "tool-call", id, tool, input, ...(metadata && { metadata }) }
        return startedCalls.has(id) ? [call] : [{ type: "tool-input-start", id, tool }, call]
      }
      case "error":
        // A package wraps what went wrong below it; a provider's own error event is a plain value.
        throw part.error instanceof Error ? part.error : fromStream(part.error)
      case "finish": {
        isFinished = true
        const reason = reasonOf(part.finishReason, said.calls)
        if (reason === "stop" && !said.content && !said.calls) throw emptyAnswer()
        const metadata = part.providerMetadata as OpaqueMetadata | undefined
        return [
          { type: "finish", reason, usage: tokensOf(part.usage), ...(metadata && { providerMetadata: metadata }) },
        ]
      }
      default:
        return NONE
    }
  }
  return {
    read,
    get isFinished() {
      return isFinished
    },
  }
}

const NONE: ModelEvent[] = []

/** Calls decide whether the answer goes on, not what the provider calls its end: several say `stop` after calls. */
function reasonOf(
  { unified, raw }: { unified: FinishReason; raw: string | undefined },
  hasCalls: boolean,
): FinishReason {
  const reason = unified === "other" && raw === undefined ? "unknown" : unified
  if (hasCalls && (reason === "stop" || reason === "other" || reason === "unknown")) return "tool-calls"
  return !hasCalls && (reason === "tool-calls" || reason === "unknown") ? "stop" : reason
}

const emptyAnswer = () =>
  new ProviderFailure({ kind: "empty", message: "The provider gave an empty answer.", isRetryable: true })

function tokensOf({ inputTokens, outputTokens }: LanguageModelV3Usage): Tokens {
  const read = inputTokens.cacheRead ?? 0
  const write = inputTokens.cacheWrite ?? 0
  const input = inputTokens.noCache ?? Math.max(0, (inputTokens.total ?? 0) - read - write)
  const reasoning = outputTokens.reasoning ?? 0
  const output = outputTokens.text ?? Math.max(0, (outputTokens.total ?? 0) - reasoning)
  return { total: input + output + reasoning + read + write, input, output, reasoning, cache: { read, write } }
}

function merged(old: OpaqueMetadata | undefined, added: OpaqueMetadata): OpaqueMetadata {
  const result = { ...old }
  for (const [provider, facts] of Object.entries(added)) result[provider] = { ...result[provider], ...facts }
  return result
}
