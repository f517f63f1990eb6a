import { fileURLToPath } from "node:url"
import type { FilePart } from "@opencode/protocol/part.ts"
import { ToolFailure } from "../lib/fault.ts"
import { readPlace } from "../tool/read.ts"
import type { OutputLimits, SeenFiles } from "../tool/tool.ts"
import type { Workspace } from "../workspace/workspace.ts"

/**
 * A file that a person attached to a prompt, as the model can take it: text and folders as text beside the part, images
 * and PDFs as data in it. What cannot be read becomes a sentence; an attachment never fails a prompt.
 */
export type OpenAttachment = (part: FilePart, sessionID: string) => Promise<Attachment>

export interface Attachment {
  /** For the model, before the part itself. */
  texts: string[]
  url: string
  mime: string
}

export interface AttachmentDeps {
  workspace: Workspace
  limits: OutputLimits
  seenBy(sessionID: string): SeenFiles
}

/** Characters of text that came inside a `data:` address: what one read of a file would give. */
const MAX_INLINE_CHARACTERS = 51_200
/** A disk that does not answer must not hold up the prompt. */
const READ_TIMEOUT_MS = 10_000

export function attachments(deps: AttachmentDeps): OpenAttachment {
  return async (part, sessionID) => {
    const asItIs = { texts: [], url: part.url, mime: part.mime }
    if (part.url.startsWith("data:"))
      return part.mime.startsWith("text/") ? { ...asItIs, texts: [inlineText(part)] } : asItIs
    if (!part.url.startsWith("file:")) return asItIs
    const place = placeOf(part.url)
    if (!place) return { ...asItIs, texts: [`The attached address ${part.url} is not a file.`] }
    const called = `Called the Read tool with the following input: ${JSON.stringify({ filePath: place.path })}`
    try {
      const file = await deps.workspace.paths.resolve(place.path)
      const signal = AbortSignal.timeout(READ_TIMEOUT_MS)
      const result = await readPlace(file, place, { limits: deps.limits, seen: deps.seenBy(sessionID), signal })
      const [image] = result.attachments ?? []
      return { texts: [called, result.output], url: image?.url ?? part.url, mime: image?.mime ?? part.mime }
    } catch (error) {
      if (error instanceof ToolFailure) return { ...asItIs, texts: [`${called}\n${error.message}`] }
      throw error
    }
  }
}

/** `file:///a/b.ts?start=10&end=20`: lines count from 1, both included. */
function placeOf(url: string): { path: string; offset?: number; limit?: number } | undefined {
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

function inlineText({ url, filename }: FilePart): string {
  const comma = url.indexOf(",")
  const data = url.slice(comma + 1)
  const text = url.slice(0, comma).endsWith(";base64") ? Buffer.from(data, "base64").toString("utf8") : decode(data)
  return `Attached text${filename ? ` "${filename}"` : ""}:\n${text.slice(0, MAX_INLINE_CHARACTERS)}`
}

function decode(data: string): string {
  try {
    return decodeURIComponent(data)
  } catch {
    return data // not percent-encoded after all
  }
}
