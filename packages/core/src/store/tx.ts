/**
 * The two ways into the database that the stores see. Invariant: `run` exists only inside a write and only until it ends,
 * so nobody writes outside the writer.
 */
import type { Database } from "./database.ts"
import { readUntilFree } from "./retry.ts"
import type { SqlValue } from "./sqlite.ts"
import { endsTransaction, sqliteFault } from "./storage-error.ts"

export interface Reader {
  /** The row type is the caller's word: the columns are ours and every table is STRICT. */
  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined
  all<Row>(sql: string, ...values: SqlValue[]): Row[]
}

export interface Tx {
  /** @returns how many rows changed */
  run(sql: string, ...values: SqlValue[]): number
  /** `act` is called once, synchronously, right after the commit; it must not throw for what it can live with. */
  afterCommit(act: () => void): void
}

export interface OpenTx {
  readonly tx: Tx
  readonly afterCommit: readonly (() => void)[]
  /** Throws the error that ended the transaction, should the body have swallowed it. */
  check(): void
  end(): void
}

/** Reads see the last commit, and inside a write its own changes. @throws fault `unavailable` or `storage` */
export function createReader(database: Database): Reader {
  const read = <T>(body: () => T): T => {
    try {
      return readUntilFree(body)
    } catch (error) {
      throw sqliteFault(error, database.file)
    }
  }
  return {
    get: <Row>(sql: string, ...values: SqlValue[]) =>
      read(() => database.prepare(sql).get(...values)) as Row | undefined,
    all: <Row>(sql: string, ...values: SqlValue[]) => read(() => database.prepare(sql).all(...values)) as Row[],
  }
}

export function openTx(database: Database): OpenTx {
  const afterCommit: (() => void)[] = []
  let open = true
  database.isWriting = true
  let broken: { error: unknown } | undefined
  const check = () => {
    if (broken) throw broken.error
  }
  return {
    afterCommit,
    check,
    end: () => {
      open = false
      database.isWriting = false
    },
    tx: {
      run(sql, ...values) {
        if (!open) throw new Error("A write was tried after its transaction ended.")
        // SQLite may have rolled back already; another statement would then be committed by itself.
        check()
        try {
          return Number(database.prepare(sql).run(...values).changes)
        } catch (error) {
          if (endsTransaction(error)) broken = { error }
          throw error
        }
      },
      afterCommit: (act) => {
        afterCommit.push(act)
      },
    },
  }
}
