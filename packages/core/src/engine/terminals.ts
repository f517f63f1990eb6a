import type { PtyCreate, PtyShell } from "@opencode/protocol/pty.ts"
import type { Pty } from "@opencode/protocol/pty.ts"
import { readFile, stat } from "node:fs/promises"
import { basename } from "node:path"
import { fault, ToolFailure } from "../lib/fault.ts"
import type { Home } from "../home.ts"
import { childEnvironment } from "../process/environment.ts"
import { createPtys, type Ptys, type PtysDeps } from "../process/ptys.ts"
import { isAnalysedShell } from "../process/shell.ts"
import { which } from "../process/which.ts"
import type { Workspace } from "../workspace/workspace.ts"
import type { Settings } from "./generations.ts"

/** Terminals as clients ask for them: in the folder, with the person's shell, without our secrets. */
export interface Terminals extends Omit<Ptys, "create"> {
  /** @throws fault `bad_request` for a program or folder that is not there, and for a folder outside of the roots */
  create(input: PtyCreate): Promise<Pty>
  /** Those that the system lists. */
  shells(): Promise<PtyShell[]>
}

interface TerminalsInput extends Omit<PtysDeps, "now"> {
  home: Pick<Home, "env" | "host">
  workspace: Workspace
  settings: Settings
}

/** They describe the terminal that this program runs in, and not the new one. */
const OTHER_TERMINAL = ["TMUX", "TMUX_PANE", "STY", "WINDOW", "WINDOWID", "TERMCAP", "COLUMNS", "LINES"]
/** Shells that read a person's profile with this. */
const LOGIN_SHELLS = new Set(["bash", "sh", "dash", "zsh", "ksh", "fish", "ash"])
const LOGIN = ["-l"]

export function openTerminals({ home, workspace, settings, ...deps }: TerminalsInput): Terminals {
  const { env, host } = home
  const ptys = createPtys({ ...deps, now: host.monotonic })

  async function program(named: string | undefined): Promise<string> {
    const file = named === undefined ? await shell() : await which(named, env.PATH)
    if (file) return file
    throw fault("bad_request", `The program ${named} was not found. Name it by its whole path.`, { kind: "Payload" })
  }

  async function shell(): Promise<string> {
    for (const candidate of [settings.current().config.value.shell, env.SHELL, "bash"]) {
      const file = candidate ? await which(candidate, env.PATH) : undefined
      if (file) return file
    }
    return "/bin/sh"
  }

  async function folder(named: string): Promise<string> {
    const { real, inside } = await workspace.paths.resolve(named).catch((error: unknown) => {
      throw error instanceof ToolFailure ? fault("bad_request", error.message, { kind: "Payload" }) : error
    })
    if (!inside) {
      throw fault("bad_request", `The folder ${named} is outside of the project.`, { kind: "Payload" })
    }
    const isFolder = await stat(real).then(
      (stats) => stats.isDirectory(),
      () => false,
    )
    if (!isFolder) throw fault("bad_request", `The folder ${named} does not exist.`, { kind: "Payload" })
    return real
  }

  return {
    ...ptys,
    async create({ command, args, cwd, title, env: own }) {
      const file = await program(command)
      return ptys.create({
        file,
        args: args ?? (LOGIN_SHELLS.has(basename(file)) ? LOGIN : []),
        cwd: cwd === undefined ? workspace.directory : await folder(cwd),
        title: title || undefined,
        env: childEnvironment(env, {
          drop: [...settings.current().models.keyVariables(), ...OTHER_TERMINAL],
          add: { TERM: "xterm-256color", OPENCODE_TERMINAL: "1", ...own },
        }),
      })
    },
    async shells() {
      const listed = (await readFile("/etc/shells", "utf8").catch(() => "")).split("\n").map((line) => line.trim())
      const paths = new Set([...(env.SHELL ? [env.SHELL] : []), ...listed].filter((path) => path.startsWith("/")))
      const found = await Promise.all([...paths].map((path) => which(path, undefined)))
      return found.flatMap((path) => {
        const name = path && basename(path)
        return name ? [{ path, name, acceptable: isAnalysedShell(name) }] : []
      })
    },
  }
}
