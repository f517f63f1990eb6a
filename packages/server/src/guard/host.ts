import { isIP } from "node:net"

/**
 * Whether a request may name this host. A page that had its own name resolved to this machine (DNS rebinding) is of the
 * same origin for the browser; the name it was asked under is what gives it away, so foreign names are refused. An
 * address literal is nobody's to resolve and passes: ports that are forwarded are reached under any. Only those that are
 * this machine in disguise have to be named.
 * @param names further names that the server is reached under
 */
export function createHostCheck(names: readonly string[]): (host: string | undefined) => boolean {
  const known = new Set(names.map(bare))
  return (host) => {
    const name = hostnameOf(host)
    return name !== undefined && (isLoopback(name) || known.has(name) || isPlainAddress(name))
  }
}

/** `localhost`, names below it, 127.0.0.0/8 and ::1, without port and brackets. */
export const isLoopback = (name: string): boolean =>
  name === "localhost" || name.endsWith(".localhost") || name === "::1" || (isIP(name) === 4 && name.startsWith("127."))

/**
 * Systems take "every address" for this machine, and IPv4 in the clothes of IPv6 for what it wears; browsers do not know
 * them for it, and leave out of a request to one which site has caused it.
 */
function isPlainAddress(name: string): boolean {
  if (isIP(name) === 4) return !name.startsWith("0.")
  if (isIP(name) !== 6) return false
  const { hostname } = new URL(`http://[${name}]`)
  return hostname !== "[::]" && !hostname.startsWith("[::ffff:")
}

/** The name in a Host header, in lower case; undefined when the header is missing or is not one. */
export function hostnameOf(host: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host ?? "")
  return match?.[1] === undefined ? undefined : bare(match[1])
}

const bare = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
