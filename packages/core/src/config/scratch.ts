import { lstatSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { isAlive, type ProcessIdentity } from "../store/process-identity.ts"
import { systemCode } from "../store/storage-error.ts"
import { ensureFolderNow } from "./folders.ts"

/**
 * The folder for temporary files of agents, which all processes of the user share whatever their data. It is there as
 * long as one of them needs it, or something lies in it. Each leaves a mark in it for as long as it lives: in `/tmp`
 * anybody could put a folder of that name where one of ours was taken away, and agents use it without being asked.
 */
export interface Scratch {
  /** Makes the folder if need be. @throws fault `storage`, or the error of the system, when it is not ours to use */
  open(): string
  /** The last one takes it away, when it is empty. */
  close(): void
}

export interface ScratchOptions {
  folder: string
  owner: ProcessIdentity
  uid?: number | undefined
}

const MARK = /^\.in-use-(\d+)-[0-9a-f]{8}$/
/**
 * Whoever ends may take the folder away just before it is marked. Three processes that did nothing but come and go were
 * seen to do that five times in a row; what fails for good has failed so often within a few milliseconds.
 */
const TRIES = 100

export function openScratch({ folder, owner, uid }: ScratchOptions): Scratch {
  const mark = join(folder, `.in-use-${owner.pid}-${randomBytes(4).toString("hex")}`)
  const state = { isMarked: false }

  function make(): void {
    for (let tries = 1; ; tries++) {
      try {
        ours()
        writeFileSync(mark, owner.processStarted ?? "", { flag: "wx", mode: 0o600 })
        // Only now that it stays: the one that was looked at before may have been another.
        ours()
        return
      } catch (error) {
        remove(mark)
        if (tries === TRIES) throw error
      }
    }
  }

  const ours = (): string => ensureFolderNow(folder, uid === undefined ? {} : { uid })

  return {
    open() {
      if (!state.isMarked) make()
      state.isMarked = true
      return folder
    },
    close() {
      if (!state.isMarked) return
      state.isMarked = false
      remove(mark)
      if (removeEmpty(folder)) return
      // What a crash left behind keeps nothing.
      for (const { path, holder } of marks(folder)) if (!isAlive(holder)) remove(path)
      removeEmpty(folder)
    },
  }
}

/** Living processes that use the folder. */
export const usersOfScratch = (folder: string): number[] => [
  ...new Set(marks(folder).flatMap(({ holder }) => (isAlive(holder) ? [holder.pid] : []))),
]

function marks(folder: string): { path: string; holder: ProcessIdentity }[] {
  return orNothing(() => readdirSync(folder), []).flatMap((name) => {
    const pid = Number(MARK.exec(name)?.[1])
    const path = join(folder, name)
    if (!pid || !orNothing(() => lstatSync(path).isFile(), false)) return []
    const processStarted = orNothing(() => readFileSync(path, "utf8"), "")
    return [{ path, holder: { pid, ...(processStarted === "" ? {} : { processStarted }) } }]
  })
}

const remove = (path: string): void => orNothing(() => rmSync(path, { force: true }), undefined)

/** @returns false when something is in it, or it cannot go */
const removeEmpty = (folder: string): boolean =>
  orNothing(() => {
    rmdirSync(folder)
    return true
  }, false)

/** What is gone, or is not for us to see, is nothing. */
function orNothing<T>(look: () => T, instead: T): T {
  try {
    return look()
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return instead
  }
}
