import type { Outgoing } from "./exchange.ts"

/** Below this the header of a compressed answer costs more than it saves. */
const MIN_CHARACTERS = 1_024
/** Most clients sit on the same machine: little effort already takes three quarters off JSON. */
const LEVEL = 1

/** The same answer, smaller, for clients that take it. Streams stay as they are: their frames must not wait. */
export async function compressed(outgoing: Outgoing, accepted: string | undefined): Promise<Outgoing> {
  const { body, headers } = outgoing
  if (!isText(body, headers) || body.length < MIN_CHARACTERS || !acceptsGzip(accepted)) return outgoing
  const { gzip } = await import("node:zlib")
  const zipped = await new Promise<Uint8Array>((resolve, reject) =>
    gzip(body, { level: LEVEL }, (error, result) => (error ? reject(error) : resolve(result))),
  )
  const vary = headers.vary === undefined ? "Accept-Encoding" : `${headers.vary}, Accept-Encoding`
  return { ...outgoing, headers: { ...headers, "content-encoding": "gzip", vary }, body: zipped }
}

const isText = (body: Outgoing["body"], headers: Outgoing["headers"]): body is string | Uint8Array =>
  typeof body === "string" || (body instanceof Uint8Array && (headers["content-type"] ?? "").startsWith("text/"))

/** `gzip;q=0` is a refusal. */
const acceptsGzip = (accepted = ""): boolean =>
  accepted.split(",").some((coding) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(coding))
