import { hostnameOf, isLoopback } from "./host.ts"

/** What a browser says about where a request comes from. */
export interface Provenance {
  method: string
  /** Of the Host header, which was checked before. */
  host: string
  origin?: string | undefined
  fetchSite?: string | undefined
  fetchMode?: string | undefined
  fetchDest?: string | undefined
}

/** `origin` is set when the answer must name it, so that the browser lets the page read it. */
export type OriginDecision = { isAllowed: boolean; origin?: string }

/**
 * A present Origin decides: our own, those of this machine and those of `--cors` pass, any other is refused, whatever the
 * method: a browser sends "simple" requests without asking first. Without Origin, browsers still say whether another site
 * caused the request; then only opening a page at the top level is allowed. Programs say neither and pass.
 * @param cors further origins, such as `tauri://localhost`; `*` stands for every one
 */
export function createOriginCheck(cors: readonly string[]): (request: Provenance) => OriginDecision {
  const allowed = new Set(cors)
  const isOpen = allowed.has("*")
  return ({ method, host, origin, fetchSite, fetchMode, fetchDest }) => {
    if (origin !== undefined) {
      const isAllowed = isOpen || allowed.has(origin) || isOfThisMachine(origin) || isOwn(origin, host)
      return isAllowed ? { isAllowed, origin } : { isAllowed }
    }
    if (isOpen || (fetchSite !== "cross-site" && fetchSite !== "same-site")) return { isAllowed: true }
    return { isAllowed: method === "GET" && fetchMode === "navigate" && fetchDest === "document" }
  }
}

function isOfThisMachine(origin: string): boolean {
  if (!origin.startsWith("http://")) return false
  const name = hostnameOf(origin.slice("http://".length))
  return name !== undefined && isLoopback(name)
}

/** A page that this server gave out itself, also behind a proxy that speaks TLS. */
const isOwn = (origin: string, host: string): boolean => origin === `http://${host}` || origin === `https://${host}`
