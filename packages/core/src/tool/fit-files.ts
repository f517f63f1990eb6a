import { dataUrl, parseDataUrl } from "../lib/data-url.ts"
import type { Images } from "../model/image/fit.ts"
import { sniffMime } from "../workspace/files.ts"
import type { ToolResult } from "./tool.ts"

type Attachment = NonNullable<ToolResult["attachments"]>[number]

/**
 * A result with its images as providers take them, whichever tool they are from. What cannot be shown is told in the
 * text instead. The result itself when it has no files.
 */
export async function withFittedFiles(result: ToolResult, images: Images): Promise<ToolResult> {
  if (!result.attachments?.length) return result
  const attachments: Attachment[] = []
  const notes: string[] = []
  for (const file of result.attachments) {
    const fitted = await fittedFile(file, images)
    if ("why" in fitted) notes.push(`[${file.filename ?? "A file"} (${file.mime}) is not shown: ${fitted.why}.]`)
    else attachments.push(fitted)
  }
  return { ...result, attachments, output: [result.output, ...notes].join("\n") }
}

async function fittedFile(file: Attachment, images: Images): Promise<Attachment | { why: string }> {
  const data = parseDataUrl(file.url)
  if (!data) return file
  const mime = sniffMime(data.bytes) ?? file.mime
  if (!mime.startsWith("image/")) return file
  const fitted = await images.fit(data.bytes)
  if ("why" in fitted) return fitted
  return fitted.bytes === data.bytes && fitted.mime === file.mime
    ? file
    : { ...file, mime: fitted.mime, url: dataUrl(fitted.mime, fitted.bytes) }
}
