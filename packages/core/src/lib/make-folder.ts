import { mkdirSync, statSync } from "node:fs"
import { dirname } from "node:path"

/**
 * Makes a folder and those above it, one by one. Node's own recursive way never returns where the system says that a
 * folder it has just looked at does not exist, as `/proc` does.
 * @returns whether it was made now
 * @throws the error of the file system
 */
export function makeFolder(path: string, mode = 0o700): boolean {
  const missing: string[] = []
  let at = path
  for (; !statSync(at, { throwIfNoEntry: false }) && dirname(at) !== at; at = dirname(at)) missing.push(at)
  // A file in the way: the system says it best.
  if (!statSync(at).isDirectory()) mkdirSync(path)
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder, { mode })
    } catch (error) {
      // Somebody else was faster.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    }
  }
  return missing.length > 0
}
