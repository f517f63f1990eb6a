import { basename, dirname, sep } from "node:path"

/**
 * Who installed this program, told from where it lies, and what would install another version in the same place. Pure.
 */
export const INSTALLERS = ["curl", "npm", "pnpm", "bun", "brew", "choco", "scoop"] as const
export type Installer = (typeof INSTALLERS)[number]

/** Under which this program is known to all of them; `opencode` to those that are not for Node. */
export const PACKAGE = "opencode-ai"
const FORMULA = "opencode"

export interface Installation {
  installer: Installer
  /** Of npm: the folder that its global packages are below. */
  prefix?: string
}

/** @param folder of the package, canonical @returns undefined for a copy that nobody installed for all folders */
export function installationOf(folder: string): Installation | undefined {
  const path = folder.split(sep).join("/")
  if (/\/(Cellar|homebrew|linuxbrew)\//i.test(path)) return { installer: "brew" }
  if (/\/chocolatey\//i.test(path)) return { installer: "choco" }
  if (/\/scoop\/apps\//i.test(path)) return { installer: "scoop" }
  if (basename(folder) !== PACKAGE) return undefined
  if (/\/\.bun\/install\/global\/node_modules\//.test(path)) return { installer: "bun" }
  if (/\/pnpm\/(global|store)\/|\/pnpm-global\//.test(path)) return { installer: "pnpm" }
  const modules = dirname(folder)
  if (basename(modules) !== "node_modules") return undefined
  // A package of one project has the project's folder there instead.
  if (basename(dirname(modules)) === "lib") return { installer: "npm", prefix: dirname(dirname(modules)) }
  return basename(dirname(modules)) === "npm" ? { installer: "npm", prefix: dirname(modules) } : undefined
}

/** What to start. Undefined where there is nothing that this could be done with. */
export function installCommand(
  { installer, prefix }: Installation,
  version: string,
): { program: string; args: string[] } | undefined {
  const name = `${PACKAGE}@${version}`
  const isLatest = version === LATEST
  switch (installer) {
    case "npm":
      return { program: "npm", args: ["install", "--global", ...(prefix ? ["--prefix", prefix] : []), name] }
    case "pnpm":
      return { program: "pnpm", args: ["add", "--global", name] }
    case "bun":
      return { program: "bun", args: ["add", "--global", name] }
    // It has one version, the newest.
    case "brew":
      return isLatest ? { program: "brew", args: ["upgrade", FORMULA] } : undefined
    case "choco":
      return {
        program: "choco",
        args: ["upgrade", FORMULA, ...(isLatest ? [] : [`--version=${version}`, "--allow-downgrade"]), "-y"],
      }
    case "scoop":
      return isLatest
        ? { program: "scoop", args: ["update", FORMULA] }
        : { program: "scoop", args: ["install", `${FORMULA}@${version}`] }
    case "curl":
      return undefined
  }
}

/** What takes it away again, for a person to type. */
export function removal({ installer, prefix }: Installation): string {
  switch (installer) {
    case "npm":
      return `npm uninstall --global ${prefix ? `--prefix '${prefix}' ` : ""}${PACKAGE}`
    case "pnpm":
    case "bun":
      return `${installer} remove --global ${PACKAGE}`
    case "curl":
      return `remove the file that \`which ${FORMULA}\` names`
    case "brew":
    case "choco":
    case "scoop":
      return `${installer} uninstall ${FORMULA}`
  }
}

export const LATEST = "latest"
