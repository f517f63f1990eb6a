import type { Request, RequestInit } from "../model/request.ts"
import type { HttpResponse } from "../model/response.ts"
import type { Concealer } from "./conceal.ts"
import type { Happening } from "./entry.ts"
import { failureOf } from "./failure.ts"
import { fingerprint, type Places } from "./fingerprint.ts"
import { collected, headersIn, openHeaders, responseOf, sessionOf } from "./http.ts"

export interface RecordRequestDeps {
  request: Request
  write(happening: Happening): void
  next(): number
  concealer: Concealer
  places: Places
}

/** The same requests, with what came back noted as its reader takes it. Of what is sent only hashes are kept. */
export function recordRequest({ request, write, next, concealer, places }: RecordRequestDeps): Request {
  async function recorded(target: string | URL, init: RequestInit = {}): Promise<HttpResponse> {
    const n = next()
    const headers = headersIn(init)
    // Whatever stands in for the person: never written, and hidden where a provider repeats it.
    concealer.learnMembers(headers)
    concealer.learnMembers(String(target))
    const { origin, pathname } = new URL(target)
    const session = sessionOf(headers)
    // As a replay will say it: what it takes from the recording has no keys in it.
    const body = fingerprint(concealer.text(collected(init.body)), places)
    write({ k: "request", n, ...(session === undefined ? {} : { session }), to: origin + pathname, body })
    try {
      const response = await request(target, init)
      const { status, statusText, url } = response
      write({ k: "head", n, status, statusText, url, headers: openHeaders(response.headers) })
      return responseOf({ status, statusText, url, headers: response.headers }, tapped(response, n))
    } catch (error) {
      write({ k: "end", n, ...(init.signal?.aborted ? { left: true as const } : { failure: failureOf(error) }) })
      throw error
    }
  }

  function tapped({ body, headers }: HttpResponse, n: number): ReadableStream<Uint8Array> {
    const reader = body.getReader()
    const isText = /^(text\/|application\/([\w.-]+\+)?json)/.test(headers.get("content-type") ?? "text/")
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
    const hidden = concealer.stream()
    const say = (text: string): void => {
      if (text) write({ k: "chunk", n, text })
    }
    const end = (how: Partial<{ left: true; failure: ReturnType<typeof failureOf> }> = {}): void => {
      say(isText ? hidden.push(decoder.decode()) + hidden.rest() : "")
      write({ k: "end", n, ...how })
    }
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          try {
            const { value, done } = await reader.read()
            if (done) {
              end()
              return controller.close()
            }
            if (isText) say(hidden.push(decoder.decode(value, { stream: true })))
            else write({ k: "bytes", n, base64: Buffer.from(value).toString("base64") })
            controller.enqueue(value)
          } catch (error) {
            end(error instanceof Error && error.name === "AbortError" ? { left: true } : { failure: failureOf(error) })
            controller.error(error)
          }
        },
        async cancel(reason) {
          end({ left: true })
          await reader.cancel(reason)
        },
      },
      // A piece is noted when it is taken, and not before: what was read ahead decided nothing.
      { highWaterMark: 0 },
    )
  }

  return Object.assign(recorded, { close: request.close })
}
