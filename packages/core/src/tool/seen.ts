import type { Fingerprint } from "../workspace/files.ts"
import type { SeenFiles } from "./tool.ts"

/** A session may read without end; a forgotten file only has to be read again before it is overwritten. */
const MAX_FILES = 10_000

/** What one session has read. Lives in memory: after a restart files are read again before they are overwritten. */
export function createSeenFiles(): SeenFiles {
  const files = new Map<string, Fingerprint>()
  return {
    get: (real) => files.get(real),
    set(real, fingerprint) {
      // Deleted first so that the order is that of last use.
      files.delete(real)
      files.set(real, fingerprint)
      if (files.size <= MAX_FILES) return
      const [oldest] = files.keys()
      if (oldest !== undefined) files.delete(oldest)
    },
  }
}

/** Sessions whose read files are remembered; an older one reads a file again before it overwrites it. */
const MAX_SESSIONS = 200

/** What each session has read, for those that were used lately. */
export function createSeenBySession(): (sessionID: string) => SeenFiles {
  const seen = new Map<string, SeenFiles>()
  return (sessionID) => {
    const files = seen.get(sessionID) ?? createSeenFiles()
    // Deleted first so that the order is that of last use.
    seen.delete(sessionID)
    seen.set(sessionID, files)
    const [oldest] = seen.keys()
    if (seen.size > MAX_SESSIONS && oldest !== undefined) seen.delete(oldest)
    return files
  }
}
