import { isIP } from "node:net"

/**
 * Whether a request may name this host. A page that had its own name resolved to this machine (DNS rebinding) is of the
 * same origin for the browser; the name it was asked under is what gives it away, so foreign names are refused. An
 * address literal is nobody's to resolve and always passes: ports that are forwarded are reached under any.
 * @param names further names that the server is reached under
 */
export function createHostCheck(names: readonly string[]): (host: string | undefined) => boolean {
  const known = new Set(names.map(bare))
  return (host) => {
    const name = hostnameOf(host)
    return name !== undefined && (isLoopback(name) || isIP(name) !== 0 || known.has(name))
  }
}

/** `localhost`, names below it, 127.0.0.0/8 and ::1, without port and brackets. */
export const isLoopback = (name: string): boolean =>
  name === "localhost" || name.endsWith(".localhost") || name === "::1" || (isIP(name) === 4 && name.startsWith("127."))

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
