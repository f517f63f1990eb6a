import type { Change, FileState, Reverted } from "../store/change-store.ts"
import { isSameState } from "../workspace/file-state.ts"

/** What undoing makes of one file. Pure: decided on what there is, what the agent left, and what it found before. */
export interface UndoPlan {
  path: string
  place: string
  /** What there is. */
  current: FileState
  /** What it becomes. */
  target: FileState
  /** What taking back the revert would bring back; absent when there is nothing to take back. */
  keep?: { was: FileState }
  status: UndoStatus
  reason?: string
  /** The change was found after a command, where a person may have made it. */
  observed: boolean
  /** Folders above the file that the agent made for it. */
  folders: number
}

/**
 * - `restored`: it is what it was.
 * - `unchanged`: it was that already.
 * - `partial`: the newest changes are taken back; those before are mixed with somebody else's.
 * - `refused`: somebody changed it since; it was left as it is.
 * - `unknown`: what it was is not kept; it was left as it is.
 */
export type UndoStatus = "restored" | "unchanged" | "partial" | "refused" | "unknown"

export interface PathFacts {
  path: string
  place: string
  current: FileState
  /** What an earlier revert replaced there. */
  reverted: Reverted | undefined
  /** The changes to be undone, oldest first. */
  chain: readonly Change[]
}

export const DRIFTED = "it was changed since"
export const NOT_KEPT = "what it was is not kept"

export function planPath({ path, place, current, reverted, chain }: PathFacts): UndoPlan {
  const observed = chain.some((change) => change.kind === "observed")
  const folders = Math.max(reverted?.folders ?? 0, ...chain.map((change) => change.folders))
  const same = { path, place, current, observed, folders }
  const base = reverted ? baseOf(current, reverted) : current
  // The earlier revert stays as it is: what it replaced can come back when the file is again what it was made.
  if (base === undefined)
    return { ...same, target: current, keep: { was: reverted!.was }, status: "refused", reason: DRIFTED }

  const { target, blocked } = walkBack(base, chain)
  const isMoved = !isEqual(target, base)
  const isThere = isEqual(target, current)
  const status = isThere ? (blocked ?? "unchanged") : blocked ? "partial" : "restored"
  const reason = REASONS[status]
  return {
    ...same,
    target,
    status,
    ...(isMoved ? { keep: { was: base } } : {}),
    ...(reason === undefined ? {} : { reason }),
  }
}

const REASONS: Partial<Record<UndoStatus, string>> = {
  partial: "it was changed by somebody else between two changes of the agent",
  refused: DRIFTED,
  unknown: NOT_KEPT,
}

/** Also of what was not looked into, as long as it is the same look. */
const isEqual = (a: FileState, b: FileState): boolean => a === b || isSameState(a, b)

/** The file as it would be without the earlier revert; undefined when somebody changed it since. */
function baseOf(current: FileState, { was, now, via }: Reverted): FileState | undefined {
  if (isSameState(current, now) || (via && isSameState(current, via))) return was
  return isSameState(current, was) ? was : undefined
}

/** Newest first: each change is taken back from what it left, and from nothing else. */
function walkBack(from: FileState, chain: readonly Change[]): { target: FileState; blocked?: "refused" | "unknown" } {
  let target = from
  for (const { before, after } of chain.toReversed()) {
    if (isSameState(target, after)) {
      if (!isKnown(before)) return { target, blocked: "unknown" }
      target = before
    } else if (!isSameState(target, before)) {
      return { target, blocked: isKnown(after) ? "refused" : "unknown" }
    }
  }
  return { target }
}

const isKnown = (state: FileState): boolean =>
  state.kind === "absent" || state.kind === "link" || (state.kind === "file" && state.hash !== undefined)
