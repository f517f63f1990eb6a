/**
 * One open database file. Invariants: the file and its log are readable by their owner alone; a file that is damaged,
 * newer than this program or not ours is refused before anything is written to it.
 */
import { closeSync, existsSync, openSync } from "node:fs"
import path from "node:path"
import { isFault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import { makeFolder } from "../lib/make-folder.ts"
import { checkedVersion, migrate, type Migrating } from "./migrate.ts"
import { migrations as allMigrations, type Migration } from "./migrations/index.ts"
import { makePrivate } from "./private-place.ts"
import { untilFree } from "./retry.ts"
import { loadSqlite, type Sqlite, type Statement } from "./sqlite.ts"
import { diskFault, endsTransaction } from "./storage-error.ts"
import { openFault } from "./unopened.ts"

/** Enough for the pages of the sessions in use; the operating system caches the rest of the file. */
const CACHE_KIB = 4_096
/**
 * Of a new database. A commit writes whole pages, and what a step changes is small rows in a dozen places: with SQLite's
 * usual 4 KB it would write three times as much.
 */
const PAGE_BYTES = 1_024
/** Pages of the log that are copied into the file together: what is written again in the meantime is copied once. */
const CHECKPOINT_PAGES = 4_000
/** A big import leaves a big log behind; after its checkpoint the log is cut back to this. */
const LOG_LIMIT_BYTES = 16 * 1024 * 1024

/**
 * What a commit survives. `power` (`synchronous=FULL`) waits for the disk, about 0.1 ms on an SSD: admitted prompts and
 * intents are promises, and an intent lost in a power cut would let an unsafe call run twice. `process`
 * (`synchronous=NORMAL`) survives `kill -9` but loses in a power cut what was committed since the last checkpoint of the
 * log or the last `power` commit: right for text that is still streaming.
 */
export type Durability = "power" | "process"

export interface Database {
  readonly file: string
  exec(sql: string): void
  /** Statements are kept: the program has a fixed set of them. */
  prepare(sql: string): Statement
  /** Applies to the transactions that follow. */
  setDurability(durability: Durability): void
  /** Whether a write runs at this moment: what is read inside it may yet be rolled back. Told by `openTx`. */
  isWriting: boolean
  close(): void
}

export interface DatabaseOptions {
  file: string
  host: Host
  /** Somebody named it, so it may be anybody's. */
  isNamed?: boolean
  /** Only tests of upgrades give other ones. */
  migrations?: readonly Migration[]
}

/** @throws fault `storage` (damaged, newer, foreign, unwritable) or `unavailable` (locked for 5 s) */
export async function openDatabase({
  file,
  host,
  isNamed,
  migrations = allMigrations,
}: DatabaseOptions): Promise<Database> {
  const open = await loadSqlite()
  if (isNamed && existsSync(file)) assertOurs(open, { file, migrations })
  createPrivately(file)
  let sqlite: Sqlite | undefined
  try {
    const opened = (sqlite = open(file))
    const migrating = { sqlite: opened, file, migrations, host, open }
    // Locks are waited for by us, asynchronously; inside SQLite the wait would stop the whole process.
    opened.exec(
      `PRAGMA busy_timeout = 0; PRAGMA page_size = ${PAGE_BYTES}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
    )
    await untilFree(host, () => checkedVersion(migrating))
    await untilFree(host, () => makeShrinkable(opened))
    // An older program or a copy may have left them open to others.
    for (const one of [file, `${file}-wal`, `${file}-shm`]) makePrivate(one)
    // A file system without shared memory keeps the old mode: slower, and just as safe.
    await untilFree(host, () => opened.exec("PRAGMA journal_mode = WAL"))
    opened.exec(`PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB}`)
    await migrate(migrating)
    opened.exec(`PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}`)
    return wrap(file, opened)
  } catch (error) {
    sqlite?.close()
    throw openFault(error, file)
  }
}

/** Whoever may write empties the log into the file when he closes it: what is another program's is only read. */
function assertOurs(open: Awaited<ReturnType<typeof loadSqlite>>, known: Pick<Migrating, "file" | "migrations">): void {
  let sqlite: Sqlite | undefined
  try {
    sqlite = open(known.file, { readOnly: true })
    checkedVersion({ ...known, sqlite })
  } catch (error) {
    if (isFault(error)) throw error
    // Locked, damaged, or where nobody may write: opening it says which.
  } finally {
    sqlite?.close()
  }
}

/** Only an empty file can still become one that gives pages back; for another one this would be a write at each start. */
function makeShrinkable(sqlite: Sqlite): void {
  const { pages } = sqlite.prepare("SELECT page_count AS pages FROM pragma_page_count").get() as { pages: number }
  if (pages === 0) sqlite.exec("PRAGMA auto_vacuum = INCREMENTAL")
}

function wrap(file: string, sqlite: Sqlite): Database {
  const statements = new Map<string, Statement>()
  let current: Durability = "power"
  return {
    file,
    isWriting: false,
    exec: (sql) => sqlite.exec(sql),
    prepare(sql) {
      const known = statements.get(sql)
      if (known) return known
      const statement = sqlite.prepare(sql)
      statements.set(sql, statement)
      return statement
    },
    setDurability(durability) {
      if (durability === current) return
      sqlite.exec(durability === "power" ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
      current = durability
    },
    close() {
      statements.clear()
      emptyLog(sqlite)
      sqlite.close()
    },
  }
}

/**
 * `@photostructure/sqlite` ends a connection only when its statements are garbage, which may be never; without this the
 * log would stay long and the next start slow. When another process is using the database, or the disk is full, the log
 * just stays: it is part of the database. Can go with Node 20.
 */
function emptyLog(sqlite: Sqlite): void {
  try {
    sqlite.exec("PRAGMA wal_checkpoint(TRUNCATE)")
  } catch (error) {
    if (!endsTransaction(error)) throw error
  }
}

/**
 * An existing file is never opened here: closing any descriptor of it would drop the POSIX locks that another connection
 * of this process holds. SQLite gives the log the mode of the database file.
 */
function createPrivately(file: string): void {
  try {
    makeFolder(path.dirname(file))
    if (!existsSync(file)) closeSync(openSync(file, "wx", 0o600))
  } catch (error) {
    // Another process, starting at the same moment, may have created it first.
    if (!existsSync(file)) throw openFault(error, file, (one) => diskFault(one, `Creating the database ${file}`))
  }
}
