import type { SnapshotFileDiff } from "@opencode/protocol/session.ts"
import type { Change, FileState } from "../store/change-store.ts"
import type { Contents } from "../store/contents.ts"
import { diffFile } from "../tool/diff.ts"
import { relativeName } from "../tool/file-asks.ts"
import { decodeUtf16 } from "../tool/text-file.ts"
import { isBinary } from "../workspace/files.ts"
import { isSameState } from "../workspace/file-state.ts"
import { shownPath } from "../workspace/odd-path.ts"
import type { Paths } from "../workspace/paths.ts"

/** Changes of files as people see them: for each file what is different between two moments. */
export interface FileStep {
  path: string
  place: string
  before: FileState
  after: FileState
}

export interface ChangeDiffs {
  /** One for each file that is different, in the order of names. Files without text, or with too much of it, have no patch. */
  of(steps: FileStep[]): Promise<SnapshotFileDiff[]>
}

/** A patch of more is read by nobody, and comparing takes its time. */
const MAX_TEXT_BYTES = 1024 * 1024
/** Files with a patch; the others of a change of thousands are only named. */
const MAX_PATCHES = 500
/** Of the patches in a session and in each event about it; a client that wants all of them asks for the diff. */
export const MAX_TOLD_TEXT = 32 * 1024
/** Comparisons that are remembered: those of a session whose newest step changed one file of many. */
const MAX_REMEMBERED = 1_000
/** All remembered patches together, in characters. */
const MAX_REMEMBERED_TEXT = 4 * 1024 * 1024

export function createChangeDiffs({ contents, paths }: { contents: Contents; paths: Paths }): ChangeDiffs {
  const remembered = new Map<string, SnapshotFileDiff>()
  let text = 0

  async function compare(step: FileStep): Promise<SnapshotFileDiff> {
    const key = JSON.stringify([step.path, step.place, step.before, step.after])
    const known = remembered.get(key)
    if (known) return known
    const diff = await fresh(step)
    remembered.set(key, diff)
    text += diff.patch?.length ?? 0
    for (const [oldest, { patch }] of remembered) {
      if (remembered.size <= MAX_REMEMBERED && text <= MAX_REMEMBERED_TEXT) break
      remembered.delete(oldest)
      text -= patch?.length ?? 0
    }
    return diff
  }

  async function fresh(step: FileStep): Promise<SnapshotFileDiff> {
    const { before, after, place } = step
    const [old, now] = [await textOf(before, place), await textOf(after, place)]
    if (old === undefined || now === undefined) return named(step)
    const { patch, additions, deletions } = await diffFile(nameOf(step.path), old, now)
    return { ...named(step), patch, additions, deletions }
  }

  async function textOf(state: FileState, place: string): Promise<string | undefined> {
    if (state.kind === "absent") return ""
    // As git shows it: a link is a file with a path in it.
    if (state.kind === "link") return shownPath(state.target)
    if (state.kind !== "file" || state.hash === undefined || state.size > MAX_TEXT_BYTES) return undefined
    const bytes = await contents.read(place, state.hash)
    if (!bytes) return undefined
    return decodeUtf16(bytes)?.text ?? (isBinary(bytes) ? undefined : bytes.toString())
  }

  const nameOf = (path: string) => shownPath(relativeName(path, paths))

  const named = ({ path, before, after }: FileStep): SnapshotFileDiff => ({
    file: nameOf(path),
    additions: 0,
    deletions: 0,
    status: before.kind === "absent" ? "added" : after.kind === "absent" ? "deleted" : "modified",
  })

  return {
    async of(steps) {
      const different = steps.filter(({ before, after }) => !isSameState(before, after))
      different.sort((a, b) => (a.path < b.path ? -1 : 1))
      const diffs: SnapshotFileDiff[] = []
      for (const step of different) diffs.push(diffs.length < MAX_PATCHES ? await compare(step) : named(step))
      return diffs
    },
  }
}

/** For each file from before the first of its changes to after the last. Changes that nobody saw are of no file. */
export function netSteps(changes: readonly Change[]): FileStep[] {
  const steps = new Map<string, FileStep>()
  for (const { kind, path, place, before, after } of changes) {
    if (kind === "unseen") continue
    steps.set(path, { path, place, before: steps.get(path)?.before ?? before, after })
  }
  return [...steps.values()]
}

/** The same files, with as much patch as fits into `characters`. */
export function withinText(diffs: SnapshotFileDiff[], characters: number): SnapshotFileDiff[] {
  let left = characters
  return diffs.map(({ patch, ...rest }) => {
    if (patch === undefined || patch.length > left) return rest
    left -= patch.length
    return { ...rest, patch }
  })
}

export const summaryOf = (diffs: SnapshotFileDiff[]): { additions: number; deletions: number; files: number } => ({
  additions: diffs.reduce((sum, { additions }) => sum + additions, 0),
  deletions: diffs.reduce((sum, { deletions }) => sum + deletions, 0),
  files: diffs.length,
})
