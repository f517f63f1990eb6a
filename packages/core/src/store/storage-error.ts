/**
 * What a failure of SQLite or of the disk means. Pure: decides by the numeric result code, which both libraries
 * give as `errcode`, never by the text of the message.
 */
import { fault } from "../lib/fault.ts"

// Primary result codes; an extended code carries the primary one in its low byte.
const ERROR = 1
const BUSY = 5
const LOCKED = 6
const NOMEM = 7
const READONLY = 8
const INTERRUPT = 9
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const PROTOCOL = 15
const NOTADB = 26

const HELD_BY_ANOTHER = new Set([BUSY, LOCKED, PROTOCOL])
const WHOLE_TRANSACTION = new Set([
  ...HELD_BY_ANOTHER,
  NOMEM,
  READONLY,
  INTERRUPT,
  IOERR,
  CORRUPT,
  FULL,
  CANTOPEN,
  NOTADB,
])
const DISK_FULL = new Set(["ENOSPC", "EDQUOT"])

const primaryCode = (error: unknown): number | undefined =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined

/** `ENOENT` and the like, for an error of the file system or the process table. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined

/** Another connection holds the lock: the same statement can succeed a moment later. */
export const isBusy = (error: unknown): boolean => HELD_BY_ANOTHER.has(primaryCode(error) ?? -1)

/** SQLite may already have rolled back everything since BEGIN, so no later statement may run in this transaction. */
export const endsTransaction = (error: unknown): boolean => WHOLE_TRANSACTION.has(primaryCode(error) ?? -1)

/** The fault for an error of SQLite; any other error (a fault of a body, a bug, a broken constraint) comes back as it is. */
export function sqliteFault(error: unknown, file: string): unknown {
  const code = primaryCode(error)
  if (code === undefined || !WHOLE_TRANSACTION.has(code)) return error
  if (HELD_BY_ANOTHER.has(code))
    return fault("unavailable", `Another process is holding the database ${file}; try again.`, { file }, error)
  return fault("storage", sentence(code, file), { file }, error)
}

function sentence(code: number, file: string): string {
  if (code === FULL) return `The disk that holds ${file} is full.`
  if (code === READONLY) return `The database ${file} cannot be written to.`
  if (code === CANTOPEN) return `The database ${file} cannot be opened.`
  if (code === CORRUPT || code === NOTADB) return `The database ${file} is damaged; it was left as it is.`
  return `Reading or writing the database ${file} failed.`
}

/** The fault for an error of the file system; `doing` is the start of a sentence: "Writing the file x". */
export function diskFault(error: unknown, doing: string): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  const reason = DISK_FULL.has(code) ? "the disk is full" : code
  return fault("storage", `${doing} failed: ${reason}.`, { code }, error)
}

/** For an error of ROLLBACK: SQLite had already rolled back by itself. */
export const isWithoutTransaction = (error: unknown): boolean => primaryCode(error) === ERROR
