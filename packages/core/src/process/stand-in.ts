import type { Stats } from "node:fs"

/**
 * The time of the last change of what stands in the place of a missing file while a sandbox guards it. By it other
 * processes know it for what it is, and so do we after a power cut: no person's file is of that second. Whoever puts
 * something into such a folder changes its time, and makes it a folder like any other.
 */
export const STAND_IN_TIME = new Date(Date.UTC(1981, 0, 1, 0, 0, 7))

export const isStandIn = ({ mtimeMs }: Stats): boolean => mtimeMs === STAND_IN_TIME.getTime()
