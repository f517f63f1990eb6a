/** Sessions that were taken over from other programs. Invariant: a row says that all of the session was stored. */
import type { Reader, Tx } from "./tx.ts"

export type ImportedStore = ReturnType<typeof createImportedStore>

export function createImportedStore(reader: Reader) {
  return {
    /** @param stamp what the session looked like there @param finished milliseconds since the epoch */
    put(tx: Tx, sessionID: string, { stamp, finished }: { stamp: string; finished: number }): void {
      tx.run(
        `INSERT INTO imported (session_id, stamp, finished) VALUES (?, ?, ?)
         ON CONFLICT (session_id) DO UPDATE SET stamp = excluded.stamp, finished = excluded.finished`,
        sessionID,
        stamp,
        finished,
      )
    },

    /** What the session looked like there when it was taken over last. */
    stamp: (sessionID: string): string | undefined =>
      reader.get<{ stamp: string }>("SELECT stamp FROM imported WHERE session_id = ?", sessionID)?.stamp,
  }
}
