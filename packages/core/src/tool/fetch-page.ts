import type { LookupAddress } from "node:dns"
import type { IncomingMessage } from "node:http"
import { isIP, type LookupFunction } from "node:net"
import { ToolFailure, toolFailure } from "../lib/fault.ts"
import type { Environment } from "../model/proxy-rule.ts"
import { RequestError } from "../model/request-error.ts"
import { createTransports, type Transport, type Transports } from "../model/request-transport.ts"
import { readBody } from "./page-body.ts"
import { isLocalName, isPrivateAddress } from "./private-address.ts"

/**
 * Gets a page for the model, from an address it chose: so every step is one that was allowed. A name is resolved once
 * per step, and the connection goes to the addresses that were looked at. No cookies, no credentials, no state.
 */
export interface Page {
  /** Where it came from in the end. */
  url: URL
  /** In small letters, without parameters; "" when the server does not say. */
  type: string
  charset?: string
  body: Buffer
}

export interface Step {
  url: URL
  /** A redirect led here from another host. */
  isElsewhere: boolean
  /** Addresses of this machine or the networks around it that the name stands for. */
  privateAddresses: string[]
}

export interface FetchOptions {
  /** What the page should be, as an `accept` header. */
  accept: string
  /** For all steps together, without the time that a person takes to answer. */
  timeoutMs: number
  maxBytes: number
  signal: AbortSignal
  /** Where proxies are named. */
  env: Environment
  /** Asked before each connection. @throws what ends the fetch */
  permit(step: Step): Promise<void>
  /** For tests: the system's resolver otherwise. */
  resolve?: (hostname: string) => Promise<LookupAddress[]>
}

/** A chain that is longer is a loop. */
const MAX_REDIRECTS = 5
const USER_AGENT = "Mozilla/5.0 (compatible; opencode)"

/** @throws tool failure for everything that a server or a network can do wrong */
export async function fetchPage(start: URL, options: FetchOptions): Promise<Page> {
  const transports = createTransports(options.env)
  const clock = createClock(options.timeoutMs)
  try {
    let url = start
    let from: URL | undefined
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const addresses = await clock.run(options.signal, () => addressesOf(url, transports, options))
      const privateAddresses = addresses.map(({ address }) => address).filter(isPrivateAddress)
      url = secured(url, privateAddresses.length > 0 || isLocalName(url.hostname))
      await options.permit({ url, isElsewhere: from !== undefined && from.host !== url.host, privateAddresses })

      const way = await transports.to(url)
      const found = await clock.run(options.signal, (signal) => get(url, { way, addresses, signal, options }))
      if (!(found instanceof URL)) return found
      from = url
      url = found
    }
    throw toolFailure(`${start.href} redirects more than ${MAX_REDIRECTS} times.`)
  } catch (error) {
    throw explained(error, start, options)
  } finally {
    transports.close()
  }
}

/**
 * An address as the model wrote it, in the one spelling that rules see.
 * @throws tool failure for anything but http and https, and for names and passwords in it
 */
export function parseAddress(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw toolFailure(`${JSON.stringify(text)} is not a web address.`)
  const url = new URL(text, base)
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw toolFailure(`Only http and https addresses are fetched, not ${url.protocol} ones.`)
  if (url.username || url.password) throw toolFailure("Addresses with a user name or password are not fetched.")
  // "example.com." is example.com, and must not be another name to the rules.
  if (url.hostname.endsWith(".")) url.hostname = url.hostname.replace(/\.+$/, "")
  url.hash = ""
  return url
}

/** In the clear only to places near by, which seldom have certificates. */
function secured(url: URL, isNear: boolean): URL {
  if (isNear || url.protocol === "https:") return url
  const secure = new URL(url)
  secure.protocol = "https:"
  return secure
}

async function addressesOf(url: URL, transports: Transports, { resolve }: FetchOptions): Promise<LookupAddress[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  const family = isIP(host)
  if (family > 0) return [{ address: host, family }]
  try {
    if (resolve) return await resolve(host)
    const { lookup } = await import("node:dns/promises")
    return await lookup(host, { all: true, verbatim: true })
  } catch (error) {
    // A proxy may know names that we do not, and is the one that connects.
    if ((await transports.to(secured(url, false))).proxy) return []
    throw error
  }
}

interface Getting {
  way: Transport
  addresses: LookupAddress[]
  signal: AbortSignal
  options: FetchOptions
}

/** The page, or where it is said to be. */
async function get(url: URL, { way, addresses, signal, options }: Getting): Promise<Page | URL> {
  const message = await send(url, { way, addresses, signal, options })
  try {
    const { statusCode: status = 0, headers } = message
    if (status >= 300 && status < 400 && headers.location !== undefined) return parseAddress(headers.location, url)
    if (status < 200 || status >= 300)
      throw toolFailure(`${url.href} answered ${status}${message.statusMessage ? ` ${message.statusMessage}` : ""}.`)
    const [type = "", ...parameters] = (headers["content-type"] ?? "").toLowerCase().split(";")
    const charset = /charset\s*=\s*"?([^";\s]+)/.exec(parameters.join(";"))?.[1]
    const body = await readBody(message, options.maxBytes, signal)
    return { url, type: type.trim(), body, ...(charset !== undefined && { charset }) }
  } finally {
    message.destroy()
  }
}

function send(url: URL, { way, addresses, signal, options }: Getting): Promise<IncomingMessage> {
  // The connection goes to what was looked at: a second question to the resolver may have another answer.
  const lookup: LookupFunction = (_, { all }, callback) => {
    const [first] = addresses
    if (!first) callback(new Error("No address."), "")
    else if (all) callback(null, addresses)
    else callback(null, first.address, first.family)
  }
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const headers = { accept: options.accept, "accept-encoding": "gzip, deflate, br", "user-agent": USER_AGENT }
    const request = way.open(url, { method: "GET", headers, ...(way.proxy ? {} : { lookup }) }, signal)
    const abort = () => request.destroy(signal.reason as Error)
    signal.addEventListener("abort", abort, { once: true })
    request.on("error", reject)
    request.on("response", (message) => {
      message.once("close", () => signal.removeEventListener("abort", abort))
      // Its reader hears of it; without one nobody has to.
      message.on("error", () => {})
      resolve(message)
    })
    request.end()
  })
}

/** One allowance of time for several waits, between which a person may think as long as they like. */
function createClock(timeoutMs: number) {
  let left = timeoutMs
  return {
    async run<T>(signal: AbortSignal, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
      signal.throwIfAborted()
      const late = new AbortController()
      const either = AbortSignal.any([signal, late.signal])
      const timer = setTimeout(() => late.abort(new Late()), Math.max(1, left))
      const start = performance.now()
      let leave = () => {}
      const ended = new Promise<never>((_, reject) => {
        leave = () => reject(either.reason as Error)
        either.addEventListener("abort", leave, { once: true })
      })
      try {
        return await Promise.race([body(either), ended])
      } finally {
        clearTimeout(timer)
        either.removeEventListener("abort", leave)
        left -= performance.now() - start
      }
    },
  }
}

class Late extends Error {}

function explained(error: unknown, { href, host }: URL, { timeoutMs, signal }: FetchOptions): unknown {
  if (error instanceof ToolFailure || signal.aborted) return error
  if (error instanceof Late) return toolFailure(`${href} did not answer in full within ${timeoutMs / 1_000} s.`)
  if (error instanceof RequestError) return toolFailure(error.message)
  const { code, message } = error as NodeJS.ErrnoException
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return toolFailure(`The name of ${host} cannot be resolved.`)
  if (code === "ECONNREFUSED") return toolFailure(`Nothing answers at ${host}: the connection was refused.`)
  return toolFailure(`${href} could not be fetched: ${message || code}.`)
}
