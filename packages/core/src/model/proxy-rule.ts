import { BlockList, isIP, isIPv6 } from "node:net"
import { RequestError } from "./request-error.ts"

/**
 * Which proxy a request goes through, by the variables that other programs obey too. Pure. Requests to this machine never
 * go to a proxy: another one would read a conversation that was meant to stay here, and could not reach us anyway.
 */
export interface Proxy {
  /** Without name and password. */
  url: URL
  /** For people: `http://proxy.example:3128`. */
  name: string
  /** The value of `proxy-authorization`, when the variable holds a name or password. */
  authorization?: string
  /** The variable that named it. */
  variable: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Small letters first, as nearly everybody does. */
const spellings = (name: string): string[] => [name, name.toUpperCase()]
const VARIABLES: Record<string, string[]> = {
  "http:": ["http_proxy", "all_proxy"].flatMap(spellings),
  "https:": ["https_proxy", "all_proxy"].flatMap(spellings),
}

/** @throws RequestError `proxy_refused` when the variable names no proxy that can be used: going without is no answer */
export function proxyFor(url: URL, env: Environment): Proxy | undefined {
  const variable = VARIABLES[url.protocol]?.find((name) => env[name])
  if (!variable || isThisMachine(url.hostname) || isExempt(url, env.no_proxy || env.NO_PROXY || "")) return undefined
  const proxy = parseProxy(env[variable] ?? "")
  if (!proxy || !KNOWN_PROTOCOLS.has(proxy.protocol))
    throw new RequestError(
      "proxy_refused",
      proxy
        ? `${variable} names a ${proxy.protocol.slice(0, -1)} proxy; only http and https proxies can be used.`
        : `${variable} is no address of a proxy.`,
      url,
    )
  const authorization = basic(proxy)
  const bare = new URL(proxy.origin)
  return { url: bare, name: bare.origin, variable, ...(authorization && { authorization }) }
}

const KNOWN_PROTOCOLS = new Set(["http:", "https:"])

function parseProxy(value: string): URL | undefined {
  const text = value.includes("://") ? value : `http://${value}`
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.hostname ? url : undefined
}

function basic({ username, password }: URL): string | undefined {
  if (!username && !password) return undefined
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64")}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A lone percent sign stands for itself.
    return text
  }
}

/**
 * Literal loopback addresses, the "any" address, which as a destination is the same, and the names that no resolver may
 * send elsewhere (RFC 6761). Wider than what may be trusted with a key: here it only decides who does not get to read.
 * The URL parser has made one spelling of the many that addresses have.
 */
function isThisMachine(hostname: string): boolean {
  const host = hostname.replace(/\.$/, "")
  return host === "localhost" || host.endsWith(".localhost") || LOOPBACK.test(host)
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|\[::ffff:(7f[0-9a-f]{2}:[0-9a-f]+|0:0)\])$/

/** @param noProxy names, suffixes, addresses and networks (CIDR), each with a port or without; `*` is everything */
function isExempt({ hostname, port, protocol }: URL, noProxy: string): boolean {
  const host = plainHost(hostname)
  const number = port || (protocol === "https:" ? "443" : "80")
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== "" && matches(entry, host, number))
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true
  if (entry.includes("/")) return isInside(host, entry)
  const withPort = isIPv6(entry) ? undefined : /^(.+):(\d+)$/.exec(entry)
  if (withPort && withPort[2] !== port) return false
  const name = plainHost(withPort?.[1] ?? entry)
  if (name.startsWith("*") && !name.startsWith("*.")) return host.endsWith(name.slice(1))
  const domain = name.replace(/^\*?\./, "")
  if (host === domain || sameAddress(host, domain)) return true
  return isIP(host) === 0 && host.endsWith(`.${domain}`)
}

function isInside(host: string, network: string): boolean {
  const [address = "", bits = ""] = network.split("/")
  const family = isIPv6(address) ? "ipv6" : "ipv4"
  if (!isIP(address) || !isIP(host) || !/^\d+$/.test(bits) || Number(bits) > (family === "ipv6" ? 128 : 32))
    return false
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family)
  return list.check(host, isIPv6(host) ? "ipv6" : "ipv4")
}

/** One IPv6 address has many spellings. */
const sameAddress = (host: string, other: string): boolean =>
  isIPv6(host) && isIPv6(other) && new URL(`http://[${other}]`).hostname === `[${host}]`

const plainHost = (hostname: string): string =>
  hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
