import { hostnameOf, isLoopback } from "./host.ts"

/** What a browser says about where a request comes from. */
export interface Provenance {
  method: string
  /** Of the Host header, which was checked before. */
  host: string
  /** Whether the path is that of something to look at. */
  isPage: boolean
  origin?: string | undefined
  fetchSite?: string | undefined
  fetchMode?: string | undefined
  fetchDest?: string | undefined
}

/** `origin` is set when the answer must name it, so that the browser lets the page read it. */
export type OriginDecision = { isAllowed: boolean; origin?: string }

/** Words of `Sec-Fetch-Site` for requests that no other site caused; absent when a program asks. */
const OWN_SITE = new Set([undefined, "same-origin", "none"])

/**
 * A present Origin decides: our own, those of this machine and those of `--cors` pass, any other is refused, whatever the
 * method: a browser sends "simple" requests without asking first. Without Origin, browsers still say whether another site
 * caused the request; then only a page may be opened, at the top level. Programs say neither and pass.
 * @param cors further origins, such as `tauri://localhost`; `*` stands for every one
 */
export function createOriginCheck(cors: readonly string[]): (request: Provenance) => OriginDecision {
  const allowed = new Set(cors.map(asSent))
  const isOpen = allowed.has("*")
  return ({ method, host, isPage, origin, fetchSite, fetchMode, fetchDest }) => {
    if (origin !== undefined) {
      const isAllowed = isOpen || allowed.has(origin) || isOfThisMachine(origin) || isOwn(origin, host)
      return isAllowed ? { isAllowed, origin } : { isAllowed }
    }
    if (isOpen || OWN_SITE.has(fetchSite)) return { isAllowed: true }
    return { isAllowed: isPage && method === "GET" && fetchMode === "navigate" && fetchDest === "document" }
  }
}

/** As people copy an origin from the address bar, and as browsers send it. */
const asSent = (origin: string): string => origin.trim().replace(/\/$/, "").toLowerCase()

function isOfThisMachine(origin: string): boolean {
  if (!origin.startsWith("http://")) return false
  const name = hostnameOf(origin.slice("http://".length))
  return name !== undefined && isLoopback(name)
}

/** A page that this server gave out itself, also behind a proxy that speaks TLS. */
const isOwn = (origin: string, host: string): boolean => origin === `http://${host}` || origin === `https://${host}`
