import { existsSync } from "node:fs"
import { openBy } from "../process/open-by.ts"
import { createLeaseStore } from "../store/lease-store.ts"
import { isAlive } from "../store/process-identity.ts"
import { loadSqlite, type Sqlite, type SqlValue } from "../store/sqlite.ts"
import { isBusy } from "../store/storage-error.ts"
import type { Reader } from "../store/tx.ts"

/** Another process that has the database open. */
export interface DatabaseUser {
  pid: number
  /** Which command of this program it is. */
  command?: string
  /** Sessions that it answers in. */
  sessionIDs: string[]
}

/**
 * Who works with a database, for whoever is about to take it away. The lock of the file is the truth, on every system and
 * also for a process that does nothing at the moment; who that is, is told as far as leases and the process table know.
 * @returns undefined when nobody has it open, also when it is damaged or not there
 */
export async function usersOfDatabase(file: string): Promise<DatabaseUser[] | undefined> {
  if (!existsSync(file)) return undefined
  const open = await loadSqlite()
  if (!isLocked(open, file)) return undefined
  const users = new Map<number, DatabaseUser>()
  for (const opener of openBy(file)) users.set(opener.pid, { ...opener, sessionIDs: [] })
  for (const { pid, sessionID } of livingLeases(open, file)) {
    const user = users.get(pid) ?? { pid, sessionIDs: [] }
    user.sessionIDs.push(sessionID)
    users.set(pid, user)
  }
  return [...users.values()].sort((a, b) => a.pid - b.pid)
}

type Open = Awaited<ReturnType<typeof loadSqlite>>

/** Each connection shares a lock of the file as long as it is open, so nobody gets it alone beside one. */
function isLocked(open: Open, file: string): boolean {
  let sqlite: Sqlite | undefined
  try {
    sqlite = open(file)
    sqlite.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK")
    return false
  } catch (error) {
    // One that is damaged, or that nobody may write, is nobody's work.
    return isBusy(error)
  } finally {
    sqlite?.close()
  }
}

function livingLeases(open: Open, file: string) {
  let sqlite: Sqlite | undefined
  try {
    const opened = (sqlite = open(file, { readOnly: true }))
    return createLeaseStore(readerOf(opened)).list().filter(isAlive)
  } catch {
    return [] // locked for a moment, or of another version: that it is used is known all the same
  } finally {
    sqlite?.close()
  }
}

/** The row type is the store's word, as in its own reader. */
const readerOf = (sqlite: Sqlite): Reader => ({
  get: <Row>(sql: string, ...values: SqlValue[]) => sqlite.prepare(sql).get(...values) as Row | undefined,
  all: <Row>(sql: string, ...values: SqlValue[]) => sqlite.prepare(sql).all(...values) as Row[],
})
