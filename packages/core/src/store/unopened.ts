import { accessSync, constants, existsSync } from "node:fs"
import { dirname } from "node:path"
import { fault } from "../lib/fault.ts"
import { sqliteFault, systemCode } from "./storage-error.ts"

/** What the system's refusals mean, as the middle of a sentence about a place. */
const REFUSALS = new Map([
  ["EACCES", "cannot be written to by this user"],
  ["EPERM", "cannot be written to by this user"],
  ["EROFS", "is on a read-only file system"],
])

/**
 * The fault of a database that could not be opened or made. SQLite tells neither the place nor the reason, so the system
 * is asked for what SQLite needs: the file, its log, and the folder in which it makes the log.
 * @param otherwise the fault when nothing is refused
 */
export function openFault(error: unknown, file: string, otherwise = sqliteFault): unknown {
  const found = otherwise(error, file)
  if (found === error && !REFUSALS.has(systemCode(error) ?? "")) return error
  const folder = dirname(file)
  for (const place of [folder, file, `${file}-wal`, `${file}-shm`].filter((one) => existsSync(one))) {
    try {
      accessSync(place, constants.R_OK | constants.W_OK | (place === folder ? constants.X_OK : 0))
    } catch (refusal) {
      const code = systemCode(refusal) ?? ""
      const reason = REFUSALS.get(code)
      if (!reason) continue
      const message = `The database ${file} cannot be opened: ${place} ${reason} (${code}). Make it writable, or set XDG_DATA_HOME to a folder that is.`
      return fault("storage", message, { file, place, code }, error)
    }
  }
  return found
}
