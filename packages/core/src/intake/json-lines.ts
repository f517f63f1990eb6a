import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import { fault } from "../lib/fault.ts"
import { asList, asRecord, type Json } from "../model/wire/json.ts"
import { parsed } from "./opencode-rows.ts"

export interface Line {
  /** From 1. */
  number: number
  /** Undefined for one that is no object. */
  value: Json | undefined
}

const CHUNK_BYTES = 1024 * 1024
/** A line holds a picture at most; a longer one is no line of a conversation, and would fill the memory. */
const MAX_LINE_BYTES = 64 * 1024 * 1024
const NEWLINE = 10

/** The lines of a file, one after the other. Empty ones are left out. */
export function* jsonLines(file: string): Generator<Line> {
  const descriptor = openSync(file, "r")
  try {
    let number = 0
    for (const line of linesOf(descriptor)) {
      number++
      if (line === undefined) yield { number, value: undefined }
      else if (line.trim()) yield { number, value: asRecord(parsed(line)) }
    }
  } finally {
    closeSync(descriptor)
  }
}

function* linesOf(descriptor: number): Generator<string | undefined> {
  let pieces: Buffer[] = []
  let bytes = 0
  const line = (): string | undefined => (bytes > MAX_LINE_BYTES ? undefined : Buffer.concat(pieces).toString("utf8"))
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const size = readSync(descriptor, chunk)
    if (size === 0) break
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0 && end < size; end = chunk.indexOf(NEWLINE, from)) {
      pieces.push(chunk.subarray(from, end))
      bytes += end - from
      yield line()
      pieces = []
      bytes = 0
      from = end + 1
    }
    bytes += size - from
    if (bytes <= MAX_LINE_BYTES) pieces.push(chunk.subarray(from, size))
    else pieces = []
  }
  if (bytes > 0) yield line()
}

/** Folders of transcripts are by year, month and day, or by project and session. */
const MAX_DEPTH = 5
/** One for each day of 27 years. Everybody waits while they are looked through, and a whole disk would take minutes. */
const MAX_FOLDERS = 10_000

/**
 * The files below a folder, or the file itself, whose name ends in `.jsonl`. In the order of their names.
 * @throws fault `bad_request` for a place with too many folders to be one of transcripts
 */
export function transcriptsIn(place: string, seen = { folders: 0 }, depth = 0): string[] {
  const found = read(() => statSync(place))
  if (found?.isFile()) return place.endsWith(".jsonl") ? [place] : []
  if (!found?.isDirectory() || depth > MAX_DEPTH) return []
  if (++seen.folders > MAX_FOLDERS)
    throw fault("bad_request", "There are too many folders in it: name the one that has the transcripts.")
  return (read(() => readdirSync(place, { withFileTypes: true })) ?? [])
    .filter((entry) => entry.isDirectory() || entry.isFile())
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => transcriptsIn(join(place, name), seen, depth + 1))
}

/** What is gone or may not be read must not keep us from what is beside it. */
function read<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return undefined
  }
}

const HEAD_BYTES = 64 * 1024

/**
 * When a transcript begins, by its first line that says so. It is only ever appended to, so this stays. 0 for one that
 * cannot be read, which is told when its turn comes.
 */
export function beginOf(file: string): number {
  const descriptor = read(() => openSync(file, "r"))
  if (descriptor === undefined) return 0
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    const text = head.subarray(0, readSync(descriptor, head)).toString("utf8")
    return momentOf(/"timestamp":\s*"([^"]{1,40})"/.exec(text)?.[1]) ?? 0
  } finally {
    closeSync(descriptor)
  }
}

/** What changes when something is appended. */
export function stampOf(file: string): string {
  const found = read(() => statSync(file))
  return found ? `${found.size} ${Math.round(found.mtimeMs)}` : ""
}

export function momentOf(value: unknown): number | undefined {
  const moment = typeof value === "string" ? Date.parse(value) : NaN
  return Number.isFinite(moment) && moment >= 0 ? moment : undefined
}

/** What of a list can be looked into. */
export const recordsIn = (value: unknown): Json[] =>
  asList(value).flatMap((one) => {
    const record = asRecord(one)
    return record ? [record] : []
  })
