import type { StoredContent } from "../store/change-store.ts"
import type { Store } from "../store/store.ts"

/**
 * Keeps the contents within their quota, a little at a time: each call removes a bounded number of files, so that no
 * turn waits for a cleaning. Oldest sessions first; what was used today is left alone.
 */

/** Compressed sources: the changes of years. Older ones than fit can no longer be undone, and are told as unknown. */
export const QUOTA_BYTES = 2 * 1024 * 1024 * 1024
/** Some ten milliseconds. */
const MAX_REMOVED = 200
/** A session that somebody came back to today may be undone tomorrow. */
const IN_USE_MS = 24 * 60 * 60 * 1000
/** Contents are in so many parts; one is looked through each time for what crashes left behind. */
const PARTS = 256

/** @param now milliseconds since the epoch @returns how many files were removed */
export async function collectContents(store: Store, now: number, quota = QUOTA_BYTES): Promise<number> {
  const { changes, contents } = store
  const lost = (await contents.part(Math.floor(now / 1000) % PARTS)).filter(
    ({ place, hash }) => !changes.isKept(place, hash),
  )
  // No row needs them and none can come: each is older than any write that is under way.
  for (const file of lost.slice(0, MAX_REMOVED)) contents.remove(file, now)

  return await store.write(
    (tx) => {
      const orphans = changes.orphans(tx, MAX_REMOVED)
      let over = changes.kept() - quota
      const oldest = over > 0 ? changes.oldest(now - IN_USE_MS, MAX_REMOVED - orphans.length) : []
      let removed = 0
      const remove = (content: StoredContent) => {
        if (!contents.remove(content, now)) return
        changes.forget(tx, content)
        over -= content.bytes
        removed++
      }
      for (const content of orphans) remove(content)
      for (const content of oldest) if (over > 0) remove(content)
      return removed
    },
    { durability: "process" },
  )
}
