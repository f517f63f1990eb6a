import { rm } from "node:fs/promises"
import { basename, join } from "node:path"
import type { StorageClean, StorageCleaned, StorageEntry, StorageReport } from "@opencode/protocol/storage.ts"
import { namesIn, removeEmptyFolders, walkFiles, type FoundFile } from "../lib/walk-files.ts"
import { databaseFile, type Home } from "../home.ts"
import { isNamed, pathsOf, storagePlaces, type StoragePlace } from "./storage-places.ts"

/** What the program keeps on disk, and its cleaning: only when somebody asks for it. */
export interface Storage {
  report(signal?: AbortSignal): Promise<StorageReport>
  clean(input: StorageClean): Promise<StorageCleaned>
}

/** Each gives back 16 MB of a database; a terabyte is nobody's. */
const MAX_SHRINKS = 65_536

export function createStorage(home: Pick<Home, "folders" | "store" | "host" | "env">): Storage {
  const { folders, store, host } = home
  const places = storagePlaces(folders, databaseFile(home))

  async function filesOf({ paths }: Pick<StoragePlace, "paths">, signal?: AbortSignal): Promise<FoundFile[]> {
    const found: FoundFile[] = []
    for (const path of paths) {
      for (const one of await pathsOf(path)) {
        for await (const file of walkFiles(one)) {
          signal?.throwIfAborted()
          found.push(file)
        }
      }
    }
    return found
  }

  const isOld = (place: StoragePlace) => (file: FoundFile) =>
    place.olderThanMs !== undefined &&
    host.now() - file.changed >= place.olderThanMs &&
    (place.only?.test(file.relative) ?? true)

  function removableOf(place: StoragePlace, files: FoundFile[]): FoundFile[] {
    const old = files.filter(isOld(place))
    const { wholesAt } = place
    if (wholesAt === undefined) return old
    const whole = ({ relative }: FoundFile) => relative.split("/", wholesAt).join("/")
    const inUse = new Set(files.filter((file) => !isOld(place)(file)).map(whole))
    return old.filter((file) => !inUse.has(whole(file)))
  }

  async function lost(): Promise<FoundFile[]> {
    const orphans = await store.orphans()
    return orphans.map(({ file, bytes }) => ({ path: file, relative: basename(file), bytes, changed: 0 }))
  }

  async function entry(place: StoragePlace, signal?: AbortSignal): Promise<StorageEntry> {
    const files = await filesOf(place, signal)
    const removable = place.name === "texts" ? await lost() : removableOf(place, files)
    return {
      name: place.name,
      about: place.about,
      paths: place.paths,
      files: files.length,
      bytes: sum(files),
      removable: place.name === "database" ? store.surplusBytes() : sum(removable),
      cleaning: place.cleaning,
    }
  }

  /** What lies in the data folder and is not ours: told, so that the sum is the truth, and never touched. */
  async function others(signal?: AbortSignal): Promise<StorageEntry> {
    const ours = places.flatMap(({ paths }) => paths)
    const isOurs = (path: string) => ours.some((one) => isNamed(path, one))
    const names = (await namesIn(folders.data)).map((name) => join(folders.data, name)).filter((path) => !isOurs(path))
    const files = await filesOf({ paths: names }, signal)
    return {
      name: "others",
      about: "files in the data folder that are not this program's, such as those of OpenCode",
      paths: names,
      files: files.length,
      bytes: sum(files),
      removable: 0,
      cleaning: "nothing: they are not ours",
    }
  }

  async function cleanDatabase(dryRun: boolean): Promise<number> {
    const before = store.surplusBytes()
    if (dryRun || before === 0) return before
    for (let time = 0, left = before; time < MAX_SHRINKS; time++) {
      await store.shrink()
      const now = store.surplusBytes()
      if (now === 0 || now >= left) break
      left = now
    }
    return before - store.surplusBytes()
  }

  async function cleanPlace(place: StoragePlace, dryRun: boolean, problems: string[]) {
    if (place.name === "database") return { name: place.name, files: 0, bytes: await cleanDatabase(dryRun) }
    if (place.name === "texts") {
      const orphans = await lost()
      const files = dryRun ? orphans.length : await store.collect()
      return { name: place.name, files, bytes: sum(orphans) }
    }
    const files = removableOf(place, await filesOf(place))
    const removed = dryRun ? files : await removeAll(files, problems)
    if (!dryRun && removed.length > 0) for (const path of place.paths) await removeEmptyFolders(path)
    return { name: place.name, files: removed.length, bytes: sum(removed) }
  }

  return {
    async report(signal) {
      const entries: StorageEntry[] = []
      for (const place of places) entries.push(await entry(place, signal))
      entries.push(await others(signal))
      return { entries, bytes: sum(entries), removable: entries.reduce((all, { removable }) => all + removable, 0) }
    },

    async clean({ names, dryRun = false }) {
      const problems: string[] = []
      const cleaned: StorageCleaned["cleaned"] = []
      for (const place of places) {
        if (names ? !names.includes(place.name) : place.byName) continue
        const one = await cleanPlace(place, dryRun, problems)
        if (one.bytes > 0 || one.files > 0) cleaned.push(one)
      }
      return { dryRun, cleaned, bytes: sum(cleaned), problems }
    },
  }
}

const sum = (all: readonly { bytes: number }[]): number => all.reduce((total, { bytes }) => total + bytes, 0)

async function removeAll(files: FoundFile[], problems: string[]): Promise<FoundFile[]> {
  const removed: FoundFile[] = []
  for (const file of files) {
    try {
      await rm(file.path, { force: true })
      removed.push(file)
    } catch (error) {
      problems.push(`${file.path} could not be removed: ${(error as Error).message}`)
    }
  }
  return removed
}
