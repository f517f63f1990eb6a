import { fault } from "@opencode/core/lib/fault.ts"
import type { Incoming } from "../exchange.ts"
import { createHostCheck } from "./host.ts"
import { assertBodyType } from "./limits.ts"
import { createOriginCheck } from "./origin.ts"
import { createPasswordCheck } from "./password.ts"

export interface GuardOptions {
  /** Names the server is reached under, beside those of this machine and its addresses. */
  hostnames: readonly string[]
  /** Further origins that pages may come from. */
  cors: readonly string[]
  password?: string | undefined
  username?: string | undefined
}

/** A request before anything is known of who sent it. */
export interface Visit {
  incoming: Incoming
  path: string
  search: URLSearchParams
  /** What stands for the password is checked by whoever gave it out. */
  hasTicket?: boolean
}

export interface Guard {
  /**
   * Decides before anything is looked up, so that a refused caller learns nothing, not even which paths exist.
   * @param headers gets what every answer to this caller carries, a refusal included
   * @returns whether the request only asks what it may do, and is answered by those headers
   * @throws fault `forbidden`, `unauthorized`, `bad_request`
   */
  admit(visit: Visit, headers: Record<string, string>): { isPreflight: boolean }
}

/** Holds the password in the address, where no header can be sent. Nobody behind the guard sees it. */
export const TOKEN = "auth_token"
/** Seconds a browser may remember the answer to a preflight. */
const PREFLIGHT_MAX_AGE = "86400"
/** What a person opens from elsewhere, by a link; all other paths are for programs. */
const PAGES = new Set(["/", "/doc"])

export function createGuard({ hostnames, cors, password, username }: GuardOptions): Guard {
  const isKnownHost = createHostCheck(hostnames)
  const checkOrigin = createOriginCheck(cors)
  const isAuthorized = password ? createPasswordCheck({ password, username }) : () => true

  return {
    admit({ incoming, path, search, hasTicket = false }, headers) {
      const { method, header } = incoming
      const host = header("host")
      if (host === undefined || !isKnownHost(host)) {
        const named = JSON.stringify((host ?? "").slice(0, MAX_NAME))
        throw fault("forbidden", `This server does not answer for the host ${named}; see server.hosts.`)
      }
      const { isAllowed, origin } = checkOrigin({
        method,
        host,
        isPage: PAGES.has(path),
        origin: header("origin"),
        fetchSite: header("sec-fetch-site"),
        fetchMode: header("sec-fetch-mode"),
        fetchDest: header("sec-fetch-dest"),
      })
      if (!isAllowed) throw fault("forbidden", "This server does not answer pages of another origin; see --cors.")
      if (origin !== undefined) {
        headers["access-control-allow-origin"] = origin
        headers["access-control-expose-headers"] = "Link, X-Next-Cursor, X-Opencode-Kept"
        headers.vary = "Origin"
      }
      if (method === "OPTIONS" && origin !== undefined && header("access-control-request-method") !== undefined) {
        Object.assign(headers, preflight(header("access-control-request-headers")))
        return { isPreflight: true }
      }
      const shown = { authorization: header("authorization"), token: search.get(TOKEN) ?? undefined }
      if (!hasTicket && !isAuthorized(shown)) {
        headers["www-authenticate"] = 'Basic realm="opencode", charset="UTF-8"'
        throw fault("unauthorized", "A password is needed: send it with Basic authentication.")
      }
      assertBodyType(incoming)
      return { isPreflight: false }
    },
  }
}

/** Characters of a foreign name that are said back: the most that a name has. */
const MAX_NAME = 253

/** Browsers send no credentials with a preflight, so it is answered without a password. */
const preflight = (requested: string | undefined): Record<string, string> => ({
  "access-control-allow-methods": "GET, HEAD, PUT, PATCH, POST, DELETE",
  "access-control-max-age": PREFLIGHT_MAX_AGE,
  ...(requested === undefined ? {} : { "access-control-allow-headers": requested }),
  vary: "Access-Control-Request-Headers, Origin",
})
