import { fileURLToPath } from "node:url"
import type { FilePart } from "@opencode/protocol/part.ts"
import { dataUrl, parseDataUrl } from "../lib/data-url.ts"
import { ToolFailure } from "../lib/fault.ts"
import { clip } from "../lib/text.ts"
import type { Images } from "../model/image/fit.ts"
import { readPlace } from "../tool/read.ts"
import { decodeUtf16 } from "../tool/text-file.ts"
import type { OutputLimits, SeenFiles, ToolContext, ToolResult } from "../tool/tool.ts"
import { isBinary, sniffMime } from "../workspace/files.ts"
import type { Workspace } from "../workspace/workspace.ts"

/**
 * A file that a person attached to a prompt, as the model can take it: text and folders as text beside the part, images
 * and PDFs as data in it. The content decides what a file is, not its name or what the client says. What cannot be read
 * becomes a sentence; an attachment never fails a prompt.
 */
export type OpenAttachment = (part: FilePart, sessionID: string, told: ReadonlySet<string>) => Promise<Attachment>

export interface Attachment {
  /** For the model, before the part itself. */
  texts: string[]
  url: string
  mime: string
  /** Files with instructions of its folder that are in the last text. */
  loaded?: string[]
}

export interface AttachmentDeps {
  workspace: Workspace
  limits: OutputLimits
  images: Images
  seenBy(sessionID: string): SeenFiles
  /** Instructions of the folder of a file, those apart that were told already. */
  near(real: string, told: ReadonlySet<string>): ReturnType<ToolContext["instructionsNear"]>
}

/** Characters of text that came inside a `data:` address: what one read of a file would give. */
const MAX_INLINE_CHARACTERS = 51_200
/** A disk that does not answer must not hold up the prompt. */
const READ_TIMEOUT_MS = 10_000

export function attachments(deps: AttachmentDeps): OpenAttachment {
  return async (part, sessionID, told) => {
    if (part.url.startsWith("data:")) return inlineFile(part, deps)
    if (part.url.startsWith("file:")) return fileOnDisk(part, { sessionID, told }, deps)
    return { texts: [], url: part.url, mime: part.mime } // fetched by nobody; the model is told that it is not there
  }
}

interface Reader {
  sessionID: string
  told: ReadonlySet<string>
}

async function fileOnDisk(part: FilePart, reader: Reader, deps: AttachmentDeps): Promise<Attachment> {
  const asItIs = { url: part.url, mime: part.mime }
  const place = placeOf(part.url)
  if (!place) return { ...asItIs, texts: [`The attached address ${clip(part.url, 500)} is not a file.`] }
  const called = calledRead(place.path)
  const failed = (why: string) => ({
    ...asItIs,
    texts: [called, `Read tool failed to read ${place.path} with the following error: ${why}`],
  })
  const signal = AbortSignal.timeout(READ_TIMEOUT_MS)
  try {
    const result = await Promise.race([readAttached(place, reader, signal, deps), rejectedWhen(signal)])
    const told = { texts: [called, result.output], ...loadedBy(result) }
    const [file] = result.attachments ?? []
    if (!file) return { ...asItIs, ...told }
    if (!file.mime.startsWith("image/")) return { ...told, url: file.url, mime: file.mime }
    const fitted = await deps.images.fit(parseDataUrl(file.url)?.bytes ?? Buffer.alloc(0))
    if ("why" in fitted) return failed(`the image cannot be shown: ${fitted.why}.`)
    return { ...told, url: dataUrl(fitted.mime, fitted.bytes), mime: fitted.mime }
  } catch (error) {
    if (error instanceof ToolFailure) return failed(error.message)
    if (signal.aborted) return failed(`it did not answer within ${READ_TIMEOUT_MS / 1_000} seconds.`)
    throw error
  }
}

async function readAttached(
  place: Place,
  { sessionID, told }: Reader,
  signal: AbortSignal,
  { workspace, limits, seenBy, near }: AttachmentDeps,
): Promise<ToolResult> {
  const file = await workspace.paths.resolve(place.path, { signal })
  const instructionsNear = (real: string) => near(real, told)
  return readPlace(file, place, { limits, seen: seenBy(sessionID), signal, instructionsNear })
}

function loadedBy({ metadata: { loaded } }: ToolResult): Pick<Attachment, "loaded"> {
  const paths = Array.isArray(loaded) ? loaded.filter((path) => typeof path === "string") : []
  return paths.length > 0 ? { loaded: paths } : {}
}

/** Some waits for a disk end with no signal. */
const rejectedWhen = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }))

const calledRead = (filePath: string): string =>
  `Called the Read tool with the following input: ${JSON.stringify({ filePath })}`

interface Place {
  path: string
  offset?: number
  limit?: number
}

/** `file:///a/b.ts?start=10&end=20`: lines count from 1, both included. */
function placeOf(url: string): Place | undefined {
  try {
    const parsed = new URL(url)
    const start = lineNumber(parsed.searchParams.get("start"))
    const end = lineNumber(parsed.searchParams.get("end"))
    parsed.search = ""
    return {
      path: fileURLToPath(parsed),
      ...(start === undefined ? {} : { offset: start }),
      ...(start === undefined || end === undefined || end < start ? {} : { limit: end - start + 1 }),
    }
  } catch {
    return undefined // an address with a host, or characters that no path has
  }
}

const lineNumber = (text: string | null): number | undefined =>
  text && /^[1-9]\d*$/.test(text) ? Number(text) : undefined

/** A file that came with the prompt itself. */
async function inlineFile(part: FilePart, { images }: AttachmentDeps): Promise<Attachment> {
  const data = parseDataUrl(part.url)
  if (!data) return { texts: [], url: part.url, mime: part.mime }
  const { bytes } = data
  const claimed = part.mime.toLowerCase()
  const found = sniffMime(bytes)
  if (found === "application/pdf") return { texts: [], url: dataUrl(found, bytes), mime: found }
  const isSvg = found === undefined && claimed.startsWith("image/svg")
  if (found !== undefined || (claimed.startsWith("image/") && !isSvg)) {
    const fitted = await images.fit(bytes)
    if ("why" in fitted) return leftOut(part, fitted.why)
    return { texts: [], mime: fitted.mime, url: dataUrl(fitted.mime, fitted.bytes) }
  }
  const text = claimed.startsWith("application/pdf") ? undefined : textOf(bytes)
  if (text === undefined) return leftOut(part, "it is in no format that models read")
  const shown = clip(text, MAX_INLINE_CHARACTERS)
  const cut = shown === text ? "" : `\n\n(Showing the first ${shown.length} of ${text.length} characters.)`
  // Text by its type too, so that nothing takes it for a file to be sent.
  const mime = claimed.startsWith("text/") ? part.mime : "text/plain"
  return { texts: [calledRead(part.filename ?? "attachment"), shown + cut], url: part.url, mime }
}

/** Undefined for what is no text. Other encodings than UTF-8 and UTF-16 with a mark are read as Western European. */
function textOf(bytes: Buffer): string | undefined {
  const wide = decodeUtf16(bytes)
  if (wide) return wide.text
  if (isBinary(bytes)) return undefined
  const text = bytes.toString("utf8")
  return (text.includes("\uFFFD") ? bytes.toString("latin1") : text).replace(/^\uFEFF/, "")
}

/** In its place a note, so that what no model can read is neither kept nor sent. */
function leftOut({ mime, filename }: FilePart, why: string): Attachment {
  const note = `[File${filename ? ` "${filename}"` : ""} (${mime}) left out: ${why}.]`
  return { texts: [note], mime: "text/plain", url: dataUrl("text/plain", Buffer.from(note)) }
}
