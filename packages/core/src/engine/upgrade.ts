import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Home } from "../home.ts"
import { fault, type Fault } from "../lib/fault.ts"
import { knownKeyVariables } from "../model/usable.ts"
import { collect, type Collected } from "../process/collect.ts"
import { childEnvironment } from "../process/environment.ts"
import { installationOf, installCommand, LATEST, type Installation, type Installer } from "../process/installer.ts"
import { openProcesses } from "../process/processes.ts"
import { which } from "../process/which.ts"

/** Another version of this program, in the place of this one. Only ever when somebody asks for it. */
export interface Upgrade {
  /** Who installed it; undefined for a copy that nobody installed for all folders. */
  installed(): Installation | undefined
  /**
   * @param target a version, or `latest`
   * @param installer instead of the one that installed it
   * @returns the version that is there now @throws fault `upgrade` in one sentence
   */
  to(target: string, installer?: Installer): Promise<string>
}

type UpgradeInput = Pick<Home, "catalog" | "env" | "bus" | "log" | "folders" | "packageFolder">

/** On a slow line. */
const DEADLINE_MS = 900_000
const MAX_OUTPUT_BYTES = 1_000_000
const MAX_COMPLAINT = 500

export function createUpgrade({ catalog, env, bus, log, folders, packageFolder }: UpgradeInput): Upgrade {
  const state = { isRunning: false }
  const installed = () => (packageFolder === undefined ? undefined : installationOf(packageFolder))

  async function run(installation: Installation, target: string): Promise<string> {
    const command = installCommand(installation, target)
    if (!command) throw cannot(installation, target)
    const file = await which(command.program, env.PATH)
    if (!file) throw failed(`${command.program} was not found.`)
    log.info("upgrading", { program: file, args: command.args })
    const processes = openProcesses()
    const ran = await collect(processes.start, {
      file,
      args: command.args,
      cwd: folders.home,
      env: childEnvironment(env, { drop: knownKeyVariables(catalog) }),
      maxBytes: MAX_OUTPUT_BYTES,
      deadlineMs: DEADLINE_MS,
    }).finally(() => processes.close())
    const said = complaintOf(ran)
    if (said !== undefined) throw failed(`${[command.program, ...command.args].join(" ")}: ${said}`)
    return versionNow(installation, target)
  }

  /** What says that it is done may have installed it elsewhere. */
  async function versionNow({ installer }: Installation, target: string): Promise<string> {
    const isHere = installer === installed()?.installer
    const found = isHere && packageFolder !== undefined ? await versionIn(packageFolder) : undefined
    if (found === undefined || target === LATEST || found === target) return found ?? target
    throw failed(`${installer} says that it is done, but ${packageFolder} is still version ${found}.`)
  }

  return {
    installed,
    async to(target, installer) {
      const found = installed()
      const installation = installer === undefined || installer === found?.installer ? found : { installer }
      if (!installation)
        throw failed("Unknown installation method: this copy was not installed for all folders. Name the method.")
      if (state.isRunning) throw failed("Another upgrade runs.")
      state.isRunning = true
      try {
        const version = await run(installation, target.replace(/^v/, ""))
        bus.publish(undefined, { type: "installation.updated", properties: { version } })
        return version
      } finally {
        state.isRunning = false
      }
    },
  }
}

const failed = (message: string): Fault => fault("upgrade", message)

const cannot = ({ installer }: Installation, target: string): Fault =>
  failed(
    installer === "brew"
      ? `brew has the newest version alone, and not ${target}: say "${LATEST}".`
      : `There is no install script of this program: install it with npm.`,
  )

function complaintOf({ code, signal, stopped, failure, stderr, stdout, cut }: Collected): string | undefined {
  if (failure !== undefined) return failure
  if (stopped === "deadline") return `it took longer than ${DEADLINE_MS / 60_000} minutes.`
  if (code === 0 || cut) return undefined
  const said = (stderr.trim() || stdout.toString().trim()).slice(-MAX_COMPLAINT)
  return `it failed (${signal ?? `exit code ${code}`})${said ? `: ${said}` : "."}`
}

async function versionIn(folder: string): Promise<string | undefined> {
  try {
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version?: unknown }
    return typeof version === "string" ? version : undefined
  } catch {
    return undefined // it is being replaced, or lies elsewhere from now on
  }
}
