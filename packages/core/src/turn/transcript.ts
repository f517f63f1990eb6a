import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part, ToolPart } from "@opencode/protocol/part.ts"
import { clip } from "../lib/text.ts"
import { tokensOfText } from "./estimate.ts"

/**
 * A conversation as text, for the model that makes notes of it. Pure and total: whatever was said, the text has no more
 * than so many tokens. What is cut first is what notes need least: the output of tools, the oldest first; then long
 * texts; then the oldest messages as a whole.
 *
 * @param most tokens; undefined when nobody knows a limit
 */
export function transcript(messages: MessageWithParts[], most: number | undefined): string {
  const pieces = messages.flatMap(({ info, parts }) => parts.flatMap((part) => pieceOf(info.role, part)))
  if (most !== undefined) fit(pieces, most)
  return pieces.flatMap(({ text }) => text || []).join("\n\n")
}

interface Piece {
  kind: "said" | "done"
  text: string
}

/** How far outputs and texts are cut, in characters, until everything fits. */
const CUTS: readonly { kind: Piece["kind"]; to: number }[] = [
  { kind: "done", to: 2_000 },
  { kind: "done", to: 300 },
  { kind: "said", to: 4_000 },
  { kind: "said", to: 500 },
  { kind: "done", to: 0 },
  { kind: "said", to: 0 },
]

function fit(pieces: Piece[], most: number): void {
  let tokens = pieces.reduce((sum, { text }) => sum + tokensOfPiece(text), 0)
  for (const { kind, to } of CUTS)
    for (const piece of pieces) {
      if (tokens <= most) return
      if (piece.kind !== kind || piece.text.length <= to) continue
      tokens -= tokensOfPiece(piece.text)
      piece.text = to ? clip(piece.text, to) : ""
      tokens += tokensOfPiece(piece.text)
    }
}

/** With the empty line after it. */
const tokensOfPiece = (text: string): number => (text ? tokensOfText(text) + 1 : 0)

function pieceOf(role: "user" | "assistant", part: Part): Piece[] {
  if (part.type === "text" && !part.ignored && part.text.trim()) return [said(`[${role}] ${part.text}`)]
  if (part.type === "file") return [said(`[${role}] (file ${part.filename ?? ""} ${clip(part.mime, MAX_MIME)})`)]
  if (part.type === "subtask") return [said(`[${role}] ${part.prompt}`)]
  if (part.type === "tool") return [{ kind: "done", text: toolText(part) }]
  return []
}

/** A type is a word or two; what clients send in its place may be anything. */
const MAX_MIME = 60

const said = (text: string): Piece => ({ kind: "said", text: inert(text) })

function toolText({ tool, state }: ToolPart): string {
  const result = state.status === "completed" ? state.output : state.status === "error" ? state.error : "(no result)"
  const output = state.status === "completed" && state.time.compacted ? "(old output, removed)" : result
  return inert(`[tool ${tool}] ${JSON.stringify(state.input)}\n${output}`)
}

/** Text that was read somewhere must not end the conversation and begin orders. */
const inert = (text: string): string => text.replaceAll("</conversation>", "<\\/conversation>")
