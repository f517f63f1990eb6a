import { fault } from "@opencode/core/lib/fault.ts"
import type { Incoming } from "../exchange.ts"

/** What people and programs write is a tenth as deep; what walks through a value calls itself for each level. */
const MAX_DEPTH = 200
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
  assertDepth(text)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw fault("bad_request", `The body is not valid JSON: ${(error as SyntaxError).message}`, { kind: "Body" }, error)
  }
}

function assertSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return
  throw fault("too_large", `The body is larger than ${Math.round(maxBytes / 1024 / 1024)} MB.`, { kind: "Body" })
}

/** Looks at brackets alone: whether it is JSON is found out by whoever parses it. */
function assertDepth(text: string): void {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === QUOTE) at = endOfString(text, at)
    else if (character === BRACKET || character === BRACE) depth++
    else if (character === BRACKET + CLOSES || character === BRACE + CLOSES) depth--
    if (depth > MAX_DEPTH) throw fault("bad_request", `The body is deeper than ${MAX_DEPTH} levels.`, { kind: "Body" })
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const BRACKET = 0x5b
const BRACE = 0x7b
/** From `[` to `]`, and from `{` to `}`. */
const CLOSES = 2

/** Long strings are most of a large body, and are not looked at letter by letter. */
function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote
    while (text.charCodeAt(before - 1) === BACKSLASH) before--
    if ((quote - before) % 2 === 0) return quote
  }
  return text.length
}
