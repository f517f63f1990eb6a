import { isIP } from "node:net"
import { isLoopback } from "@opencode/server/guard/host.ts"
import type { GuardOptions } from "@opencode/server/guard/guard.ts"
import type { Config } from "@opencode/protocol/config.ts"
import { CommandFailure } from "./fail.ts"

/** What a person says of the network on the command line; see `table/network.ts`. */
export interface NetworkOptions {
  port?: number
  hostname?: string
  mdns?: boolean
  mdnsDomain?: string
  cors: string[]
  /** Commander's form of `--no-auth`: false when it was given. */
  auth: boolean
}

/** How a server listens, whom it answers, and who hears of it. */
export interface Network {
  hostname: string
  port?: number
  guard: GuardOptions
  /** The name under which it is announced; absent when it is not. */
  announced?: string
  /** What the person should know before anything else. */
  warnings: string[]
}

interface Asked {
  options: NetworkOptions
  settings: Config["server"]
  password?: string | undefined
  username?: string | undefined
}

const DEFAULT_DOMAIN = "opencode.local"
const EVERYWHERE = "0.0.0.0"
const THIS_MACHINE = "127.0.0.1"

/**
 * Decides, and refuses what would let strangers in unasked: without a password only programs and pages of this machine may
 * call, unless the person says aloud that everybody may.
 * @throws CommandFailure
 */
export function networkOf({ options, settings = {}, password, username }: Asked): Network {
  const mdns = options.mdns ?? settings.mdns ?? false
  // Announcing is for being found by others, so it listens where others are.
  const hostname = options.hostname ?? settings.hostname ?? (mdns ? EVERYWHERE : THIS_MACHINE)
  const domain = domainOf(options.mdnsDomain ?? settings.mdnsDomain ?? DEFAULT_DOMAIN)
  const port = options.port ?? settings.port
  const cors = [...(settings.cors ?? []), ...options.cors]
  // Names below `localhost` are for a name server to resolve, which may be anybody's.
  const isAlone = hostname === "localhost" || (isIP(hostname) !== 0 && isLoopback(hostname))
  if (!password && options.auth) refuseStrangers({ hostname, isAlone, mdns, cors })

  const warnings: string[] = []
  if (mdns && isAlone) warnings.push(`${hostname} is this machine alone: the server is not announced in the network.`)
  if (!password) warnings.push("OPENCODE_SERVER_PASSWORD is not set; server is unsecured.")
  const announced = mdns && !isAlone ? domain : undefined
  return {
    hostname,
    ...(port === undefined ? {} : { port }),
    guard: {
      hostnames: [hostname, ...(settings.hosts ?? []), ...(announced === undefined ? [] : [announced])],
      cors,
      ...(password ? { password } : {}),
      ...(username ? { username } : {}),
    },
    ...(announced === undefined ? {} : { announced }),
    warnings,
  }
}

/** What a domain name is made of, part by part. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

function domainOf(text: string): string {
  if (text.split(".").every((label) => LABEL.test(label))) return text.toLowerCase()
  throw new CommandFailure(`${JSON.stringify(text)} is no name that a server can be announced under.`)
}

const REMEDY = "Set OPENCODE_SERVER_PASSWORD, or give --no-auth if everybody who reaches it may run commands here."

function refuseStrangers(asked: { hostname: string; isAlone: boolean; mdns: boolean; cors: string[] }): void {
  const { hostname, isAlone, mdns, cors } = asked
  if (!isAlone) {
    const where = mdns ? `${hostname}, which mDNS announces,` : hostname
    throw new CommandFailure(
      `Without a password only this machine may be served, and ${where} can be reached from others. ${REMEDY}`,
    )
  }
  if (cors.some((origin) => origin.trim().startsWith("*"))) {
    throw new CommandFailure(`Without a password, --cors '*' would let every web page run commands here. ${REMEDY}`)
  }
}
