import { stat } from "node:fs/promises"
import { dirname } from "node:path"
import { toolFailure } from "../lib/fault.ts"
import { fingerprint, isBinary, nearNames, readAllBytes, writeResolved } from "../workspace/files.ts"
import type { FileRef } from "../workspace/paths.ts"
import { diffFile, type FileDiff } from "./diff.ts"
import { requireSamePlace } from "./file-asks.ts"
import { shownName } from "./shown-name.ts"
import { decodeUtf16 } from "./text-file.ts"
import type { ToolContext } from "./tool.ts"

/**
 * A change of one file, decided before anybody is asked and made afterwards exactly as it was shown: when the file is
 * no longer what it was, nothing is written. An editor that was asked may make it itself when it is allowed; then the
 * file is what it shall be, and what is left is to put the change on record.
 */
export interface FileChange {
  file: FileRef
  /** Undefined: there was no such file. */
  before: Buffer | undefined
  after: Buffer
  diff: FileDiff
}

/** Source files are far smaller; the text is held several times over while it is compared. */
export const MAX_CHANGED_BYTES = 10 * 1024 * 1024

/** The file's bytes, or undefined when there is none. @throws tool failure when it is not a regular file, or too large */
export async function currentBytes(file: FileRef): Promise<Buffer | undefined> {
  try {
    await stat(file.real)
  } catch (error) {
    if (isMissing(error)) return undefined
  }
  return readAllBytes(file.real, MAX_CHANGED_BYTES)
}

export async function planChange(
  file: FileRef,
  name: string,
  before: Buffer | undefined,
  after: Buffer,
): Promise<FileChange> {
  const [old, fresh] = [shown(before ?? Buffer.alloc(0)), shown(after)]
  const diff =
    old !== undefined && fresh !== undefined
      ? await diffFile(name, old, fresh)
      : { file: name, patch: "", additions: 0, deletions: 0 }
  return { file, before, after, diff }
}

/** What a person can be shown of it; undefined for data. */
function shown(bytes: Buffer): string | undefined {
  const wide = decodeUtf16(bytes)
  if (wide) return wide.text
  return isBinary(bytes) ? undefined : bytes.toString()
}

export async function makeChange(
  { file, before, after }: FileChange,
  { workspace, seen, journal }: ToolContext,
): Promise<void> {
  await requireSamePlace(file, workspace.paths)
  const now = await currentBytes(file)
  const isSame = before === undefined ? now === undefined : now?.equals(before)
  if (isSame) await journal.changing([{ path: file.real, after }], () => writeResolved(file.real, after))
  else if (now?.equals(after)) await journal.changing([{ path: file.real, before, after }], async () => {})
  else throw toolFailure(`${file.absolute} changed while this was waiting. Nothing was written: read it again.`)
  seen.set(file.real, await fingerprint(file.real))
}

export async function notFound(file: FileRef): Promise<Error> {
  const near = await nearNames(file.absolute, dirname(file.real))
  const hint = near.length > 0 ? `\n\nDid you mean one of these?\n${near.map(shownName).join("\n")}` : ""
  return toolFailure(`File not found: ${shownName(file.absolute)}${hint}`)
}

export const isMissing = (error: unknown): boolean => {
  const code = (error as NodeJS.ErrnoException).code
  return code === "ENOENT" || code === "ENOTDIR"
}
