import { chownSync, lchownSync, readdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"

/** "nobody" on every Linux. */
const NOBODY = 65_534

/** Whether that user gets to a file: a checkout in somebody's private folder is closed to all others. */
export const isReachable = (path: string): boolean =>
  dirname(path) === path || ((statSync(dirname(path)).mode & 0o001) !== 0 && isReachable(dirname(path)))

/**
 * Acts as a user whom the modes of files bind: root, as which containers run tests, may read and write everything.
 * @param folder given to that user, with all that is in it
 */
export async function unprivileged<T>(folder: string, act: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return act()
  chownSync(folder, NOBODY, NOBODY)
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    lchownSync(join(folder, name), NOBODY, NOBODY)
  }
  process.seteuid?.(NOBODY)
  try {
    return await act()
  } finally {
    process.seteuid?.(0)
  }
}
