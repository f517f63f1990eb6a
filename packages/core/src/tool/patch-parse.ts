import { toolFailure } from "../lib/fault.ts"

/**
 * The text of a patch as data. Pure. A patch is taken whole or not at all: whatever does not fit the format, a missing
 * end above all, refuses it, because the part that is missing may be the one that matters.
 */
export type PatchStep =
  | { kind: "add"; path: string; lines: string[] }
  | { kind: "delete"; path: string }
  | { kind: "update"; path: string; moveTo?: string; hunks: Hunk[] }

export interface Hunk {
  /** Lines that come somewhere before it, outermost first: what stands behind `@@`. */
  anchors: string[]
  lines: HunkLine[]
  /** It is about the last lines of the file. */
  isAtEnd: boolean
}

export interface HunkLine {
  kind: "keep" | "remove" | "insert"
  text: string
}

/** Far more than a model writes in one answer; the text is held several times over while it is compared. */
const MAX_PATCH_CHARACTERS = 10 * 1024 * 1024
/** Each is read whole, held and shown to a person, who cannot judge more. */
const MAX_FILES = 200

const BEGIN = "*** Begin Patch"
const END = "*** End Patch"
const END_OF_FILE = "*** End of File"
const HEADER = /^\*\*\* (Add File|Delete File|Update File|Move to):(.*)$/

/** @throws tool failure that names the line, for anything that is not a patch */
export function parsePatch(patchText: string): PatchStep[] {
  if (patchText.length > MAX_PATCH_CHARACTERS) throw toolFailure("The patch is larger than 10 MB. Make several of it.")
  const { lines, skipped } = unwrapped(patchText.split(/\r?\n/))
  const number = (index: number) => index + skipped + 1
  if (lines[0]?.trim() !== BEGIN) throw toolFailure(`The patch does not begin with "${BEGIN}".`)
  if (lines.at(-1)?.trim() !== END || lines.length === 1) {
    throw toolFailure(`The patch does not end with "${END}": it may have been cut off. Nothing was changed.`)
  }

  const steps: PatchStep[] = []
  for (let index = 1; index < lines.length - 1; index++) {
    const line = lines[index]!
    const header = HEADER.exec(line.trimEnd())
    const step = steps.at(-1)
    if (header) takeHeader(header[1]!, header[2]!.trim(), steps, number(index))
    else if (step === undefined || step.kind === "delete") {
      if (line.trim() !== "") throw unexpected(line, number(index))
    } else if (step.kind === "add") takeNewLine(step, line, { next: lines[index + 1]!, number: number(index) })
    else takeChange(step, line, { next: lines[index + 1]!, number: number(index) })
  }
  if (steps.length === 0) throw toolFailure("The patch names no file.")
  if (steps.length > MAX_FILES) throw toolFailure(`The patch names more than ${MAX_FILES} files. Make several of it.`)
  for (const step of steps) requireChange(step)
  return steps
}

/** Without what models put around a patch: blank lines, a fence, the shell command that would apply it. */
function unwrapped(lines: string[]): { lines: string[]; skipped: number } {
  let start = 0
  let end = lines.length
  const trim = () => {
    while (start < end && lines[start]!.trim() === "") start++
    while (end > start && lines[end - 1]!.trim() === "") end--
  }
  trim()
  if (/^```\w*$/.test(lines[start]?.trim() ?? "") && lines[end - 1]?.trim() === "```") {
    start++
    end--
    trim()
  }
  const word = /^(?:apply_patch\s*)?<<-?\s*(['"]?)(\w+)\1$/.exec(lines[start]?.trim() ?? "")?.[2]
  if (word !== undefined && lines[end - 1]?.trim() === word) {
    start++
    end--
    trim()
  }
  return { lines: lines.slice(start, end), skipped: start }
}

function takeHeader(kind: string, path: string, steps: PatchStep[], number: number): void {
  if (path === "") throw toolFailure(`Line ${number} of the patch names no file.`)
  if (kind === "Add File") steps.push({ kind: "add", path, lines: [] })
  else if (kind === "Delete File") steps.push({ kind: "delete", path })
  else if (kind === "Update File") steps.push({ kind: "update", path, hunks: [] })
  else {
    const step = steps.at(-1)
    const isFirst = step?.kind === "update" && step.moveTo === undefined && step.hunks.length === 0
    if (!isFirst) throw toolFailure(`Line ${number} of the patch: "Move to" belongs right behind "Update File".`)
    step.moveTo = path
  }
}

interface Position {
  /** The line behind; there is always one, the end marker at last. */
  next: string
  number: number
}

function takeNewLine(step: PatchStep & { kind: "add" }, line: string, { next, number }: Position): void {
  if (line.startsWith("+")) step.lines.push(line.slice(1))
  else if (line.trim() !== "" || !next.startsWith("*** ")) throw unexpected(line, number, 'begin with "+"')
}

function takeChange(step: PatchStep & { kind: "update" }, line: string, { next, number }: Position): void {
  const { hunks } = step
  const last = hunks.at(-1)
  if (line.startsWith("@@")) {
    // Several in a row lead to one place: a class, then its method.
    const anchors = last && last.lines.length === 0 ? last.anchors : []
    if (anchors.length === 0 || last!.lines.length > 0) hunks.push({ anchors, lines: [], isAtEnd: false })
    anchors.push(...anchorOf(line))
    return
  }
  if (line.trim() === END_OF_FILE) {
    if (!last) throw unexpected(line, number)
    last.isAtEnd = true
    return
  }
  if (line.startsWith("\\ No newline")) return
  // A blank between two sections belongs to neither.
  if (line === "" && next.startsWith("*** ") && next.trim() !== END_OF_FILE) return
  if (last?.isAtEnd) throw unexpected(line, number)
  const kind = line === "" ? "keep" : KINDS[line[0]!]
  if (kind === undefined) throw unexpected(line, number, 'begin with " ", "-", "+" or "@@"')
  const hunk = last ?? { anchors: [], lines: [], isAtEnd: false }
  if (!last) hunks.push(hunk)
  hunk.lines.push({ kind, text: line.slice(1) })
}

const KINDS: Record<string, HunkLine["kind"]> = { " ": "keep", "-": "remove", "+": "insert" }

/** The numbers of a unified diff say nothing: models count badly. */
function anchorOf(line: string): string[] {
  const text = line.slice(2).replace(/^ ?/, "").trimEnd()
  return text === "" || /^-\d+(?:,\d+)? \+\d+(?:,\d+)? @@/.test(text) ? [] : [text]
}

function requireChange(step: PatchStep): void {
  if (step.kind !== "update") return
  step.hunks = step.hunks.filter((hunk) => hunk.lines.length > 0)
  const changes = step.hunks.some(({ lines }) => lines.some(({ kind }) => kind !== "keep"))
  if (!changes && step.moveTo === undefined) throw toolFailure(`The patch changes nothing in ${step.path}.`)
}

/** More of a line is not needed to find it. */
const SHOWN_CHARACTERS = 80

const unexpected = (line: string, number: number, rule = `come after "*** Update File: " or "*** Add File: "`): Error =>
  toolFailure(
    `Line ${number} of the patch is not understood: ${JSON.stringify(line.slice(0, SHOWN_CHARACTERS))}. It has to ${rule}. Nothing was changed.`,
  )
