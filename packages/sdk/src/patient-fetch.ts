/** Where Node keeps what sends its requests: it has no other name for it. */
const DISPATCHER = Symbol.for("undici.globalDispatcher.1")

interface Dispatcher {
  constructor: new (limits: { headersTimeout: number; bodyTimeout: number }) => Dispatcher
}

/**
 * The global `fetch`, without the five minutes after which Node and Bun give up a request whose answer has not begun: an
 * agent may work for longer than that. What somebody has put in its place, a proxy or an agent with certificates, stays.
 */
export function patientFetch(): typeof fetch {
  let agent: Dispatcher | undefined
  return (input, init) => {
    if ("Bun" in globalThis) return globalThis.fetch(input, { ...init, timeout: false } as object)
    const usual = (globalThis as { [DISPATCHER]?: Dispatcher })[DISPATCHER]
    const isOurs = usual?.constructor.name === "Agent" && addressOf(input).startsWith("http:")
    if (!isOurs) return globalThis.fetch(input, init)
    agent ??= new usual.constructor({ headersTimeout: 0, bodyTimeout: 0 })
    return globalThis.fetch(input, { ...init, dispatcher: agent } as object)
  }
}

const addressOf = (input: string | URL | Request): string => (input instanceof Request ? input.url : String(input))
