import { fault } from "@opencode/core/lib/fault.ts"
import type { Incoming } from "../exchange.ts"
import { createHostCheck } from "./host.ts"
import { assertBodyType } from "./limits.ts"
import { createOriginCheck } from "./origin.ts"
import { createPasswordCheck } from "./password.ts"

export interface GuardOptions {
  /** Names and addresses the server is reached under, beside those of this machine. */
  hostnames: readonly string[]
  /** Further origins that pages may come from. */
  cors: readonly string[]
  password?: string | undefined
  username?: string | undefined
}

export interface Guard {
  /**
   * Decides before anything is looked up, so that a refused caller learns nothing, not even which paths exist.
   * @param headers gets what every answer to this caller carries, a refusal included
   * @returns whether the request only asks what it may do, and is answered by those headers
   * @param hasTicket what stands for the password is checked by whoever gave it out
   * @throws fault `forbidden`, `unauthorized`, `bad_request`
   */
  admit(incoming: Incoming, headers: Record<string, string>, hasTicket?: boolean): { isPreflight: boolean }
}

/** Seconds a browser may remember the answer to a preflight. */
const PREFLIGHT_MAX_AGE = "86400"

export function createGuard({ hostnames, cors, password, username }: GuardOptions): Guard {
  const isKnownHost = createHostCheck(hostnames)
  const checkOrigin = createOriginCheck(cors)
  const isAuthorized = password ? createPasswordCheck({ password, username }) : () => true

  return {
    admit(incoming, headers, hasTicket = false) {
      const { method, header } = incoming
      const host = header("host")
      if (host === undefined || !isKnownHost(host)) {
        throw fault("forbidden", `This server does not answer for the host ${JSON.stringify(host ?? "")}.`)
      }
      const { isAllowed, origin } = checkOrigin({
        method,
        host,
        origin: header("origin"),
        fetchSite: header("sec-fetch-site"),
        fetchMode: header("sec-fetch-mode"),
        fetchDest: header("sec-fetch-dest"),
      })
      if (!isAllowed) throw fault("forbidden", "This server does not answer pages of another origin; see --cors.")
      if (origin !== undefined) {
        headers["access-control-allow-origin"] = origin
        headers["access-control-expose-headers"] = "Link, X-Next-Cursor"
        headers.vary = "Origin"
      }
      if (method === "OPTIONS" && origin !== undefined && header("access-control-request-method") !== undefined) {
        Object.assign(headers, preflight(header("access-control-request-headers")))
        return { isPreflight: true }
      }
      if (!hasTicket && !isAuthorized(header("authorization"))) {
        headers["www-authenticate"] = 'Basic realm="opencode", charset="UTF-8"'
        throw fault("unauthorized", "A password is needed: send it with Basic authentication.")
      }
      assertBodyType(incoming)
      return { isPreflight: false }
    },
  }
}

/** Browsers send no credentials with a preflight, so it is answered without a password. */
const preflight = (requested: string | undefined): Record<string, string> => ({
  "access-control-allow-methods": "GET, HEAD, PUT, PATCH, POST, DELETE",
  "access-control-max-age": PREFLIGHT_MAX_AGE,
  ...(requested === undefined ? {} : { "access-control-allow-headers": requested }),
  vary: "Access-Control-Request-Headers, Origin",
})
