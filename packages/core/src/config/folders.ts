import { chmodSync, lstatSync } from "node:fs"
import { isAbsolute, join } from "node:path"
import { fault } from "../lib/fault.ts"
import { makeFolder } from "../lib/make-folder.ts"

/** Where things are kept. All absolute; none of them has to exist. */
export interface Folders {
  home: string
  /** Database, credentials, snapshots. */
  data: string
  /** The user's own configuration. */
  config: string
  state: string
  cache: string
  /** Scratch space that agents may use without being asked. */
  temp: string
  log: string
  /** Tool output that is too long for the model is kept here whole. */
  toolOutput: string
  /** `OPENCODE_CONFIG_DIR`: a second folder of configuration, read after the project's. May be relative to the start. */
  extraConfig?: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Pure. The same places as OpenCode on every platform: the XDG ones, also on macOS and Windows. */
export function findFolders({ env, home }: { env: Environment; home: string }): Folders {
  const xdg = (name: string, fallback: string[]) => join(absolute(env[name]) ?? join(home, ...fallback), "opencode")
  const data = xdg("XDG_DATA_HOME", [".local", "share"])
  const extraConfig = env.OPENCODE_CONFIG_DIR
  return {
    home,
    data,
    config: xdg("XDG_CONFIG_HOME", [".config"]),
    state: xdg("XDG_STATE_HOME", [".local", "state"]),
    cache: xdg("XDG_CACHE_HOME", [".cache"]),
    temp: join(absolute(env.TMPDIR) ?? absolute(env.TEMP) ?? absolute(env.TMP) ?? "/tmp", "opencode"),
    log: join(data, "log"),
    toolOutput: join(data, "tool-output"),
    ...(extraConfig ? { extraConfig } : {}),
  }
}

/** The XDG specification has relative paths ignored. */
const absolute = (path: string | undefined) => (path && isAbsolute(path) ? path : undefined)

/** Where the administrator of the machine puts configuration that users cannot overrule. */
export function findManagedFolder({ env, platform }: { env: Environment; platform: NodeJS.Platform }): string {
  if (platform === "darwin") return "/Library/Application Support/opencode"
  if (platform === "win32") return join(env.ProgramData ?? "C:\\ProgramData", "opencode")
  return "/etc/opencode"
}

/**
 * Makes a folder that only this user can enter, parents included. One that exists stays as it is, unless it lies where
 * others could have put it first (a link, or another owner's): then `storage`.
 */
export async function ensureFolder(path: string, owner: { uid?: number } = {}): Promise<string> {
  return ensureFolderNow(path, owner)
}

/** The same at once, for who has to look again right after. */
export function ensureFolderNow(path: string, { uid }: { uid?: number } = {}): string {
  try {
    if (makeFolder(path)) {
      // The umask may have taken bits away that we need.
      chmodSync(path, 0o700)
      return path
    }
  } catch (error) {
    throw fault("storage", `The folder ${path} could not be made.`, { path }, error)
  }
  const found = lstatSync(path)
  if (uid !== undefined && found.uid !== uid) {
    throw fault("storage", `The folder ${path} belongs to another user.`, { path })
  }
  return path
}
