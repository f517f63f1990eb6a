import type { Agent, ClientRequest, RequestOptions } from "node:http"
import type { Environment, Proxy } from "./proxy-rule.ts"

/** How a request gets to where it goes: straight, or through a proxy. */
export interface Transport {
  /** @param abandoned aborts when nobody wants the answer any more; a request without a socket yet could not tell */
  open(url: URL, options: RequestOptions, abandoned: AbortSignal): ClientRequest
  /** Whom the connection goes to instead. */
  proxy?: Proxy
  close(): void
}

export interface Transports {
  /** @throws RequestError when a variable names a proxy that cannot be used */
  to(url: URL): Promise<Transport>
  /** Ends every connection, idle or not. A later request opens new ones. */
  close(): void
}

/** One provider, and a title beside the answer: more idle connections help nobody. */
const MAX_IDLE_SOCKETS = 4
export const AGENT_OPTIONS = { keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS }

/** Nothing of proxies is loaded unless one is named. */
export function createTransports(env: Environment = {}): Transports {
  const namesProxy = Object.entries(env).some(([name, value]) => value && /^(https?|all)_proxy$/i.test(name))
  const transports = new Map<string, Promise<Transport>>()

  async function to(url: URL): Promise<Transport> {
    const proxy = namesProxy ? (await import("./proxy-rule.ts")).proxyFor(url, env) : undefined
    const name = `${url.protocol} ${proxy?.url.href ?? ""}`
    const known = transports.get(name)
    if (known) return known
    const opened = proxy
      ? import("./proxy.ts").then(({ openProxied }) => openProxied(url.protocol, proxy))
      : direct(url)
    transports.set(name, opened)
    return opened
  }

  return {
    to,
    close() {
      for (const opened of transports.values())
        // A transport that could not be opened told its own request so.
        opened.then(
          (transport) => transport.close(),
          () => {},
        )
      transports.clear()
    },
  }
}

async function direct({ protocol }: URL): Promise<Transport> {
  const module = protocol === "https:" ? await import("node:https") : await import("node:http")
  const agent: Agent = new module.Agent(AGENT_OPTIONS)
  return { open: (to, options) => module.request(to, { ...options, agent }), close: () => agent.destroy() }
}
