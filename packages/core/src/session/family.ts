import type { Store } from "../store/store.ts"

type Sessions = Pick<Store, "sessions">

/** The session and all below it, each before its children. A circle is walked once. */
export function family(sessionID: string, { sessions }: Sessions): string[] {
  const found = new Set<string>()
  const visit = (id: string): void => {
    if (found.has(id)) return
    found.add(id)
    for (const child of sessions.children(id)) visit(child.id)
  }
  visit(sessionID)
  return [...found]
}

/** Levels above a session. In a circle of parents, or below one, there is no top: that counts as too deep. */
export function depthOf(sessionID: string, store: Sessions): number {
  const above = [...parentsOf(sessionID, store)]
  const top = store.sessions.get(above.at(-1) ?? sessionID)
  return top?.parentID === undefined ? above.length : Infinity
}

export const isBelow = (sessionID: string, ancestorID: string, store: Sessions): boolean =>
  [...parentsOf(sessionID, store)].includes(ancestorID)

/** All sessions above one, the nearest first. */
export function parentsOf(sessionID: string, store: Sessions): Set<string> {
  const above = new Set<string>()
  let parent = store.sessions.get(sessionID)?.parentID
  while (parent !== undefined && !above.has(parent)) {
    above.add(parent)
    parent = store.sessions.get(parent)?.parentID
  }
  return above
}
