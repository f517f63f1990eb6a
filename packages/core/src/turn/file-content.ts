import type { FilePart } from "@opencode/protocol/part.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { HEADER_BYTES, imageHeader } from "../model/image/header.ts"
import { fileLimits } from "../model/quirks/file-limits.ts"

/**
 * A stored file as a model can take it, or the sentence that stands in for it. Pure and total. The bytes decide what a
 * file is: providers refuse a whole request because one image is not what it says it is.
 */
export type FileContent = { base64: string; mediaType: string } | { note: string }

/** How the base64 of each format begins that all providers take. */
const BEGINNINGS: [beginning: string, mediaType: string][] = [
  ["iVBORw0KGgo", "image/png"],
  ["/9j/", "image/jpeg"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
  ["JVBERi", "application/pdf"],
]

/** The address of a file that a request has no room for; what follows says why. */
export const OMITTED = "omitted:"

export function fileContent(part: Pick<FilePart, "mime" | "url" | "filename">, model: Model): FileContent {
  const name = part.filename ? ` "${part.filename}"` : ""
  const leftOut = (why: string): FileContent => ({ note: `[File${name} (${part.mime}) left out: ${why}.]` })
  const accepts = model.capabilities.input
  const mime = part.mime.toLowerCase()
  const isReadable = mime.startsWith("image/") ? accepts.image : mime.startsWith("application/pdf") && accepts.pdf
  if (!isReadable) return leftOut("this model cannot read it")
  if (part.url.startsWith(OMITTED)) return leftOut(part.url.slice(OMITTED.length))

  const limits = fileLimits(model)
  const comma = part.url.indexOf(",")
  if (!/^data:[^,]*;base64$/.test(part.url.slice(0, comma))) return leftOut("its content is not available")
  const most = mime.startsWith("image/") ? limits.imageCharacters : limits.pdfCharacters
  if (part.url.length - comma > most) return leftOut("it is too large")
  const base64 = padded(part.url.slice(comma + 1).replaceAll(/\s/g, ""))
  if (base64 === undefined) return leftOut("its content is damaged")
  const mediaType = BEGINNINGS.find(([beginning]) => base64.startsWith(beginning))?.[1]
  const isWhatItSays = mediaType?.split("/")[0] === mime.split("/")[0]
  if (!mediaType || !isWhatItSays) return leftOut("it is in no format that models read")
  if (mediaType === "application/pdf") return { base64, mediaType }
  if (!limits.formats.has(mediaType)) return leftOut("it is in a format that this provider does not take")
  if (longestEdge(base64) > limits.edge) return leftOut(`it is wider or higher than ${limits.edge} pixels`)
  return { base64, mediaType }
}

/** Characters of base64 in which most images say their size. */
const START = 4_096
const FAR_START = Math.ceil(HEADER_BYTES / 3) * 4

/** In pixels; 0 for an image that does not say. */
export function longestEdge(base64: string): number {
  const near = sizeIn(base64.slice(0, START))
  return near || base64.length <= START ? near : sizeIn(base64.slice(0, FAR_START))
}

function sizeIn(base64: string): number {
  const { width = 0, height = 0 } = imageHeader(Buffer.from(base64, "base64")) ?? {}
  return Math.max(width, height)
}

/** Some clients leave out the padding, which some providers insist on. */
function padded(base64: string): string | undefined {
  const bare = base64.replace(/={1,2}$/, "")
  // Looked for from the other side: V8 keeps each step of a repetition once it has compiled much, and then has no room.
  if (bare === "" || /[^A-Za-z0-9+/]/.test(bare) || bare.length % 4 === 1) return undefined
  return bare.padEnd(Math.ceil(bare.length / 4) * 4, "=")
}
