import type { FilePart } from "@opencode/protocol/part.ts"
import type { Model } from "@opencode/protocol/provider.ts"

/**
 * A stored file as a model can take it, or the sentence that stands in for it. Pure and total. The bytes decide what a
 * file is: providers refuse a whole request because one image is not what it says it is.
 */
export type FileContent = { base64: string; mediaType: string } | { note: string }

/** Base64 characters of one file: Anthropic's limit for an image, 5 MB, is the lowest of the known ones. */
const MAX_FILE_CHARACTERS = 5_000_000

/** How the base64 of each format begins that all providers take. */
const BEGINNINGS: [beginning: string, mediaType: string][] = [
  ["iVBORw0KGgo", "image/png"],
  ["/9j/", "image/jpeg"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
  ["JVBERi", "application/pdf"],
]

export function fileContent(part: Pick<FilePart, "mime" | "url" | "filename">, model: Model): FileContent {
  const name = part.filename ? ` "${part.filename}"` : ""
  const leftOut = (why: string): FileContent => ({ note: `[File${name} (${part.mime}) left out: ${why}.]` })
  const accepts = model.capabilities.input
  const mime = part.mime.toLowerCase()
  const isReadable = mime.startsWith("image/") ? accepts.image : mime.startsWith("application/pdf") && accepts.pdf
  if (!isReadable) return leftOut("this model cannot read it")

  const comma = part.url.indexOf(",")
  if (!/^data:[^,]*;base64$/.test(part.url.slice(0, comma))) return leftOut("its content is not available")
  if (part.url.length - comma > MAX_FILE_CHARACTERS) return leftOut("it is too large")
  const base64 = padded(part.url.slice(comma + 1).replaceAll(/\s/g, ""))
  if (base64 === undefined) return leftOut("its content is damaged")
  const mediaType = BEGINNINGS.find(([beginning]) => base64.startsWith(beginning))?.[1]
  const isWhatItSays = mediaType?.split("/")[0] === mime.split("/")[0]
  return mediaType && isWhatItSays ? { base64, mediaType } : leftOut("it is in no format that models read")
}

/** Some clients leave out the padding, which some providers insist on. */
function padded(base64: string): string | undefined {
  const bare = base64.replace(/={1,2}$/, "")
  if (!/^[A-Za-z0-9+/]+$/.test(bare) || bare.length % 4 === 1) return undefined
  return bare.padEnd(Math.ceil(bare.length / 4) * 4, "=")
}
