import { mkdirSync } from "node:fs"
import { join, relative } from "node:path"
import type { Session } from "@opencode/protocol/session.ts"
import type { Recording } from "./entry.ts"
import { namePlace, type Places } from "./fingerprint.ts"

/** Empty folders that stand for the recorded ones, and one word for each of both. */
export interface Stage {
  /** By recorded folder. */
  folders: ReadonlyMap<string, StagedFolder>
  places: Places
  /** The recorded name of each folder where the program works. */
  recorded: Places
}

export interface StagedFolder {
  /** Where the program works instead. */
  directory: string
  worktree: string
  projectID: string
  vcs?: "git"
}

export function openStage({ entries }: Recording, root: string): Stage {
  const folders = new Map<string, StagedFolder>()
  const places = new Map<string, string>()
  const recorded = new Map<string, string>()
  for (const entry of entries) {
    if (entry.k !== "folder" || folders.has(entry.directory)) continue
    const { directory, worktree, projectID, vcs } = entry
    const top = join(root, `folder-${folders.size + 1}`)
    const staged = {
      directory: worktree === "/" ? top : join(top, relative(worktree, directory)),
      worktree: worktree === "/" ? "/" : top,
    }
    mkdirSync(staged.directory, { recursive: true, mode: 0o700 })
    namePlace(places, entry)
    places.set(staged.directory, places.get(directory) ?? "")
    if (worktree !== "/") places.set(staged.worktree, places.get(worktree) ?? "")
    recorded.set(staged.directory, directory)
    if (worktree !== "/") recorded.set(staged.worktree, worktree)
    folders.set(directory, { ...staged, projectID, ...(vcs ? { vcs } : {}) })
  }
  return { folders, places, recorded }
}

export const staged = (session: Session, directoryOf: (recorded: string) => string): Session => ({
  ...session,
  directory: directoryOf(session.directory),
})
