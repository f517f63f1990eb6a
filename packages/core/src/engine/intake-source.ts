import { readdir, rm, stat } from "node:fs/promises"
import { isAbsolute, join } from "node:path"
import type { ImportInput, Program } from "@opencode/protocol/intake.ts"
import { credentialsFile, type Home } from "../home.ts"
import type { Source } from "../intake/source.ts"
import { fault } from "../lib/fault.ts"
import { isAlive } from "../store/process-identity.ts"

/** Begins the name of the folder for copies; the rest is the process. */
const SCRATCH = "import-"

/** Where copies are made. Beside the database, so that one of another costs nothing where the file system shares blocks. */
export const scratchFolder = ({ folders, owner }: Home): string => join(folders.data, `${SCRATCH}${owner.pid}`)

/** Copies of processes that died while they read them. */
export async function sweepScratch({ folders }: Home): Promise<void> {
  for (const name of await readdir(folders.data)) {
    const pid = name.startsWith(SCRATCH) ? Number(name.slice(SCRATCH.length)) : NaN
    if (Number.isInteger(pid) && !isAlive({ pid })) await rm(join(folders.data, name), { recursive: true, force: true })
  }
}

/** @throws fault `bad_request`, `not_found` when there is nothing */
export async function openSource({ from, folder }: ImportInput, home: Home): Promise<Source> {
  const { folders, host } = home
  // From where this process was started means nothing to who asks.
  if (folder !== undefined && !isAbsolute(folder))
    throw fault("bad_request", `${folder} is not an absolute path.`, { kind: "Payload" })
  const place = folder ?? defaultFolder(from, home)
  if (!(await stat(place).catch(() => undefined))) throw fault("not_found", `There is no ${place}.`, { folder: place })
  if (from === "opencode") {
    const { openOpencode } = await import("../intake/opencode.ts")
    const scratch = scratchFolder(home)
    return openOpencode({ folder: place, scratch, host, credentialsFile: credentialsFile(folders) })
  }
  if (from === "claude-code") {
    const { openClaudeCode } = await import("../intake/claude-code.ts")
    return openClaudeCode(place)
  }
  const { openCodex } = await import("../intake/codex.ts")
  return openCodex(place)
}

function defaultFolder(from: Program, { env, folders }: Home): string {
  if (from === "opencode") return folders.data
  if (from === "claude-code") return env.CLAUDE_CONFIG_DIR || join(folders.home, ".claude")
  return env.CODEX_HOME || join(folders.home, ".codex")
}
