import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http"
import { isIP, isIPv6, type Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { Proxy } from "./proxy-rule.ts"
import { RequestError } from "./request-error.ts"
import { AGENT_OPTIONS, type Transport } from "./request-transport.ts"
import { explained, refusal } from "./request-trouble.ts"

/**
 * Requests through a proxy. To `https:` it only carries bytes, in a tunnel that CONNECT digs, and never sees more of them
 * than the host; `http:` it is asked for by the whole address. Over Node's own agents, because the packages for it hold
 * no pending tunnel, so that neither an abort nor `close()` ends one, and print the proxy's password when `DEBUG` is set.
 */
export const openProxied = (protocol: string, proxy: Proxy): Promise<Transport> =>
  protocol === "https:" ? openTunnels(proxy) : openForwarding(proxy)

/** The proxy waits for its own connection to the target before it answers. */
const CONNECT_TIMEOUT_MS = 30_000

async function openForwarding(proxy: Proxy): Promise<Transport> {
  const module = await moduleOf(proxy)
  const agent = new module.Agent(AGENT_OPTIONS)
  return {
    proxy,
    open({ origin, host, pathname, search }, options) {
      const headers = { ...(options.headers as Record<string, string>), host, ...authorization(proxy) }
      return module.request({ ...options, ...address(proxy), agent, headers, path: origin + pathname + search })
    },
    close: () => agent.destroy(),
  }
}

async function openTunnels(proxy: Proxy): Promise<Transport> {
  const [{ Agent, request }, module] = await Promise.all([import("node:https"), moduleOf(proxy)])
  const digging = new Set<ClientRequest>()
  const agent = new Agent(AGENT_OPTIONS)
  const overSocket = agent.createConnection.bind(agent) as (options: object) => Duplex

  agent.createConnection = (options: Hole, callback) => {
    dig(options).then(
      // The host stays in the options: the certificate is compared with it.
      (socket) => callback?.(null, overSocket({ ...options, socket })),
      (error: Error) => callback?.(error, undefined as never),
    )
    return undefined
  }

  function dig({ host, port, abandoned }: Hole): Promise<Socket> {
    const target = `${isIPv6(host ?? "") ? `[${host}]` : host}:${port}`
    const url = new URL(`https://${target}`)
    return new Promise((resolve, reject) => {
      if (abandoned?.aborted) return reject(new Error("abandoned"))
      const connect = module.request({
        ...address(proxy),
        method: "CONNECT",
        path: target,
        headers: { host: target, ...authorization(proxy) },
        agent: false,
      })
      const late = (): void => {
        const seconds = CONNECT_TIMEOUT_MS / 1_000
        connect.destroy(new RequestError("proxy", `The proxy ${proxy.name} did not answer within ${seconds} s.`, url))
      }
      const timer = setTimeout(late, CONNECT_TIMEOUT_MS)
      const leave = (): void => void connect.destroy()
      const done = (): void => {
        clearTimeout(timer)
        digging.delete(connect)
        abandoned?.removeEventListener("abort", leave)
      }
      digging.add(connect)
      abandoned?.addEventListener("abort", leave, { once: true })
      connect.on("error", (error: NodeJS.ErrnoException) => {
        done()
        reject(explained(error, { url, proxy, isProxys: true }))
      })
      // Comes with every answer to CONNECT, a refusal too.
      connect.on("connect", ({ statusCode = 0 }: IncomingMessage, socket: Socket, head: Buffer) => {
        done()
        if (statusCode >= 200 && statusCode < 300) {
          if (head.length) socket.unshift(head)
          return resolve(socket)
        }
        socket.destroy()
        reject(refusal(statusCode, { proxy, url }))
      })
      connect.end()
    })
  }

  return {
    proxy,
    open: (url, options, abandoned) => request(url, { ...options, agent, abandoned } as RequestOptions),
    close() {
      for (const connect of digging) connect.destroy()
      agent.destroy()
    },
  }
}

/** What the agent is given to connect with: the options of the request, ours among them. */
type Hole = RequestOptions & { abandoned?: AbortSignal }

const moduleOf = (proxy: Proxy) => (proxy.url.protocol === "https:" ? import("node:https") : import("node:http"))

function address({ url }: Proxy): RequestOptions & { servername?: string } {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  if (url.protocol === "http:") return { host, port: url.port || 80 }
  // Node would take the name from the Host header, which is the target's.
  return { host, port: url.port || 443, servername: isIP(host) ? "" : host }
}

const authorization = ({ authorization: value }: Proxy): Record<string, string> =>
  value === undefined ? {} : { "proxy-authorization": value }
