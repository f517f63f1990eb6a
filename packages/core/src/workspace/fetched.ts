import { mkdtemp, readdir, rename, rm, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { toolFailure } from "../lib/fault.ts"
import type { Log } from "../lib/log.ts"
import { makeFolder } from "../lib/make-folder.ts"
import { clone, CLONE_DEADLINE_MS } from "./clone.ts"
import type { Git } from "./git.ts"
import { isInside } from "./paths.ts"

/**
 * Copies of repositories, fetched when somebody first needs them and never before. A copy is whole or absent: it is made
 * beside its place and renamed into it, whatever ends the program meanwhile.
 */
export interface FetchedFolders {
  /**
   * Has the copy there that a path leads into. One that is there is used as it is, also when it is old.
   * @returns whether one was made now. @throws tool failure when there is none and it cannot be fetched
   */
  open(path: string, signal: AbortSignal | undefined): Promise<boolean>
  /** Begins to fetch what is missing; nobody waits. */
  begin(folder: string): void
}

export interface Fetchable {
  /** Canonical. */
  folder: string
  url: string
  branch?: string
}

export interface FetchedInput {
  folders(): readonly Fetchable[]
  git(): Pick<Git, "run">
  log: Log
  now(): number
}

/** For one call of a tool: then the model hears that it takes longer. */
const WAIT_MS = 30_000
/** What others publish changes, but nobody needs it by the hour. */
const FRESH_MS = 24 * 60 * 60_000
/** After a failure nothing is asked of the network again for so long. */
const RETRY_AFTER_MS = 60_000
/** Unfinished copies of programs that ended; none is worked on for so long. */
const ABANDONED_MS = 2 * CLONE_DEADLINE_MS
const UNFINISHED = ".unfinished-"

interface Attempt {
  done: Promise<void>
  /** When it failed. */
  failed?: number
}

export function createFetchedFolders(input: FetchedInput): FetchedFolders {
  const { log, now } = input
  const attempts = new Map<string, Attempt>()

  /** One at a time for each folder. */
  function obtain(one: Fetchable): Promise<void> {
    const before = attempts.get(one.folder)
    if (before && (before.failed === undefined || now() - before.failed < RETRY_AFTER_MS)) return before.done
    const attempt: Attempt = { done: copy(one, input) }
    attempts.set(one.folder, attempt)
    attempt.done.then(
      () => attempts.delete(one.folder),
      (error: unknown) => {
        attempt.failed = now()
        log.warn("a reference could not be fetched", { folder: one.folder, error })
      },
    )
    return attempt.done
  }

  return {
    async open(path, signal) {
      const one = input.folders().find(({ folder }) => isInside(folder, path))
      if (!one) return false
      const made = await timeOf(one.folder)
      if (made === undefined) {
        await patiently(obtain(one), signal, one)
        return true
      }
      if (now() - made > FRESH_MS) obtain(one).catch(() => {}) // it is in the log, and the old copy serves
      return false
    },

    begin(folder) {
      const one = input.folders().find((it) => it.folder === folder)
      if (!one) return
      void timeOf(folder).then((made) => {
        if (made === undefined) obtain(one).catch(() => {}) // whoever opens it hears why
      })
    },
  }
}

/** When a copy was made; undefined without one. */
async function timeOf(folder: string): Promise<number | undefined> {
  try {
    return (await stat(folder)).mtimeMs
  } catch {
    return undefined
  }
}

async function patiently(done: Promise<void>, signal: AbortSignal | undefined, { folder }: Fetchable): Promise<void> {
  let leave = () => {}
  const left = new Promise<never>((_, reject) => {
    const late = () => reject(toolFailure(`${folder} is still being fetched. Try again in a while.`))
    const timer = setTimeout(late, WAIT_MS)
    const abort = () => reject(signal?.reason as Error)
    if (signal?.aborted) abort()
    signal?.addEventListener("abort", abort, { once: true })
    leave = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", abort)
    }
  })
  try {
    await Promise.race([done, left])
  } finally {
    leave()
  }
}

async function copy({ folder, url, branch }: Fetchable, { git, log }: FetchedInput): Promise<void> {
  const around = dirname(folder)
  makeFolder(around)
  await removeAbandoned(around)
  const unfinished = await mkdtemp(join(around, UNFINISHED))
  try {
    log.info("fetching a reference", { folder })
    await clone({ url, branch, into: join(unfinished, "new") }, git())
    await rename(folder, join(unfinished, "old")).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error
    })
    await rename(join(unfinished, "new"), folder)
    log.info("a reference was fetched", { folder })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

async function removeAbandoned(around: string): Promise<void> {
  for (const name of await readdir(around)) {
    if (!name.startsWith(UNFINISHED)) continue
    const path = join(around, name)
    const made = await timeOf(path)
    if (made !== undefined && Date.now() - made > ABANDONED_MS) await rm(path, { recursive: true, force: true })
  }
}
