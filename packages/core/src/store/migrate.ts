/**
 * Brings a database to the newest schema. Invariants: forward only; one transaction per step, so a crash leaves a whole
 * version; the version is read again under the lock, so processes that start together do each step once; a database
 * that holds something is copied before its first step. A new one takes all steps in one transaction, so that nobody
 * finds it half way and copies what holds nothing.
 */
import { closeSync, openSync, renameSync, rmSync } from "node:fs"
import { fault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { Migration } from "./migrations/index.ts"
import { untilFree } from "./retry.ts"
import { rollback, type Sqlite } from "./sqlite.ts"

/** Written into the file's header ("ocst"), so that a database of another program is recognised and left alone. */
const APPLICATION_ID = 0x6f637374

export interface Migrating {
  sqlite: Sqlite
  file: string
  migrations: readonly Migration[]
  host: Host
  /** Opens a second connection: a copy cannot be made by the connection that holds the lock. */
  open: (file: string) => Sqlite
}

/** @throws fault `storage` when the database is newer than this program or belongs to another one */
export async function migrate(m: Migrating): Promise<void> {
  let copied = false
  const isCurrent = () => checkedVersion(m) === m.migrations.length
  const step = () => {
    m.sqlite.exec("BEGIN IMMEDIATE")
    try {
      const version = checkedVersion(m)
      const steps = m.migrations.slice(version, version === 0 ? undefined : version + 1)
      if (steps.length > 0) {
        if (version > 0 && !copied) copyBefore(m, version + 1)
        copied = true
        for (const migration of steps) migration(m.sqlite)
        m.sqlite.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + steps.length}`)
      }
      m.sqlite.exec("COMMIT")
    } catch (error) {
      rollback(m.sqlite)
      throw error
    }
  }
  while (!(await untilFree(m.host, isCurrent))) await untilFree(m.host, step)
}

/** The schema's version, 0 for an empty file. Reads only: what is refused here has not been written to. */
export function checkedVersion({
  sqlite,
  file,
  migrations,
}: Pick<Migrating, "sqlite" | "file" | "migrations">): number {
  const { version, application, objects, opencode } = sqlite.prepare(HEADER).get() as Header
  const isEmpty = version === 0 && objects === 0
  if (application !== APPLICATION_ID && !isEmpty)
    throw opencode === OPENCODE_TABLES ? otherOpencode(file) : foreignDatabase(file)
  if (version > migrations.length) throw newerDatabase(file, version, migrations.length)
  return version
}

/** One statement, so that a migration of another process falls before all of it or after. */
const HEADER = `SELECT
  (SELECT user_version FROM pragma_user_version) AS version,
  (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT count(*) FROM sqlite_schema) AS objects,
  (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('session', 'message', 'part', 'project')) AS opencode`

interface Header {
  version: number
  application: number
  objects: number
  opencode: number
}

/** Of those that OpenCode 1.x keeps its sessions in. */
const OPENCODE_TABLES = 4

const newerDatabase = (file: string, version: number, known: number) =>
  fault(
    "storage",
    `The database ${file} was written by a newer version of this program (schema ${version}, known ${known}); update the program.`,
    { file, version, known },
  )

const foreignDatabase = (file: string) =>
  fault("storage", `The database ${file} belongs to another program; it was left as it is.`, {
    file,
  })

const otherOpencode = (file: string) =>
  fault(
    "storage",
    `The database ${file} is the one of OpenCode itself; it was left as it is. \`opencode import --from opencode ${file}\`, without OPENCODE_DB, takes over its sessions.`,
    { file },
  )

/** Readable by its owner alone, and under its final name only when it is whole. */
function copyBefore({ file, open }: Migrating, version: number): void {
  const target = `${file}.before-${version}.bak`
  const unfinished = `${target}.tmp`
  rmSync(unfinished, { force: true })
  closeSync(openSync(unfinished, "wx", 0o600))
  const reader = open(file)
  try {
    reader.prepare("VACUUM INTO ?").run(unfinished)
    renameSync(unfinished, target)
  } finally {
    reader.close()
    rmSync(unfinished, { force: true })
  }
}
