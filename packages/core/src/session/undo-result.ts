import type { Session, UndoFile, UndoResult } from "@opencode/protocol/session.ts"
import type { Change } from "../store/change-store.ts"
import type { Store } from "../store/store.ts"
import { shownPath } from "../workspace/odd-path.ts"
import { stateID, type AfterPoint } from "./change-scope.ts"
import type { UndoPlan } from "./undo-plan.ts"

/** Files that are told one by one; a session is read and sent often. The others are counted. */
const MAX_FILES = 500

/** What has to be told first: what was not done. */
const ORDER = ["unknown", "refused", "partial", "restored", "unchanged"] as const

/** Whether the JSON of a session has such a member, or one within: there are no bare quotes in a string of JSON. */
export const mayBeReverted = (text: string): boolean => text.includes('"revert":')

/** Whether undoing was begun and its result is not told: a crash came between. */
export const isCutShort = ({ revert, undo }: Session): boolean => revert !== undefined && undo === undefined

/** What undoing did, file by file. @param unseen sentences about commands whose changes are not known */
export function resultOf(action: UndoResult["action"], done: readonly UndoPlan[], unseen: string[]): UndoResult {
  const files = done
    .map(({ path, status, observed, reason }): UndoFile => ({
      file: shownPath(path),
      status,
      ...(observed ? { observed } : {}),
      ...(reason === undefined ? {} : { reason }),
    }))
    .sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || (a.file < b.file ? -1 : 1))
  const more = files.length - MAX_FILES
  return {
    action,
    files: files.slice(0, MAX_FILES),
    ...(more > 0 ? { more } : {}),
    ...(unseen.length ? { unseen } : {}),
  }
}

/**
 * A copied or imported answer names files that it changed as another session: they are not this one's to take back.
 * @param changes of the session and all below it
 */
export function copiedIn(sessionID: string, after: AfterPoint, changes: readonly Change[], store: Store): string[] {
  const gone = new Set([...after.messages, ...after.parts])
  const own = new Map(changes.map((change) => [stateID(sessionID, change.position - 1), change]))
  const copied = store.parts.ofType(sessionID, "patch").filter((part) => {
    if (part.type !== "patch" || !(gone.has(part.messageID) || gone.has(part.id))) return false
    const change = own.get(part.hash)
    return !change || (change.sessionID === sessionID && change.messageID !== part.messageID)
  })
  if (copied.length === 0) return []
  const what = copied.length === 1 ? "one answer" : `${copied.length} answers`
  return [
    `What ${what} changed was changed by another session, of which this one is a copy: it is not taken back here.`,
  ]
}

interface UnseenDeps {
  store: Store
  recordsChanges(tool: string): boolean
}

/** Why it is not known what some of the undone calls changed: one sentence for each reason. */
export function unseenIn(
  undone: readonly Change[],
  sessionIDs: string[],
  after: AfterPoint,
  { store, recordsChanges }: UnseenDeps,
): string[] {
  const reasons = undone.flatMap(({ kind, note }) => (kind === "unseen" && note !== undefined ? [note] : []))
  const cut = sessionIDs
    .flatMap((id) => store.changes.interrupted(id))
    .filter((call) => after.has(call) && !recordsChanges(call.tool))
  reasons.push(...cut.map(() => "the program ended meanwhile"))
  const counted = new Map<string, number>()
  for (const reason of reasons) counted.set(reason, (counted.get(reason) ?? 0) + 1)
  return [...counted].map(([reason, count]) =>
    count === 1
      ? `What one command changed is not known: ${reason}.`
      : `What ${count} commands changed is not known: ${reason}.`,
  )
}
