/**
 * What removed sessions leave in the file. Invariant: only whole transactions of a bounded size, between which other
 * writes get their turn. A database that was made before this was thought of keeps its size, and uses its free pages again.
 */
import { isFault } from "../lib/fault.ts"
import type { Database } from "./database.ts"
import type { Reader } from "./tx.ts"
import type { Writer } from "./writer.ts"

/** About 10 ms: the last pages of the file are written anew, into the gaps. */
export const PAGES_AT_ONCE = 512
/** 16 MB, under half a second in all. What is left is used by what is written next, or given back after the next removal. */
export const TIMES = 32
/** 1 MB: the next sessions need pages too, and need not grow the file for them. */
export const KEPT_PAGES = 1_024

export interface FreePages {
  /** Gives back what it can; a disk or lock that does not let it is no failure, since nothing is lost. */
  shrink(): Promise<void>
  /** What could be given back. */
  surplusBytes(): number
}

export function createFreePages(database: Database, reader: Reader, { write }: Writer): FreePages {
  const pragma = (name: string): number =>
    Object.values(reader.get<Record<string, number>>(`PRAGMA ${name}`) ?? {})[0] ?? 0
  // Of a database that cannot shrink, SQLite would take nothing: no write, then.
  const free = (): number => (pragma("auto_vacuum") === 0 ? 0 : Math.max(pragma("freelist_count") - KEPT_PAGES, 0))
  const surplus = (): number => Math.min(free(), PAGES_AT_ONCE)

  return {
    surplusBytes: () => free() * pragma("page_size"),

    async shrink() {
      try {
        for (let time = 0; time < TIMES && surplus() > 0; time++) {
          const giveBack = () => database.exec(`PRAGMA incremental_vacuum(${Math.max(surplus(), 1)})`)
          // A power cut in between loses nothing but the gain.
          await write(giveBack, { durability: "process" })
        }
      } catch (error) {
        if (!isFault(error, "storage") && !isFault(error, "unavailable")) throw error
      }
    },
  }
}
