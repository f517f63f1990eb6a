import { stat } from "node:fs/promises"
import { join } from "node:path"
import type { Folders } from "./folders.ts"
import { projectFiles, type Places } from "./sources.ts"

/** The user's file that is changed when a client changes the settings: the highest of those there are. */
export async function userFile({ config }: Pick<Folders, "config">): Promise<string> {
  const files = ["config.json", "opencode.json", "opencode.jsonc"].map((name) => join(config, name))
  return (await lastThere(files)) ?? join(config, "opencode.jsonc")
}

/**
 * The project's file that is changed: the one whose word counts most, so that what is written is in effect; without one,
 * a new file in the folder.
 */
export async function projectFile(places: Pick<Places, "directory" | "worktree">): Promise<string> {
  const files = projectFiles(places).flatMap((candidate) => ("file" in candidate ? [candidate.file] : []))
  return (await lastThere(files)) ?? join(places.directory, "opencode.json")
}

async function lastThere(files: readonly string[]): Promise<string | undefined> {
  for (const file of files.toReversed()) {
    const isThere = await stat(file).then(
      () => true,
      () => false,
    )
    if (isThere) return file
  }
  return undefined
}
