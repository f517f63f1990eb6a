import { lstatSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { isAlive, type ProcessIdentity } from "../store/process-identity.ts"
import { systemCode } from "../store/storage-error.ts"
import { ensureFolder } from "./folders.ts"

/**
 * The folder for temporary files of agents, which all processes of the user share whatever their data. It is there as
 * long as one of them needs it, or something lies in it. Each leaves a mark in it for as long as it lives: in `/tmp`
 * anybody could put a folder of that name where one of ours was taken away, and agents use it without being asked.
 */
export interface Scratch {
  /** Makes the folder if need be. @throws fault `storage`, or the error of the system, when it is not ours to use */
  open(): Promise<string>
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
 * Somebody who ends may take the folder away just before it is marked; nobody is that unlucky again and again, and what
 * fails for good does so at once.
 */
const TRIES = 5

export function openScratch({ folder, owner, uid }: ScratchOptions): Scratch {
  const mark = join(folder, `.in-use-${owner.pid}-${randomBytes(4).toString("hex")}`)
  const state: { opening?: Promise<string> | undefined } = {}

  async function make(): Promise<string> {
    for (let tries = 1; ; tries++) {
      try {
        await ours()
        writeFileSync(mark, owner.processStarted ?? "", { flag: "wx", mode: 0o600 })
        // Only now that it stays: the one that was looked at before may have been another.
        return await ours()
      } catch (error) {
        orNothing(() => rmSync(mark, { force: true }), undefined)
        if (tries === TRIES) throw error
      }
    }
  }

  const ours = (): Promise<string> => ensureFolder(folder, uid === undefined ? {} : { uid })

  return {
    open() {
      const opening = (state.opening ??= make())
      opening.catch(() => (state.opening = undefined))
      return opening
    },
    close() {
      if (!state.opening) return
      rmSync(mark, { force: true })
      if (removeEmpty(folder)) return
      // What a crash left behind keeps nothing.
      for (const { path, holder } of marks(folder)) if (!isAlive(holder)) rmSync(path, { force: true })
      removeEmpty(folder)
    },
  }
}

export const isScratchMark = (name: string): boolean => MARK.test(name)

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
