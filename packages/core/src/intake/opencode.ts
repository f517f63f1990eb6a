import { readdirSync, realpathSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import { isProviderID, readCredentials, type AuthEntry } from "../model/auth.ts"
import { loadSqlite } from "../store/sqlite.ts"
import { copyDatabase } from "./database-copy.ts"
import { readDatabase } from "./opencode-database.ts"
import { readFiles } from "./opencode-files.ts"
import type { StoredSessions } from "./opencode-stored.ts"
import type { Source } from "./source.ts"

export interface OpencodeOptions {
  /** The data folder, the folder around it, or a database. */
  folder: string
  /** Where copies are put while they are read; it is emptied. */
  scratch: string
  host: Pick<Host, "sleep">
  /** The credentials of this program, which may be the same file. */
  credentialsFile: string
}

/** One for each release channel that was used. */
const DATABASE = /^opencode(?:-[\w.-]+)?\.db$/

/** @throws fault `not_found` when the folder has nothing of OpenCode; `storage`, `unavailable` as `copyDatabase` */
export async function openOpencode({
  folder: given,
  scratch,
  host,
  credentialsFile,
}: OpencodeOptions): Promise<Source> {
  const { folder, databases, hasFiles } = locate(given)
  const sqlite = await loadSqlite()
  const open: { close(): void }[] = []
  const problems: string[] = []
  const stored: StoredSessions[] = []
  const close = (): void => {
    for (const one of open) one.close()
  }
  try {
    for (const [index, file] of databases.entries()) {
      const copy = sqlite(await copyDatabase(file, join(scratch, String(index)), host))
      open.push(copy)
      try {
        stored.push(readDatabase(copy))
      } catch {
        problems.push(`${file} is damaged, or no database of OpenCode.`)
      }
    }
  } catch (error) {
    close()
    throw error
  }
  const inDatabase = new Set(stored.flatMap(({ sessions }) => sessions.map(({ id }) => id)))
  if (hasFiles) stored.push(readFiles(join(folder, "storage"), inDatabase))
  const keys = join(folder, "auth.json")
  const isOther = isFile(keys) && !isSameFile(keys, credentialsFile)
  const stranger = isOther ? readCredentials(keys) : {}
  if (stranger === undefined) problems.push(`${keys} cannot be read.`)
  const { credentials, refused } = credentialsOf(stranger ?? {})
  problems.push(...refused)
  return {
    folder,
    // A session that two channels have is read from the first.
    sessions: uniqueBy(
      stored.flatMap(({ sessions }) => sessions),
      ({ id }) => id,
    ),
    projects: uniqueBy(
      stored.flatMap(({ projects }) => projects),
      ({ id }) => id,
    ),
    credentials,
    problems: [...problems, ...stored.flatMap((one) => one.problems)],
    close,
  }
}

/**
 * The keys among them. The settings of an organisation name programs to be started, and a folder that came from somewhere
 * must not bring one: a person logs in there and is shown what that runs.
 */
function credentialsOf(stored: Record<string, AuthEntry>) {
  const isOrganisation = ([id, { type }]: [string, AuthEntry]): boolean => type === "wellknown" || id.includes("://")
  const all = Object.entries(stored)
  return {
    credentials: Object.fromEntries(all.filter((one) => !isOrganisation(one) && isProviderID(one[0]))),
    refused: all.flatMap((one) => {
      const [id] = one
      if (isOrganisation(one)) return [`The login at ${id} was left out: \`opencode auth login ${id}\` logs in anew.`]
      return isProviderID(id) ? [] : [`The credential of ${JSON.stringify(id)} was left out: that is no provider.`]
    }),
  }
}

/** Whether the folder itself has sessions of OpenCode. */
export const hasOpencode = (folder: string): boolean => look(folder) !== undefined

interface Located {
  folder: string
  databases: string[]
  hasFiles: boolean
}

function locate(given: string): Located {
  if (isFile(given)) return { folder: dirname(given), databases: [given], hasFiles: false }
  const located = look(given) ?? look(join(given, "opencode"))
  if (located) return located
  throw fault("not_found", `There are no sessions of OpenCode in ${given}.`, { folder: given })
}

function look(folder: string): Located | undefined {
  const databases = namesIn(folder)
    .filter((name) => DATABASE.test(name))
    // The one of the stable channel first.
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    .map((name) => join(folder, name))
    .filter(isFile)
  const hasFiles = namesIn(join(folder, "storage")).includes("session")
  return databases.length > 0 || hasFiles ? { folder, databases, hasFiles } : undefined
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function isSameFile(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b)
  } catch {
    return false // one of them is not there
  }
}

function uniqueBy<T>(list: T[], key: (one: T) => string): T[] {
  const seen = new Set<string>()
  return list.filter((one) => !seen.has(key(one)) && seen.add(key(one)))
}
