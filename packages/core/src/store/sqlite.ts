/**
 * The port to SQLite. Invariant: nothing else names a SQLite library, and only what both of them do alike is offered.
 * `node:sqlite` is part of Node from 22.13 on; before that `@photostructure/sqlite`, the same code as an addon.
 */
import { isWithoutTransaction } from "./storage-error.ts"

/** Parameters are plain `?`: the first versions of `node:sqlite` take `?1` for a name. No booleans. */
export type SqlValue = null | number | bigint | string | Uint8Array

export interface Statement {
  run(...values: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  /** The first row or undefined. Rows have a null prototype. */
  get(...values: SqlValue[]): unknown
  all(...values: SqlValue[]): unknown[]
  iterate(...values: SqlValue[]): Iterable<unknown>
}

export interface Sqlite {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

type Open = (file: string, options?: { readOnly?: boolean }) => Sqlite

/** Loads the library (up to 10 ms on Node 20) and returns the function that opens a file with it. */
export async function loadSqlite(): Promise<Open> {
  const Database = builtinDatabase() ?? (await import("@photostructure/sqlite")).DatabaseSync
  return (file, options = {}) => new Database(file, options)
}

function builtinDatabase(): (new (...args: Parameters<Open>) => Sqlite) | undefined {
  const emitWarning = process.emitWarning
  // Node 22 and 24 warn on stderr when the module is first loaded. Only the warning of this call is dropped.
  // Can go when the oldest supported Node has a stable `node:sqlite`.
  process.emitWarning = () => {}
  try {
    const builtin: object | undefined = process.getBuiltinModule("node:sqlite")
    if (!builtin || !("DatabaseSync" in builtin) || typeof builtin.DatabaseSync !== "function") return undefined
    return builtin.DatabaseSync as new (...args: Parameters<Open>) => Sqlite
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Ends a failed transaction. A full disk can make SQLite do that by itself; then there is none, which is as good. */
export function rollback(sqlite: Pick<Sqlite, "exec">): void {
  try {
    sqlite.exec("ROLLBACK")
  } catch (error) {
    if (!isWithoutTransaction(error)) throw error
  }
}
