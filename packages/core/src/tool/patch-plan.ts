import { lstat, stat, access, constants } from "node:fs/promises"
import { dirname } from "node:path"
import { toolFailure } from "../lib/fault.ts"
import { isInside, type FileRef } from "../workspace/paths.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { nearestBlock } from "./edit-nearest.ts"
import { nameOf } from "./file-asks.ts"
import { currentBytes, isMissing, MAX_CHANGED_BYTES, notFound, planChange } from "./file-change.ts"
import type { FileDiff } from "./diff.ts"
import { applyHunks, type Patched } from "./patch-apply.ts"
import type { PatchStep } from "./patch-parse.ts"
import { decodeText } from "./text-file.ts"

/** What one section of a patch does, decided in full before anybody is asked. */
export interface PatchChange {
  type: "add" | "update" | "delete" | "move"
  file: FileRef
  /** Undefined: there must be none. */
  before: Buffer | undefined
  /** Undefined: the file goes. */
  after: Buffer | undefined
  /** Where the file goes, when it moves. There must be none. */
  target?: FileRef
  /** Of a file that moves: the new one gets it. */
  mode?: number
  diff: FileDiff
}

/** All bytes of all files of one patch, before and after: they are held until a person has answered. */
const MAX_HELD_BYTES = 64 * 1024 * 1024

/** Reads and matches everything; has no effect. @throws tool failure when any part of it cannot be done */
export async function planPatch(steps: PatchStep[], { paths }: Workspace): Promise<PatchChange[]> {
  const places = new Map<string, string>()
  /** Two sections for one file, or a file where another needs a folder, have no order that is meant. */
  const claim = ({ real }: FileRef, path: string) => {
    for (const [other, name] of places) {
      if (other === real)
        throw toolFailure(`The patch names ${path} twice${name === path ? "" : ` (also as ${name})`}.`)
      if (isInside(other, real) || isInside(real, other))
        throw toolFailure(`The patch needs ${name} and ${path} to be a file and a folder at once.`)
    }
    places.set(real, path)
  }
  const changes: PatchChange[] = []
  let held = 0
  for (const step of steps) {
    const file = await paths.resolve(step.path)
    claim(file, step.path)
    const target = step.kind === "update" && step.moveTo !== undefined ? await paths.resolve(step.moveTo) : undefined
    if (target) claim(target, (step as { moveTo: string }).moveTo)
    const change = await planStep(step, file, target)
    held += (change.before?.length ?? 0) + (change.after?.length ?? 0)
    if (held > MAX_HELD_BYTES) throw toolFailure("The files of the patch are too large together. Make several of it.")
    changes.push(change)
  }
  return changes
}

async function planStep(step: PatchStep, file: FileRef, target: FileRef | undefined): Promise<PatchChange> {
  const name = nameOf(file)
  const before = await currentBytes(file)
  if (step.kind === "add") {
    if (before) throw toolFailure(`${file.absolute} exists. Use "*** Update File" to change it.`)
    await requireRoom(file)
    const after = Buffer.from(step.lines.map((line) => `${line}\n`).join(""))
    return { type: "add", file, before, after, diff: (await planChange(file, name, before, after)).diff }
  }
  if (before === undefined) throw await notFound(file)
  if (step.kind === "delete" || target) await requireNoLink(file)
  await requireWritable(file)
  if (step.kind === "delete") {
    const { diff } = await planChange(file, name, before, Buffer.alloc(0))
    return { type: "delete", file, before, after: undefined, diff }
  }
  const after = step.hunks.length === 0 ? before : changed(file, before, step)
  if (after.length > MAX_CHANGED_BYTES) throw toolFailure(`${file.absolute} would become larger than 10 MB.`)
  if (!target) {
    if (after.equals(before)) throw toolFailure(`${file.absolute} already is as the patch would make it.`)
    return { type: "update", file, before, after, diff: (await planChange(file, name, before, after)).diff }
  }
  if ((await currentBytes(target)) !== undefined)
    throw toolFailure(`${target.absolute} exists: nothing is moved over it.`)
  await requireRoom(target)
  const { mode } = await stat(file.real)
  const { diff } = await planChange(target, nameOf(target), before, after)
  return { type: "move", file, before, after, target, mode: mode & 0o7777, diff }
}

function changed(file: FileRef, before: Buffer, { hunks }: PatchStep & { kind: "update" }): Buffer {
  const texts = hunks.flatMap(({ lines }) => lines.flatMap(({ kind, text }) => (kind === "keep" ? [] : [text])))
  const { text, encode } = decodeText(file.absolute, before, texts)
  const result = applyHunks(text, hunks)
  if (result.kind === "changed") return encode(result.text)
  throw toolFailure(`${complaint(file.absolute, text, result)} Nothing was changed.`)
}

/** More places than this need no list. */
const MAX_PLACES_NAMED = 10

function complaint(path: string, text: string, result: Exclude<Patched, { kind: "changed" }>): string {
  if (result.kind === "excessive")
    return `There are too many changes for a file as large as ${path}. Make several patches.`
  const which = `Change ${result.hunk} of ${path}`
  if (result.kind === "overlap") return `${which} overlaps with one before it.`
  if (result.kind === "ambiguous") {
    const named = result.lines.slice(0, MAX_PLACES_NAMED).join(", ")
    return `${which} fits ${result.lines.length} places, at lines ${named}. Put "@@ " and a line above the right one before it, or give more lines around it.`
  }
  const block = result.quote.startsWith("@@ ") ? undefined : nearestBlock(text, result.quote)
  const shown = block?.lines.map((line, index) => `${block.firstLine + index}: ${line}`).join("\n")
  const near = shown === undefined ? "" : ` The closest text in it (without the line numbers):\n${shown}\n`
  return `${which} was not found: these lines are not in the file:\n${result.quote}\n${near}`
}

/** Its target would be deleted, and the link would stay. */
async function requireNoLink({ absolute }: FileRef): Promise<void> {
  const found = await lstat(absolute).catch(() => undefined)
  if (found?.isSymbolicLink())
    throw toolFailure(`${absolute} is a symbolic link. Name the file itself, or use a command for the link.`)
}

async function requireWritable({ real, absolute }: FileRef): Promise<void> {
  for (const path of [real, dirname(real)]) {
    const isAllowed = await access(path, constants.W_OK).then(
      () => true,
      () => false,
    )
    if (!isAllowed) throw toolFailure(`No permission to change ${path === real ? absolute : path}.`)
  }
}

/** For a new file: the nearest folder there is must be one, and writable. */
async function requireRoom({ real }: FileRef): Promise<void> {
  let folder = dirname(real)
  for (;;) {
    try {
      if (!(await stat(folder)).isDirectory()) throw toolFailure(`${folder} is a file, not a folder.`)
      return await requireWritable({ real: folder, absolute: folder } as FileRef)
    } catch (error) {
      if (!isMissing(error)) throw error
      folder = dirname(folder)
    }
  }
}
