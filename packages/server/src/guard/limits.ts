import { fault } from "@opencode/core/lib/fault.ts"
import type { Incoming } from "../exchange.ts"

/** A prompt with several photographs as base64 fits; what is larger belongs into a file that the prompt names. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024

/**
 * Bodies are JSON and say so: a page of another site can send a form or plain text without asking first.
 * @throws fault `bad_request`
 */
export function assertBodyType({ hasBody, header }: Incoming): void {
  const type = header("content-type")?.split(";", 1)[0]?.trim().toLowerCase()
  if (hasBody && type !== "application/json") {
    throw fault("bad_request", `The body must be application/json, not ${type || "of no type"}.`, { kind: "Body" })
  }
  const encoding = header("content-encoding")
  if (hasBody && encoding !== undefined && encoding !== "identity") {
    throw fault("bad_request", "The body must not be compressed.", { kind: "Body" })
  }
}

/**
 * Reads no more than it may, whatever the headers promise.
 * @returns undefined for an empty body
 * @throws fault `too_large`, `bad_request` (not JSON, with the place)
 */
export async function readJson({ body, header }: Incoming, maxBytes = MAX_BODY_BYTES): Promise<unknown> {
  assertSize(Number(header("content-length") ?? 0), maxBytes)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body()) {
    size += chunk.byteLength
    assertSize(size, maxBytes)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString("utf8")
  if (text.trim() === "") return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw fault("bad_request", `The body is not valid JSON: ${(error as SyntaxError).message}`, { kind: "Body" }, error)
  }
}

function assertSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return
  throw fault("too_large", `The body is larger than ${maxBytes / 1024 / 1024} MB.`, { kind: "Body" })
}
