import { optionsOf } from "./choice.ts"
import type { Request } from "./connection.ts"
import type { OpenSession } from "./open-session.ts"
import { ListSessions, LoadSession, NewSession, OfSession, parseParams, ReopenSession } from "./params.ts"
import type { Method, Served } from "./served.ts"

/** Sessions come and go. */
export function sessionMethods({ sessions, order, note }: Served): Record<SessionMethod, Method> {
  /** An answer with what can be chosen; what can be typed follows it, because some editors know the session only then. */
  function answered(session: OpenSession, { afterwards }: Request): { configOptions: object[] } {
    afterwards(() =>
      sessions()
        .then((all) => all.tellMore(session))
        .catch((error: unknown) => note(`What can be typed could not be read: ${String(error)}`)),
    )
    return { configOptions: optionsOf(session.choice, session.offer) }
  }

  return {
    async create(request) {
      const { cwd, mcpServers } = parseParams(NewSession, request.params)
      tellServers(mcpServers, note)
      const session = await (await sessions()).create(cwd)
      return { sessionId: session.id, ...answered(session, request) }
    },

    async load(request) {
      const { sessionId, mcpServers } = parseParams(LoadSession, request.params)
      tellServers(mcpServers, note)
      const all = await sessions()
      return answered(await order.run(sessionId, () => all.reopen(sessionId, { isTold: true })), request)
    },

    async resume(request) {
      const { sessionId, mcpServers } = parseParams(ReopenSession, request.params)
      tellServers(mcpServers ?? [], note)
      const all = await sessions()
      return answered(await order.run(sessionId, () => all.reopen(sessionId, { isTold: false })), request)
    },

    async fork(request) {
      const { sessionId, mcpServers } = parseParams(ReopenSession, request.params)
      tellServers(mcpServers ?? [], note)
      const all = await sessions()
      const session = await order.run(sessionId, () => all.fork(sessionId))
      return { sessionId: session.id, ...answered(session, request) }
    },

    async list({ params }) {
      const { cwd, cursor } = parseParams(ListSessions, params) ?? {}
      return (await sessions()).list({ cwd: cwd ?? undefined, cursor: cursor ?? undefined })
    },

    async close({ params }) {
      const { sessionId } = parseParams(OfSession, params)
      const all = await sessions()
      await order.run(sessionId, () => all.close(sessionId))
      return {}
    },
  }
}

type SessionMethod = "create" | "load" | "resume" | "fork" | "list" | "close"

function tellServers(servers: { name: string }[], note: (text: string) => void): void {
  if (servers.length === 0) return
  note(`MCP servers of the client are not connected: ${servers.map(({ name }) => name).join(", ")}`)
}
