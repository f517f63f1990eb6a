/** Keeps other users of the machine out. A place that belongs to somebody else (a mounted volume) is left as it is. */
import { chmodSync, statSync } from "node:fs"

const OTHERS = 0o077

/** Takes the rights of group and others away from a file or folder, when there is one and it is ours. */
export function makePrivate(place: string): void {
  const found = statSync(place, { throwIfNoEntry: false })
  if (!found || (found.mode & OTHERS) === 0 || found.uid !== process.getuid?.()) return
  chmodSync(place, found.mode & 0o700)
}
