import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { FilePart, Part } from "@opencode/protocol/part.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { remembered } from "../lib/remembered.ts"
import { fileLimits, type FileLimits } from "../model/quirks/file-limits.ts"
import { longestEdge, OMITTED } from "./file-content.ts"

/**
 * A conversation whose files fit into one request of this provider together: the oldest become notes. Pure and total.
 * They go in groups, so that the start of the conversation changes seldom and the provider's cache keeps matching.
 */
export function withinFileBudget(messages: MessageWithParts[], model: Model): MessageWithParts[] {
  const files: FilePart[] = []
  for (const message of messages) files.push(...filesOf(message))
  if (!files.length) return messages
  const omitted = omittedOf(files, fileLimits(model))
  if (!omitted.size) return messages
  const without = <File extends { url: string }>(file: File): File => {
    const why = omitted.get(file)
    return why === undefined ? file : { ...file, url: OMITTED + why }
  }
  return messages.map(({ info, parts }) => ({ info, parts: parts.map((part) => withFiles(part, without)) }))
}

const NONE: FilePart[] = []
/** Nearly every message has none, and a long session is asked twice for each request. */
const filesOf = remembered(({ parts }: MessageWithParts): FilePart[] => {
  const files = parts.flatMap(filesIn)
  return files.length ? files : NONE
})

/** A file of a part: itself, or what a tool returned. Those whose content is not in the part take no room. */
function filesIn(part: Part): FilePart[] {
  const files = part.type === "file" ? [part] : attachmentsOf(part)
  return files.filter((file) => file.url.startsWith("data:") && (isImage(file) || isPdf(file)))
}

const isImage = ({ mime }: FilePart): boolean => /^image\//i.test(mime)
const isPdf = ({ mime }: FilePart): boolean => /^application\/pdf/i.test(mime)

const attachmentsOf = (part: Part): FilePart[] =>
  part.type === "tool" && part.state.status === "completed" && part.state.time.compacted === undefined
    ? (part.state.attachments ?? [])
    : []

function withFiles(part: Part, change: (file: FilePart) => FilePart): Part {
  if (part.type === "file") return change(part)
  if (part.type !== "tool" || part.state.status !== "completed" || !part.state.attachments) return part
  return { ...part, state: { ...part.state, attachments: part.state.attachments.map(change) } }
}

/** How much of a limit goes at once when it is passed: a tenth of the files, a quarter of the characters. */
const FILES_AT_ONCE = 10
const CHARACTERS_AT_ONCE = 4

function omittedOf(files: FilePart[], limits: FileLimits): Map<object, string> {
  const omitted = new Map<object, string>()
  const images = files.filter(isImage)
  for (const [of, most, name] of [
    [images, limits.images, "images"],
    [files.filter(isPdf), limits.pdfs, "documents"],
  ] as const) {
    const group = Math.max(1, Math.floor(most / FILES_AT_ONCE))
    for (const file of of.slice(0, roundedUp(of.length - most, group)))
      omitted.set(file, `a request takes at most ${most} ${name}`)
  }

  const kept = files.filter((file) => !omitted.has(file))
  const total = kept.reduce((sum, { url }) => sum + url.length, 0)
  const tooMuch = roundedUp(total - limits.totalCharacters, limits.totalCharacters / CHARACTERS_AT_ONCE)
  let passed = 0
  for (const file of kept) {
    if (passed >= tooMuch) break
    passed += file.url.length
    omitted.set(file, "the files of this conversation are too large for one request")
  }

  const { many } = limits
  const shown = images.filter((file) => !omitted.has(file))
  if (!many || shown.length <= many.from) return omitted
  const why = `a request with more than ${many.from} images takes none over ${many.edge} pixels`
  for (const file of shown) {
    if (longestEdge(file.url.slice(file.url.indexOf(",") + 1)) > many.edge) omitted.set(file, why)
  }
  return omitted
}

const roundedUp = (excess: number, unit: number): number => (excess > 0 ? Math.ceil(excess / unit) * unit : 0)
