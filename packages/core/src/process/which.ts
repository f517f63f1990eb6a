import { constants } from "node:fs"
import { access, stat } from "node:fs/promises"
import { delimiter, isAbsolute, join } from "node:path"

/**
 * The absolute path of a program, found without running anything. Relative entries of PATH are skipped: they would
 * find a program that the repository brought along.
 */
export async function which(program: string, path: string | undefined): Promise<string | undefined> {
  const candidates = program.includes("/")
    ? [program]
    : (path ?? "").split(delimiter).map((folder) => join(folder, program))
  for (const candidate of candidates) {
    if (isAbsolute(candidate) && (await isExecutable(candidate))) return candidate
  }
  return undefined
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
