import type { Ask } from "../permission/ask.ts"
import type { Config } from "@opencode/protocol/config.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { TrustItem } from "@opencode/protocol/trust.ts"
import type { DoorInput } from "./boundary.ts"
import type { Fingerprint } from "./fingerprint.ts"
import type { Failure } from "./failure.ts"

/**
 * A recording: JSON in lines, a header and then entries in the order in which they happened. What a dying process left
 * half-written at the end does not count. Decision 0020 says what is recorded and why.
 */
export const FORMAT = 1

export interface Header {
  opencode: "recording"
  format: typeof FORMAT
  /** Of the program. */
  version: string
  platform: NodeJS.Platform
  /** Milliseconds since the epoch: what `t` counts from. */
  started: number
  folders: RecordedFolders
}

export interface RecordedFolders {
  home: string
  data: string
  temp: string
  toolOutput: string
}

export type Entry = { t: number } & Happening

export type Happening =
  // What the run stood on.
  | { k: "folder"; directory: string; worktree: string; vcs?: "git"; projectID: string }
  /** `pending`: what waited for trust. */
  | { k: "config"; directory: string; value: Config; pending?: TrustItem[] }
  /** What is saved, from here on. */
  | { k: "approvals"; directory: string; rules: PermissionRuleset }
  /** What was found out about the folder when its settings were read. */
  | { k: "found"; what: string; directory: string; value: unknown }
  | { k: "models"; ask: string; value: unknown }
  | { k: "language"; name: string; input: RecordedLanguage }
  /** A session that existed before. */
  | { k: "before"; session: Session; messages: MessageWithParts[] }
  // What came from outside.
  | { k: "draw"; lane: string; id: string }
  | { k: "chance"; lane: string; value: number }
  | { k: "slept"; lane: string }
  | ({ k: "input"; n: number } & DoorInput)
  | { k: "head"; n: number; status: number; statusText: string; url: string; headers: Record<string, string> }
  | { k: "chunk"; n: number; text: string }
  | { k: "bytes"; n: number; base64: string }
  /** Of an exchange. Absent `failure`: whole. `left`: the program wanted no more. */
  | { k: "end"; n: number; left?: true; failure?: Failure }
  | { k: "asks"; n: number; asks: Ask[] }
  | { k: "outcome"; n: number; value?: unknown; failure?: Failure }
  | { k: "closing" }
  // What the program did, which the next entries answer to.
  | { k: "request"; n: number; session?: string; to: string; body: Fingerprint }
  | { k: "begin"; n: number; what: string }
  | { k: "answered"; n: number; ok: boolean }
  | { k: "mark"; what: string }
  // What became of it.
  /** An answer has its place in the order before it is whole. */
  | { k: "opened"; messageID: string }
  | { k: "message"; message: MessageWithParts }
  | { k: "gone"; messageID: string }
  | { k: "session"; info: Session }
  // The last line of a recording that is whole, or was cut at its limit.
  | { k: "closed" }
  | { k: "full" }

export type EntryOf<K extends Happening["k"]> = Extract<Entry, { k: K }>

/** What a provider package is opened with, without keys. */
export interface RecordedLanguage {
  npm: string
  providerID: string
  modelID: string
  baseURL: string
  options: Record<string, unknown>
  mayWriteCalls: boolean
}

export interface Recording {
  header: Header
  entries: Entry[]
  /** The process that made it ended in order, and no limit was met. */
  isWhole: boolean
}

/** The file is no recording, or not one that this version reads. */
export class BadRecording extends Error {
  override readonly name = "BadRecording"
}

/** @throws BadRecording with one sentence */
export function parseRecording(text: string): Recording {
  const lines = text.split("\n")
  // Each line ends with a newline: what stands after the last one was cut off in the middle.
  lines.pop()
  const [first = "", ...rest] = lines
  const header = parseLine(first, 1) as Partial<Header>
  if (header.opencode !== "recording") throw new BadRecording("This is no recording: its first line does not say so.")
  if (header.format !== FORMAT)
    throw new BadRecording(`The recording has format ${header.format}; this version reads format ${FORMAT}.`)
  const entries = rest.map((line, index) => parseLine(line, index + 2) as unknown as Entry)
  return { header: header as Header, entries, isWhole: entries.at(-1)?.k === "closed" }
}

/** The same recording, with requests that say what they say now: for a change that was meant. */
export function withRequests(text: string, said: ReadonlyMap<number, Fingerprint>): string {
  const lines = text.split("\n").map((line) => {
    if (!line.includes('"k":"request"')) return line
    const entry = JSON.parse(line) as Entry
    const body = entry.k === "request" ? said.get(entry.n) : undefined
    return body ? JSON.stringify({ ...entry, body }) : line
  })
  return lines.join("\n")
}

function parseLine(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // told below
  }
  throw new BadRecording(`Line ${number} of the recording is not a JSON object.`)
}
