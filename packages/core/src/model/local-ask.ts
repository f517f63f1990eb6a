import { connect } from "node:net"
import { patience } from "../lib/deadline.ts"
import type { Request, RequestInit } from "./request.ts"
import { parseRecord, type Json } from "./wire/json.ts"

/** One question to a server on this machine: an answer of its API, or nothing. Never throws, never waits long. */
export type Ask = (path: string, body?: Json) => Promise<Json | undefined>

/** A server on this machine that lives answers in a few; whoever is slower is somebody else, or too busy to begin with. */
const DEADLINE_MS = 300
/** The longest honest answer is a list of all models, some hundred bytes each. */
const MAX_ANSWER_BYTES = 1024 * 1024

/** Whether anybody listens: that nobody does is known without loading HTTP, which is what most starts would pay for. */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port })
    const end = (answer: boolean) => (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on("connect", end(true)).on("error", end(false))
    patience(DEADLINE_MS).addEventListener("abort", end(false), { once: true })
  })
}

/** All questions to one server share one deadline, which begins now. */
export function asking(request: Request, origin: string): Ask {
  const signal = patience(DEADLINE_MS)
  return async (path, body) => {
    const post = body && { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } }
    try {
      return await answerOf(request, origin + path, { ...post, signal })
    } catch {
      // Refused, late, broken, sent elsewhere: there is no such server, which is what was asked.
      return undefined
    }
  }
}

async function answerOf(request: Request, url: string, init: RequestInit): Promise<Json | undefined> {
  const response = await request(url, init)
  const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase()
  if (response.status !== 200 || type !== "application/json") {
    await response.body.cancel()
    return undefined
  }
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body) {
    bytes += piece.byteLength
    if (bytes > MAX_ANSWER_BYTES) return undefined
    pieces.push(piece)
  }
  return parseRecord(Buffer.concat(pieces).toString("utf8"))
}
