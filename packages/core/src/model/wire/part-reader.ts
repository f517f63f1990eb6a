import type { LanguageModelV3StreamPart } from "@ai-sdk/provider"
import type { HttpResponse } from "../response.ts"
import { ProviderFailure } from "../failure.ts"
import { sseReader } from "./sse.ts"

export type Emit = (part: LanguageModelV3StreamPart) => void

/** Reads one answer of one wire. */
export interface PartReader {
  /** The data of one event. */
  event(data: string): void
  /** The connection ended well. */
  end(): void
}

/** The parts of a streamed answer, made as its bytes come in. Cancelling it ends the connection. */
export function readParts(
  response: HttpResponse,
  open: (emit: Emit) => PartReader,
): ReadableStream<LanguageModelV3StreamPart> {
  const source = response.body.getReader()
  let emitted = 0
  let out: ReadableStreamDefaultController<LanguageModelV3StreamPart> | undefined
  const reader = open((part) => {
    emitted++
    out?.enqueue(part)
  })
  const events = sseReader((data) => reader.event(data))
  return new ReadableStream<LanguageModelV3StreamPart>({
    start(controller) {
      out = controller
    },
    async pull(controller) {
      const before = emitted
      try {
        while (emitted === before) {
          const { done, value } = await source.read()
          if (!done) {
            events.push(value)
            continue
          }
          events.end()
          reader.end()
          return controller.close()
        }
      } catch (error) {
        // Nobody can cancel a stream that has failed, and what is not read keeps its connection.
        source.cancel(error).catch(() => {})
        throw error
      }
    },
    cancel: (reason) => source.cancel(reason),
  })
}

/** A frame that is no JSON: the rest of the stream cannot be believed. */
export const brokenFrame = (data: string): ProviderFailure =>
  new ProviderFailure({
    kind: "protocol",
    message: "The provider's answer is malformed.",
    isRetryable: true,
    responseBody: data,
  })
