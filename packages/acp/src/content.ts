import { basename } from "node:path"
import type { FilePart } from "@opencode/protocol/part.ts"
import type { Block } from "./params.ts"
import type { ContentBlock } from "./wire.ts"

/** What people put into prompts, in the words of editors and in those of the API. Pure both ways. */

type PromptPart = { type: "text"; text: string } | PromptFile
export interface PromptFile {
  type: "file"
  mime: string
  filename: string
  url: string
}

const DEFAULT_MIME = "application/octet-stream"

/** A prompt's blocks as the parts of a message, in their order. */
export const partsOf = (blocks: Block[]): PromptPart[] => blocks.map(partOf)

function partOf(block: Block): PromptPart {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text }
    case "image":
    case "audio":
      return dataFile(block.data, { mime: block.mimeType, name: block.uri ? nameOf(block.uri) : block.type })
    case "resource_link":
      if (!block.uri.startsWith("file:")) return { type: "text", text: `[${block.name}](${block.uri})` }
      return { type: "file", mime: block.mimeType ?? "text/plain", filename: block.name, url: withLines(block.uri) }
    case "resource": {
      const { resource } = block
      if ("text" in resource) return { type: "text", text: `[${placeOf(resource.uri)}]\n${resource.text}` }
      return dataFile(resource.blob, { mime: resource.mimeType ?? DEFAULT_MIME, name: nameOf(resource.uri) })
    }
  }
}

/** The same for a command, whose arguments are the text that was typed and nothing else. */
export function filesOf(blocks: Block[]): PromptFile[] {
  return blocks.flatMap((block) => {
    if (block.type === "resource" && "text" in block.resource) {
      const { uri, text, mimeType } = block.resource
      return [dataFile(Buffer.from(text).toString("base64"), { mime: mimeType ?? "text/plain", name: nameOf(uri) })]
    }
    const part = partOf(block)
    return part.type === "file" ? [part] : []
  })
}

/** The text that a person typed. */
export const typedText = (blocks: Block[]): string =>
  blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n")

const dataFile = (base64: string, { mime, name }: { mime: string; name: string }): PromptFile => ({
  type: "file",
  mime,
  filename: name,
  url: `data:${mime};base64,${base64}`,
})

/** Editors name lines as `#L10:20` or `#L10-20`; the API as `?start=10&end=20`. */
function withLines(uri: string): string {
  const lines = /^([^?#]*)#L(\d+)(?:[:-]L?(\d+))?$/.exec(uri)
  return lines ? `${lines[1]}?start=${lines[2]}&end=${lines[3] ?? lines[2]}` : uri
}

function pathOf(uri: string): string {
  try {
    const url = new URL(uri)
    return url.protocol === "file:" ? decodeURIComponent(url.pathname) : uri
  } catch {
    return uri // no address, but somebody's own name for a thing
  }
}

function placeOf(uri: string): string {
  const lines = /#(L\d+(?:[:-]L?\d+)?)$/.exec(uri)?.[1]
  return uri.startsWith("file:") && lines ? `${pathOf(uri)}:${lines.replaceAll("L", "")}` : pathOf(uri)
}

const nameOf = (uri: string): string => basename(pathOf(uri)) || "attachment"

const DATA = /^data:([^;,]*)(?:;[^,]*)?;base64,(.*)$/s

/** A file of a message as an editor can show it. */
export function attachmentOf({ url, mime, filename }: Pick<FilePart, "url" | "mime" | "filename">): ContentBlock {
  const name = filename ?? nameOf(url)
  const data = DATA.exec(url)
  if (!data) return { type: "resource_link", uri: url, name, mimeType: mime }
  const [, type = mime, blob = ""] = data
  if (type.startsWith("image/")) return { type: "image", mimeType: type, data: blob }
  const uri = `attachment:///${encodeURIComponent(name)}`
  if (!type.startsWith("text/")) return { type: "resource", resource: { uri, blob, mimeType: type } }
  return { type: "resource", resource: { uri, text: Buffer.from(blob, "base64").toString("utf8"), mimeType: type } }
}
