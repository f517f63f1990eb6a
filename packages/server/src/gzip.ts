import { rememberedAnswer } from "@opencode/core/lib/remembered-answer.ts"
import type { Outgoing } from "./exchange.ts"

/** Below this the header of a compressed answer costs more than it saves. */
const MIN_CHARACTERS = 1_024
/** Most clients sit on the same machine: little effort already takes three quarters off JSON. */
const LEVEL = 1

/** Up to here it is done in 3 ms at worst, which is less than handing it to another thread costs the others. */
const MAX_AT_ONCE = 64 * 1024

/** The same answer, smaller, for clients that take it. Streams stay as they are: their frames must not wait. */
export function compressed(outgoing: Outgoing, accepted: string | undefined): Outgoing | Promise<Outgoing> {
  const { body, headers } = outgoing
  if (!isText(body, headers) || body.length < MIN_CHARACTERS || !acceptsGzip(accepted)) return outgoing
  return smaller(body, outgoing)
}

async function smaller(body: string | Uint8Array, outgoing: Outgoing): Promise<Outgoing> {
  const { headers } = outgoing
  const zipped = await (typeof body === "string" ? zip(body) : zipOnce(body))
  const vary = headers.vary === undefined ? "Accept-Encoding" : `${headers.vary}, Accept-Encoding`
  return { ...outgoing, headers: { ...headers, "content-encoding": "gzip", vary }, body: zipped }
}

/** Long answers that are given out again, or to many at once, are the same bytes. */
const zipOnce = rememberedAnswer((body: Uint8Array) => zip(body))

async function zip(body: string | Uint8Array): Promise<Uint8Array> {
  // Loaded when a long answer is first asked for.
  const { gzip, gzipSync } = await import("node:zlib")
  if (body.length <= MAX_AT_ONCE) return gzipSync(body, { level: LEVEL })
  return new Promise((resolve, reject) =>
    gzip(body, { level: LEVEL }, (error, result) => (error ? reject(error) : resolve(result))),
  )
}

/** Bytes may be a picture, or zipped already. */
const isText = (body: Outgoing["body"], headers: Outgoing["headers"]): body is string | Uint8Array =>
  typeof body === "string" ||
  (body instanceof Uint8Array && /^(?:text\/|application\/json$)/.test(headers["content-type"] ?? ""))

/** `gzip;q=0` is a refusal. */
const acceptsGzip = (accepted = ""): boolean =>
  accepted.split(",").some((coding) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(coding))
