import type { LanguageModelV3, LanguageModelV3CallOptions, LanguageModelV3StreamPart } from "@ai-sdk/provider"
import { fault } from "../lib/fault.ts"
import { fromStream, ProviderFailure } from "./failure.ts"
import type { Fetch, LanguageInput, Package } from "./packages/package.ts"
import { PACKAGES } from "./packages/table.ts"
import type { RequestInit } from "./request.ts"
import type { HttpResponse } from "./response.ts"
import { parseRecord } from "./wire/json.ts"
import { readParts, type Emit } from "./wire/part-reader.ts"

export type { LanguageInput } from "./packages/package.ts"

/**
 * The provider packages write the requests (prompt, tools, headers) and read the errors. The streams of the wires
 * that nearly every provider speaks are read here (`wire/`): cold, the packages need 182 to 200 ms of CPU for 5,000 deltas, this
 * 53 to 86. Other wires are read by their package.
 */
export async function openLanguage(input: LanguageInput): Promise<LanguageModelV3> {
  const open = Object.hasOwn(PACKAGES, input.npm) ? PACKAGES[input.npm] : undefined
  if (!open)
    throw fault(
      "config_invalid",
      `Provider ${input.providerID} needs the package ${input.npm}, which is not included: ` +
        `a provider speaks one of ${Object.keys(PACKAGES).join(", ")}.`,
      { providerID: input.providerID, npm: input.npm },
    )
  const opened = await open(input)
  const { modelRequest = input.request, deadlines } = input
  const send = (url: string | URL, init?: RequestInit) => modelRequest(url, { ...init, deadlines })
  if (!input.mayWriteCalls || input.npm !== "@ai-sdk/openai-compatible") return overOurRequest(opened, send)
  const { callsFromText } = await import("./quirks/text-call-stream.ts")
  return overOurRequest(opened, send, callsFromText)
}

/** What becomes of the parts of an answer on their way. */
type Filter = (options: LanguageModelV3CallOptions, emit: Emit) => Emit
const asItIs: Filter = (_, emit) => emit

type Send = (url: string | URL, init?: RequestInit) => Promise<HttpResponse>

/** The package's model over our request function; where there is a reader of our own, it reads the streams. */
function overOurRequest({ build, reader }: Package, send: Send, filter: Filter = asItIs): LanguageModelV3 {
  /** Streams that wait for their answer. The packages hand the signal of a call to `fetch` as it is: it names the call. */
  const calls = new WeakMap<AbortSignal, HandedOver>()
  const model = build(
    asFetch(async (url, init) => {
      const response = await send(url, init)
      const call = init?.signal ? calls.get(init.signal) : undefined
      if (!call || !response.ok) return response
      await refuseOtherContent(response)
      if (!reader) return response
      call.answer = response
      // Stops the package before it reads: it hands on unchanged whatever its fetch throws.
      throw call
    }),
  )

  async function doStream(options: LanguageModelV3CallOptions) {
    const call = new HandedOver("The answer is read elsewhere.")
    const abortSignal = AbortSignal.any(options.abortSignal ? [options.abortSignal] : [])
    calls.set(abortSignal, call)
    try {
      const answer = await model.doStream({ ...options, abortSignal })
      return { ...answer, stream: answer.stream.pipeThrough(withoutGuess()) }
    } catch (error) {
      if (error !== call || !call.answer || !reader) throw error
      return { stream: readParts(call.answer, (emit) => reader(filter(options, emit))) }
    }
  }

  const { provider, modelId, supportedUrls } = model
  const doGenerate: LanguageModelV3["doGenerate"] = (options) => model.doGenerate(options)
  return { specificationVersion: "v3", provider, modelId, supportedUrls, doGenerate, doStream }
}

/**
 * A stream that was cut ends like any other, and the packages then make up an end without a reason. An answer that has
 * none of its own is not whole: without its last part it is told as such.
 */
function withoutGuess(): TransformStream<LanguageModelV3StreamPart, LanguageModelV3StreamPart> {
  return new TransformStream({
    transform(part, controller) {
      const isGuess =
        part.type === "finish" && part.finishReason.unified === "other" && part.finishReason.raw === undefined
      if (!isGuess) controller.enqueue(part)
    },
  })
}

class HandedOver extends Error {
  answer?: HttpResponse
}

/** The packages use of `fetch` what `Request` gives; a test runs each of them over it. */
const asFetch = (send: Send): Fetch => send as unknown as Fetch

/** 200, and yet no stream: the page of a captive portal or of a wrong base URL, or an error as JSON. */
async function refuseOtherContent(answer: HttpResponse): Promise<void> {
  const type = answer.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase()
  if (type !== "text/html" && type !== "application/json") return
  const body = await answer.text()
  const error = parseRecord(body)?.error
  if (error) throw fromStream(error)
  const what = type === "text/html" ? "a web page" : "no stream"
  throw new ProviderFailure({
    kind: "protocol",
    message: `The provider answered with ${what}; is the base URL right?`,
    isRetryable: true,
    statusCode: answer.status,
    responseBody: body,
    url: answer.url,
  })
}
