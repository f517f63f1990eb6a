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
  /** Ends whatever is waited for. */
  signal?: AbortSignal | undefined
}

export interface RemoteDoor {
  client: OpencodeClient
  directory: string
}

/** @throws CommandFailure for an address that is none; ApiFailure when nobody answers, or not to us */
export async function openRemoteDoor(options: RemoteOptions): Promise<RemoteDoor> {
  const { baseUrl, credentials } = addressOf(options)
  const clientFor = (directory: string | undefined): OpencodeClient =>
    createOpencodeClient({
      baseUrl,
      ...(directory === undefined ? {} : { directory }),
      ...(credentials ? { headers: { authorization: basicAuthorization(credentials) } } : {}),
      fetch: requestTo(baseUrl, options.signal),
    })
  // Asked first, so that a wrong address or password is told before anything else.
  const { data: path, error, response } = await clientFor(options.directory).path.get()
  if (response?.status === 401) throw new ApiFailure(`${baseUrl} wants a password, or another one: give -p.`, 401)
  if (error !== undefined) dataOf({ error, response })
  if (typeof path?.directory !== "string") throw new CommandFailure(`${baseUrl} is no opencode server.`)
  return { client: clientFor(path.directory), directory: path.directory }
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

/** The password must not follow a redirect, and what is wrong with a connection stands in the cause of an error. */
function requestTo(baseUrl: string, signal: AbortSignal | undefined) {
  return async (request: Request): Promise<Response> => {
    const signals = [request.signal, ...(signal ? [signal] : [])]
    try {
      return await globalThis.fetch(request, { signal: AbortSignal.any(signals), redirect: "error" })
    } catch (error) {
      if (signals.some(({ aborted }) => aborted)) throw error
      const { cause } = error as { cause?: { code?: string; message?: string } }
      throw new ApiFailure(`${baseUrl} does not answer: ${cause?.code ?? cause?.message ?? String(error)}.`, undefined)
    }
  }
}
