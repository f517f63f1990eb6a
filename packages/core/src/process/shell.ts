import { basename } from "node:path"
import { which } from "./which.ts"

/**
 * Shells that read a command as the permission analysis reads it. Others give some of the same characters another
 * meaning: zsh runs code in a glob, `*(e:'…':)`.
 */
const ANALYSED_SHELLS = new Set(["bash", "sh", "dash", "ash"])

/**
 * Both outputs of a command share one pipe, so that their order is exact: reading two pipes would mix up lines that
 * were written close together. `exec` keeps the process, and with it the group.
 */
const MERGED = 'exec "$0" "$@" 2>&1'

export const isAnalysedShell = (name: string): boolean => ANALYSED_SHELLS.has(name)

export interface Shell {
  /** "bash", "zsh", ... */
  readonly name: string
  /** Absolute path of the shell itself. */
  readonly path: string
  /** What to start; everything the command prints arrives on standard output. */
  readonly file: string
  args(command: string): string[]
}

/**
 * The shell of the bash tool: the configured one, the user's, bash, sh; the first that exists and is analysed.
 * @param env of the user; SHELL and PATH are read
 */
export async function resolveShell(
  configured: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Shell> {
  for (const candidate of [configured, env["SHELL"], "bash", "sh"]) {
    if (!candidate || !isAnalysedShell(basename(candidate))) continue
    const path = await which(candidate, env["PATH"])
    if (path) return shellAt(path)
  }
  return shellAt("/bin/sh")
}

const shellAt = (path: string): Shell => ({
  name: basename(path),
  path,
  file: "/bin/sh",
  args: (command) => ["-c", MERGED, path, "-c", command],
})
