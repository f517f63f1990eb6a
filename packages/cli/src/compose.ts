import { tmpdir, userInfo } from "node:os"
import { existsSync, lstatSync } from "node:fs"
import { isAbsolute, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { findFolders, findManagedFolder, type Folders } from "@opencode/core/config/folders.ts"
import { createEngines, type Engines } from "@opencode/core/engines.ts"
import {
  credentialsFile,
  databaseFile,
  openCredentialLogins,
  openCredentials,
  openHome,
  type Home,
  type Surroundings,
} from "@opencode/core/home.ts"
import { makeFolder } from "@opencode/core/lib/make-folder.ts"
import { openLog } from "@opencode/core/lib/log.ts"
import type { LogLevel } from "@opencode/protocol/log.ts"
import { CommandFailure } from "./fail.ts"
import { out } from "./out.ts"
import { version } from "./version.ts"

/** What every command that works with sessions stands on. The only place that reads the process's surroundings. */
export interface Composition {
  home: Home
  engines: Engines
  close(): Promise<void>
}

export interface ComposeOptions {
  printLogs?: boolean
  logLevel?: LogLevel
  /** The person has decided that this project may run and send what its settings say. */
  trust?: boolean
  /** The command takes over sessions, so nobody has to be told that there are some. */
  isImport?: boolean
}

/** Where the database lies, whether there is one or not. */
export const databaseOfUser = (): string => databaseFile({ env: process.env, folders: foldersOfUser() })

export const foldersOfUser = (): Folders => findFolders({ env: process.env, home: homeFolder() })

/**
 * HOME may be missing in a service or a container; the account's own entry stands in, then a folder under the temporary
 * one that carries the user's number. Its owner is checked before anything is kept in it.
 */
function homeFolder(): string {
  const { HOME } = process.env
  if (HOME && isAbsolute(HOME)) return HOME
  try {
    const { homedir: entry } = userInfo()
    if (isAbsolute(entry)) return entry
  } catch {
    // an account without an entry, as in many containers
  }
  return privateFolder(join(tmpdir(), `opencode-home-${process.getuid?.() ?? "user"}`))
}

function privateFolder(path: string): string {
  makeFolder(path)
  if (process.getuid && lstatSync(path).uid !== process.getuid()) {
    throw new CommandFailure(`HOME is not set, and ${path} belongs to somebody else.`)
  }
  return path
}

/** The build puts it beside the chunks, of which this is one. */
const catalogFolder = (): string => fileURLToPath(new URL("../catalog", import.meta.url))

export interface Credentials extends Pick<Home, "auth" | "catalog" | "env"> {
  file: string
  openLogins(): Pick<Home, "logins"> & { close(): void }
}

/** Of all that a process has, only the keys: without a log and a database, which may be what is broken. */
export function credentials(): Credentials {
  const { env } = process
  const folders = foldersOfUser()
  const warn = (text: string): void => out.note(`Warning: ${text}`)
  const opened = openCredentials({ env, folders, catalogFolder: catalogFolder(), warn })
  const openLogins = () => openCredentialLogins({ ...opened, env, warn })
  return { ...opened, env, file: credentialsFile(folders), openLogins }
}

/** Where this program lies, from where the build puts this file. */
export const packageFolder = (): string => fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "")

export async function compose(options: ComposeOptions = {}): Promise<Composition> {
  const { env } = process
  const log = openLog({
    folder: foldersOfUser().log,
    now: Date.now,
    level: options.logLevel ?? levelNamed(env.OPENCODE_LOG_LEVEL) ?? "INFO",
    ...(options.printLogs || env.OPENCODE_PRINT_LOGS ? { print: out.note } : {}),
  })
  const sessionsOf = options.isImport ? undefined : await leftByOpencode()
  const home = await openHome({
    env,
    log,
    version,
    home: homeFolder(),
    catalogFolder: catalogFolder(),
    packageFolder: packageFolder(),
    pid: process.pid,
    platform: process.platform,
    ...(options.logLevel === undefined ? { setLogLevel: log.setLevel } : {}),
    managedFolder: findManagedFolder({ env, platform: process.platform }),
    trusted: options.trust || env.OPENCODE_TRUST === "1",
    ...(process.getuid ? { uid: process.getuid() } : {}),
    ...userName(),
    ...(env.OPENCODE_RECORD ? await recording(env.OPENCODE_RECORD) : {}),
  })
  if (sessionsOf !== undefined) {
    out.note(`There are sessions of OpenCode in ${sessionsOf}. \`opencode import --from opencode\` takes them over.`)
  }
  const engines = createEngines(home)
  return {
    home,
    engines,
    async close() {
      await engines.close()
      await home.close()
    },
  }
}

/** Where OpenCode left its sessions, told at the first start on a data folder: the one that makes the database. */
async function leftByOpencode(): Promise<string | undefined> {
  const { data } = foldersOfUser()
  if (process.env.OPENCODE_DB || existsSync(join(data, "store.db")) || !existsSync(data)) return undefined
  const { hasOpencode } = await import("@opencode/core/intake/opencode.ts")
  return hasOpencode(data) ? data : undefined
}

/** Until the settings are read, which say so too. */
const levelNamed = (name: string | undefined): LogLevel | undefined =>
  (["DEBUG", "INFO", "WARN", "ERROR"] as const).find((level) => level === name?.toUpperCase())

/** Writes down what decides this process's sessions, for `debug replay`. */
async function recording(file: string): Promise<Pick<Surroundings, "openBoundary">> {
  const { recordBoundary } = await import("@opencode/core/recording/record.ts")
  const { env, platform } = process
  const tell = (text: string): void => out.note(text)
  return {
    openBoundary: recordBoundary({ path: resolve(file), version, platform, folders: foldersOfUser(), env, tell }),
  }
}

function userName(): { username?: string } {
  try {
    return { username: userInfo().username }
  } catch {
    return {} // an account without an entry, as in many containers
  }
}
