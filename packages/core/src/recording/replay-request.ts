import type { Request, RequestInit } from "../model/request.ts"
import { RequestError } from "../model/request-error.ts"
import type { HttpResponse } from "../model/response.ts"
import type { Cursor } from "./cursor.ts"
import type { EntryOf, Recording } from "./entry.ts"
import { errorOf } from "./failure.ts"
import { changeOf, fingerprint, type Fingerprint, type Places } from "./fingerprint.ts"
import { BEYOND } from "./replay-effects.ts"
import { collected, headersFrom, headersIn, responseOf, sessionOf } from "./http.ts"

export interface ReplayRequestDeps {
  recording: Recording
  cursor: Cursor
  places: Places
  /** What each recorded request says now, by its number. */
  said: Map<number, Fingerprint>
  /** Something differs from the recording. */
  differs(what: string): void
  /** The same, and there is no way back. */
  lost(what: string): void
}

/** Answers requests from the recording. There is no socket below it: what is not recorded is refused. */
export function replayRequest({ recording, cursor, places, said, differs, lost }: ReplayRequestDeps): Request {
  const waiting = recording.entries.filter((entry): entry is EntryOf<"request"> => entry.k === "request")
  const asked = new Map<string, number>()

  /** The recorded request that this is: the next of its session, or the one among those that says the same. */
  function claim(session: string | undefined, body: string): EntryOf<"request"> | undefined {
    const candidates = waiting.filter((entry) => entry.session === session)
    const same = JSON.stringify(fingerprint(body, places))
    const found = candidates.find((entry) => JSON.stringify(entry.body) === same) ?? candidates[0]
    if (found) waiting.splice(waiting.indexOf(found), 1)
    return found
  }

  async function replayed(target: string | URL, init: RequestInit = {}): Promise<HttpResponse> {
    const session = sessionOf(headersIn(init))
    const body = collected(init.body)
    const whose = session === undefined ? "a request on the side" : `session ${session}`
    const number = (asked.get(whose) ?? 0) + 1
    asked.set(whose, number)
    const url = new URL(target)
    const entry = claim(session, body)
    if (!entry) {
      if (recording.isWhole)
        lost(`Request ${number} of ${whose} is not in the recording: it goes to ${url.origin + url.pathname}.`)
      else await cursor.take(BEYOND, init.signal ?? undefined)
      throw new RequestError("host", "The recording has no such request, and a replay sends none.", url)
    }
    said.set(entry.n, fingerprint(body, places))
    const change = changeOf(entry.body, body, places)
    if (change) differs(`Request ${number} of ${whose} says something else: ${change}.`)
    const name = `request ${entry.n}`
    const { signal } = init
    const leave = (): void => cursor.leave(name)
    if (signal?.aborted) leave()
    signal?.addEventListener("abort", leave, { once: true })
    cursor.did(name)
    const head = await cursor.take(name, signal ?? undefined)
    if (head.k === "end") throw failureIn(head)
    if (head.k !== "head") throw new Error(`The recording has no beginning of ${name}.`)
    const { status, statusText, headers } = head
    return responseOf({ status, statusText, url: head.url, headers: headersFrom(headers) }, bodyOf(name, signal))
  }

  function bodyOf(name: string, signal: AbortSignal | null | undefined): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder()
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          try {
            const piece = await cursor.take(name, signal ?? undefined)
            if (piece.k === "chunk") controller.enqueue(encoder.encode(piece.text))
            else if (piece.k === "bytes") controller.enqueue(Buffer.from(piece.base64, "base64"))
            else if (piece.k === "end" && !piece.failure) controller.close()
            else controller.error(failureIn(piece))
          } catch (error) {
            controller.error(error)
          }
        },
        cancel: () => cursor.leave(name),
      },
      { highWaterMark: 0 },
    )
  }

  return Object.assign(replayed, { close: () => {} })
}

const failureIn = (entry: { failure?: Parameters<typeof errorOf>[0] } | object): Error =>
  "failure" in entry && entry.failure ? errorOf(entry.failure) : new Error("The recorded answer ended without a word.")
