import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { ApiFailure, basicAuthorization, dataOf, type Credentials } from "./door.ts"
import { CommandFailure } from "./fail.ts"
import { out } from "./out.ts"

/** A server elsewhere, or in another process of this machine. */
export interface RemoteOptions {
  url: string
  username?: string | undefined
  password?: string | undefined
  /** A folder of the server's machine. Absent: the one that it was started in. */
  directory?: string | undefined
  /** Ends whatever is waited for. The reasons of both are errors, and are thrown. */
  signal?: AbortSignal | undefined
  /** Ends the wait for the first answer. */
  over?: AbortSignal | undefined
  /** How long the first answer may take. */
  patienceMs?: number
}

/** A server that opens a large folder on a busy machine takes some seconds. */
const PATIENCE_MS = 20_000

export interface RemoteDoor {
  client: OpencodeClient
  directory: string
}

/** @throws CommandFailure for an address that is none; ApiFailure when nobody answers, or not to us */
export async function openRemoteDoor(options: RemoteOptions): Promise<RemoteDoor> {
  const { baseUrl, credentials } = addressOf(options)
  const { signal, over, patienceMs = PATIENCE_MS } = options
  const clientFor = (directory: string | undefined, ...ends: (AbortSignal | undefined)[]): OpencodeClient =>
    createOpencodeClient({
      baseUrl,
      ...(directory === undefined ? {} : { directory }),
      ...(credentials ? { headers: { authorization: basicAuthorization(credentials) } } : {}),
      fetch: requestTo(
        baseUrl,
        ends.filter((end) => end !== undefined),
      ),
    })
  // Asked first, so that a wrong address or password is told before anything else.
  const patience = startPatience(baseUrl, patienceMs)
  const first = clientFor(options.directory, signal, over, patience.signal)
  const { data: path, error, response } = await first.path.get().finally(patience.stop)
  if (response?.status === 401) throw new ApiFailure(`${baseUrl} wants a password, or another one: give -p.`, 401)
  if (error !== undefined) dataOf({ error, response })
  if (typeof path?.directory !== "string") throw noServer(baseUrl)
  return { client: clientFor(path.directory, signal), directory: path.directory }
}

/** One that takes a connection and says nothing would be waited for without end. */
function startPatience(baseUrl: string, ms: number): { signal: AbortSignal; stop(): void } {
  const patience = new AbortController()
  const silence = new ApiFailure(`${baseUrl} does not answer: it said nothing for ${ms / 1_000} s.`, undefined)
  const timer = setTimeout(() => patience.abort(silence), ms)
  return { signal: patience.signal, stop: () => clearTimeout(timer) }
}

/** Default: the password that a server here would have been started with. */
export function addressOf({ url, username, password }: RemoteOptions): { baseUrl: string; credentials?: Credentials } {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (!address || !/^https?:$/.test(address.protocol))
    throw new CommandFailure(`A server is written as http://host:port, not "${url}".`)
  const known = password ?? (decodeURIComponent(address.password) || process.env.OPENCODE_SERVER_PASSWORD)
  const name = username ?? (decodeURIComponent(address.username) || process.env.OPENCODE_SERVER_USERNAME)
  address.username = ""
  address.password = ""
  const baseUrl = address.href.replace(/\/+$/, "")
  if (known && address.protocol === "http:" && !isThisMachine(address.hostname))
    out.note(`Warning: the password goes to ${address.host} unencrypted. Use https, or a tunnel.`)
  return { baseUrl, ...(known ? { credentials: { password: known, ...(name ? { username: name } : {}) } } : {}) }
}

const isThisMachine = (hostname: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)

const noServer = (baseUrl: string) => new CommandFailure(`${baseUrl} is no opencode server.`)

/** The password must not follow a redirect, and what is wrong with a connection stands in the cause of an error. */
function requestTo(baseUrl: string, ends: AbortSignal[]) {
  return async (request: Request): Promise<Response> => {
    const signals = [request.signal, ...ends]
    const sent = globalThis.fetch(request, { signal: AbortSignal.any(signals), redirect: "error" })
    const response = await sent.catch((error: unknown) => {
      if (signals.some(({ aborted }) => aborted)) throw error
      const { cause } = error as { cause?: { code?: string; message?: string } }
      throw new ApiFailure(`${baseUrl} does not answer: ${cause?.code ?? cause?.message ?? String(error)}.`, undefined)
    })
    // Something that answers everything with a page, as a proxy or a site does.
    if (response.headers.get("content-type")?.startsWith("text/html")) throw noServer(baseUrl)
    return response
  }
}
