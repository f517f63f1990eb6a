import { stat } from "node:fs/promises"
import { z } from "zod"
import type { InstructionText } from "../config/instruction-file.ts"
import { toolFailure } from "../lib/fault.ts"
import { MAX_SOURCE_BYTES } from "../model/image/fit.ts"
import { listDirectory, lookAtFile, readAllBytes, readTextPage, sniffMime, type TextPage } from "../workspace/files.ts"
import type { FileRef } from "../workspace/paths.ts"
import { decodedText, pageOf } from "./decoded-text.ts"
import { asksForFile, nameOf, requireSamePlace } from "./file-asks.ts"
import { isMissing, notFound } from "./file-change.ts"
import { folderReminder, prose } from "./read.prompt.ts"
import { shownName } from "./shown-name.ts"
import { defineTool, type ToolContext, type ToolResult } from "./tool.ts"

const DEFAULT_LINES = 2_000
/** A longer line is minified or data; its start is enough to know which. */
const MAX_LINE_LENGTH = 2_000
/** No provider accepts more in one request once it is base64, and it is stored with the session. */
const MAX_PDF_BYTES = 8 * 1024 * 1024
/** What clients show under the call before it is opened. */
const PREVIEW_LINES = 20

interface Range {
  offset: number
  limit: number
}

export const read = defineTool({
  name: "read",
  prose,
  effect: "pure",
  permission: "read",
  input: () =>
    z.object({
      filePath: z.string().min(1).describe("Absolute path of the file or folder."),
      offset: z.number().int().min(0).optional().describe("The first line, counted from 1 (default 1)."),
      limit: z.number().int().min(1).optional().describe("How many lines at most (default and maximum 2000)."),
    }),

  async prepare({ filePath }, { workspace }) {
    const file = await workspace.paths.resolve(filePath)
    const kind = await kindOf(file)
    return { asks: asksForFile("read", { file, kind: kind === "directory" ? kind : "file" }), plan: { file } }
  },

  async run(range, { file }, context) {
    await requireSamePlace(file, context.workspace.paths)
    return readPlace(file, range, context)
  },
})

/** Also for a file that a person attached to a prompt: nobody has to be asked about that. */
export async function readPlace(
  file: FileRef,
  { offset = 1, limit = DEFAULT_LINES }: Partial<Range>,
  context: Pick<ToolContext, "limits" | "signal" | "seen" | "instructionsNear">,
): Promise<ToolResult> {
  const kind = await kindOf(file)
  if (kind === "missing") throw await notFound(file)
  if (kind === "other") throw toolFailure(`${file.absolute} is a pipe, a socket or a device, and cannot be read.`)
  const range = { offset: Math.max(1, offset), limit: Math.min(limit, context.limits.maxLines) }
  if (kind === "directory") return readFolder(file, range)
  const { fingerprint, start } = await lookAtFile(file.real)
  const mime = sniffMime(start)
  const result =
    mime === undefined ? await readText(file, start, { ...range, ...context }) : await readAttachment(file, mime)
  context.seen.set(file.real, fingerprint)
  return withInstructions(result, await context.instructionsNear(file.real))
}

/** After the content and apart from it: what a file holds is data, and what its folder tells is not. */
function withInstructions(result: ToolResult, near: InstructionText[]): ToolResult {
  if (near.length === 0) return result
  const loaded = near.map(({ from }) => from)
  return {
    ...result,
    output: `${result.output}\n\n${folderReminder(near)}`,
    metadata: { ...result.metadata, loaded },
  }
}

async function kindOf(file: FileRef): Promise<"file" | "directory" | "missing" | "other"> {
  try {
    const found = await stat(file.real)
    return found.isDirectory() ? "directory" : found.isFile() ? "file" : "other"
  } catch (error) {
    if (isMissing(error)) return "missing"
    throw toolFailure(`${file.absolute} cannot be accessed.`)
  }
}

async function readText(
  file: FileRef,
  start: Buffer,
  { offset, limit, limits, signal }: Range & Pick<ToolContext, "limits" | "signal">,
): Promise<ToolResult> {
  const options = { offset, limit, maxBytes: limits.maxBytes, maxLineLength: MAX_LINE_LENGTH }
  const text = await decodedText(file, start)
  const page =
    text === undefined ? await readTextPage(file.real, { ...options, signal }) : pageOf(file.absolute, text, options)
  const lines = page.lines.map((line, index) => `${page.first + index}: ${line}`)
  return {
    title: nameOf(file),
    output: framed(file, "file", "content", [...lines, "", `(${whereNext(page)})`]),
    metadata: { preview: page.lines.slice(0, PREVIEW_LINES).join("\n"), truncated: page.more, loaded: [] },
  }
}

function whereNext(page: TextPage): string {
  if (!page.more) return `End of file - total ${page.totalLines ?? 0} lines`
  const last = page.first + page.lines.length - 1
  const total = page.totalLines === undefined ? "" : ` of ${page.totalLines}`
  const why = page.cut === "bytes" ? " that fit into the size limit" : ""
  return `Showing lines ${page.first}-${last}${total}${why}. Use offset ${last + 1} to go on.`
}

async function readFolder(file: FileRef, { offset, limit }: Range): Promise<ToolResult> {
  const last = offset - 1 + limit
  const { entries, total, more } = await listDirectory(file.real, last)
  const names = entries.slice(offset - 1).map(({ name, kind }) => shownName(kind === "directory" ? `${name}/` : name))
  const shown = offset - 1 + names.length
  const summary = more
    ? `Showing entries ${offset}-${shown} of ${total}. Use offset ${shown + 1} to go on.`
    : `${total} entries`
  return {
    title: nameOf(file),
    output: framed(file, "directory", "entries", [...names, "", `(${summary})`]),
    metadata: { preview: names.slice(0, PREVIEW_LINES).join("\n"), truncated: more, loaded: [] },
  }
}

async function readAttachment(file: FileRef, mime: string): Promise<ToolResult> {
  const isPdf = mime === "application/pdf"
  const what = isPdf ? "PDF" : "Image"
  // Images are made smaller before they are kept.
  const most = isPdf ? MAX_PDF_BYTES : MAX_SOURCE_BYTES
  const { size } = await stat(file.real)
  const isTooLarge = size > most
  const note = isTooLarge
    ? `${what} not shown: it has ${size} bytes, and at most ${most} can be attached.`
    : `${what} read successfully`
  const result = { title: nameOf(file), output: note, metadata: { preview: note, truncated: false, loaded: [] } }
  if (isTooLarge) return result
  const url = `data:${mime};base64,${(await readAllBytes(file.real, most)).toString("base64")}`
  return { ...result, attachments: [{ type: "file", mime, url, filename: nameOf(file) }] }
}

function framed(file: FileRef, type: string, body: string, lines: string[]): string {
  return [`<path>${shownName(file.absolute)}</path>`, `<type>${type}</type>`, `<${body}>`, ...lines, `</${body}>`].join(
    "\n",
  )
}
