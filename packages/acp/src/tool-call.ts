import { isAbsolute, resolve } from "node:path"
import type { ToolPart } from "@opencode/protocol/part.ts"
import { attachmentOf } from "./content.ts"
import { changesIn } from "./patch-texts.ts"
import type { ToolCallContent, ToolCallLocation, ToolCallUpdate, ToolKind } from "./wire.ts"

/** A call of a tool as editors show it. Pure: what is shown follows from the part and the session's folder alone. */

const KINDS: Record<string, ToolKind> = {
  bash: "execute",
  edit: "edit",
  write: "edit",
  apply_patch: "edit",
  read: "read",
  grep: "search",
  glob: "search",
  webfetch: "fetch",
  websearch: "fetch",
  task: "think",
}

export const kindOf = (tool: string): ToolKind => (Object.hasOwn(KINDS, tool) ? KINDS[tool]! : "other")

type Input = Record<string, unknown>

/** What is known of a call from the beginning: its name, and what it is about. */
export function callOf({ tool, callID, state }: ToolPart, cwd: string, toolCallId = callID) {
  return {
    toolCallId,
    title: titleOf(tool, state),
    kind: kindOf(tool),
    status: "pending" as const,
    locations: locationsOf(tool, state.input, cwd),
    rawInput: rawInputOf(tool, state.input, cwd),
  }
}

/** Where a call is now; undefined before it has begun. */
export function progressOf(part: ToolPart, cwd: string, toolCallId = part.callID): ToolCallUpdate | undefined {
  const { state } = part
  const { title, kind, locations, rawInput } = callOf(part, cwd, toolCallId)
  const known = { toolCallId, kind, title, locations, rawInput }
  if (state.status === "running") {
    const output = state.metadata?.output
    const content = typeof output === "string" && output !== "" ? { content: [textContent(tailOf(output))] } : {}
    return { ...known, status: "in_progress", ...content }
  }
  if (state.status === "completed") {
    const { output, metadata } = state
    return { ...known, status: "completed", content: contentOf(part, cwd), rawOutput: { output, metadata } }
  }
  if (state.status === "error") {
    const { error, metadata } = state
    const rawOutput = { error, ...(metadata ? { metadata } : {}) }
    return { ...known, status: "failed", content: [textContent(error)], rawOutput }
  }
  return undefined
}

/** Of a command that is still running, what a person follows; all of it comes with the end. */
const SHOWN_OF_RUNNING = 8_000

const tailOf = (text: string): string => text.slice(-SHOWN_OF_RUNNING)

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

function titleOf(tool: string, state: ToolPart["state"]): string {
  if (tool === "bash") return textOf(state.input.command) || tool
  if (state.status === "completed" && state.title) return state.title
  if (tool === "task") return textOf(state.input.description) || tool
  return ("title" in state && state.title) || tool
}

function rawInputOf(tool: string, input: Input, cwd: string): Input {
  return tool === "bash" ? { ...input, cwd: commandFolder(input, cwd) } : input
}

const commandFolder = (input: Input, cwd: string): string =>
  typeof input.workdir === "string" ? resolve(cwd, input.workdir) : cwd

function locationsOf(tool: string, input: Input, cwd: string): ToolCallLocation[] {
  if (tool === "bash") return [{ path: commandFolder(input, cwd) }]
  const path = textOf(input.filePath) || textOf(input.path)
  if (!path) return []
  const line = tool === "read" && Number.isInteger(input.offset) ? Math.max(0, Number(input.offset)) : undefined
  return [{ path: absolute(path, cwd), ...(line === undefined ? {} : { line }) }]
}

const absolute = (path: string, cwd: string): string => (isAbsolute(path) ? path : resolve(cwd, path))

const textContent = (text: string): ToolCallContent => ({ type: "content", content: { type: "text", text } })

function contentOf({ tool, state }: ToolPart, cwd: string): ToolCallContent[] {
  if (state.status !== "completed") return []
  const text = tool === "read" ? fileText(state.output) : state.output
  const attached = (state.attachments ?? []).map((file) => ({ type: "content" as const, content: attachmentOf(file) }))
  return [...(text === "" ? [] : [textContent(text)]), ...diffsOf(tool, state.input, state.metadata, cwd), ...attached]
}

/** What the tool framed and numbered for the model, as the file has it. */
function fileText(output: string): string {
  const framed = /<content>\n([\s\S]*)\n<\/content>/.exec(output)?.[1]
  if (framed === undefined) return output
  const lines = framed.split("\n").flatMap((line) => /^\d+: ([\s\S]*)$/.exec(line)?.[1] ?? [])
  return lines.join("\n")
}

interface PatchedFile {
  filePath?: unknown
  movePath?: unknown
  patch?: unknown
}

function diffsOf(tool: string, input: Input, metadata: Input, cwd: string): ToolCallContent[] {
  const diff = (path: string, oldText: string | null, newText: string): ToolCallContent => ({
    type: "diff",
    path: absolute(path, cwd),
    oldText,
    newText,
  })
  const path = textOf(input.filePath)
  if (tool === "edit" && path) return [diff(path, textOf(input.oldString), textOf(input.newString))]
  if (tool === "write" && path) {
    if (metadata.exists === false) return [diff(path, null, textOf(input.content))]
    return changesIn(textOf(metadata.diff)).map(({ oldText, newText }) => diff(path, oldText, newText))
  }
  if (tool !== "apply_patch" || !Array.isArray(metadata.files)) return []
  return (metadata.files as PatchedFile[]).flatMap(({ filePath, movePath, patch }) =>
    changesIn(textOf(patch)).map(({ oldText, newText }) =>
      diff(textOf(movePath) || textOf(filePath), oldText, newText),
    ),
  )
}
