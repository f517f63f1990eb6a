import { lstat } from "node:fs/promises"
import { join } from "node:path"
import type { Folders } from "@opencode/core/config/folders.ts"
import { pathsOf, storagePlaces } from "@opencode/core/engine/storage-places.ts"
import { namesIn, walkFiles } from "@opencode/core/lib/walk-files.ts"

/**
 * What uninstalling would take away. Invariant: only paths that this program makes; a folder that OpenCode uses as well
 * keeps everything that could be its own.
 */
export interface UninstallPlan {
  removed: Removal[]
  kept: { path: string; reason: string }[]
}

export interface Removal {
  what: "Data" | "Cache" | "Config" | "State" | "Scratch"
  paths: string[]
  bytes: number
}

export interface UninstallOptions {
  keepConfig?: boolean
  keepData?: boolean
}

interface Facts {
  folders: Folders
  database: string
}

/** Names that OpenCode does not use, so that what bears them is ours. */
const ONLY_OURS = /^(?:store\.db.*|blobs|contents|peers|share|opencode-trust\.json)$/
/** Its own log has one name; ours have a time and a process. */
const OWN_LOG = /^\d{4}-\d\d-\d\dT\d+-\d+\.log$/
const OPENCODE_DATABASE = /^opencode[^/]*\.db$/

export async function planUninstall({ folders, database }: Facts, options: UninstallOptions): Promise<UninstallPlan> {
  const names = await namesIn(folders.data)
  const isShared = names.some((name) => OPENCODE_DATABASE.test(name))
  const plan: UninstallPlan = { removed: [], kept: [] }
  const remove = async (what: Removal["what"], paths: string[]): Promise<void> => {
    const there = await existing(paths)
    if (there.length > 0) plan.removed.push({ what, paths: there, bytes: await bytesOf(there) })
  }
  const keep = (path: string, reason: string): void => void plan.kept.push({ path, reason })
  const used = "OpenCode uses it as well"

  if (options.keepData) keep(folders.data, "--keep-data")
  else if (isShared) {
    const logs = (await namesIn(folders.log))
      .filter((name) => OWN_LOG.test(name))
      .map((name) => join(folders.log, name))
    await remove("Data", [
      ...names.filter((name) => ONLY_OURS.test(name)).map((name) => join(folders.data, name)),
      ...logs,
    ])
    keep(folders.data, `what is left there: ${used}`)
  } else {
    const places = storagePlaces(folders, database)
    // Somebody's work that may be nowhere else.
    for (const path of await existing(places.find(({ name }) => name === "worktrees")?.paths ?? []))
      keep(path, "there may be work in it")
    const ours = places
      .filter(({ name }) => name !== "cache" && name !== "temporary" && name !== "worktrees")
      .flatMap(({ paths }) => paths)
      .filter((path) => path !== folders.state)
    await remove("Data", (await Promise.all(ours.map(pathsOf))).flat())
  }
  if (isShared) {
    for (const folder of await existing([folders.cache, folders.config, folders.state])) keep(folder, used)
    return plan
  }
  await remove("Cache", [folders.cache])
  if (options.keepConfig) keep(folders.config, "--keep-config")
  else await remove("Config", [folders.config])
  await remove("State", [folders.state])
  await remove("Scratch", [folders.temp])
  return plan
}

async function existing(paths: string[]): Promise<string[]> {
  const isThere = (path: string): Promise<boolean> =>
    lstat(path).then(
      () => true,
      () => false,
    )
  const found = await Promise.all(paths.map(isThere))
  return paths.filter((_, index) => found[index])
}

async function bytesOf(paths: string[]): Promise<number> {
  let bytes = 0
  for (const path of paths) for await (const file of walkFiles(path)) bytes += file.bytes
  return bytes
}
