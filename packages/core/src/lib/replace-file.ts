import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

/** Readable by its owner alone. */
const PRIVATE = 0o600

/** Whoever looks sees the old file or the new one, and nobody else sees either unless `mode` lets them. */
export function replaceFile(file: string, text: string, mode: number = PRIVATE): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, text, { mode })
    // The mode above counts for a new file only, less the umask; one may be left of a crash.
    chmodSync(temporary, mode)
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
