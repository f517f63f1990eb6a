import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import type { ClientAbilities } from "./abilities.ts"
import { optionsOf, withMode, withModel, withOption } from "./choice.ts"
import { createConnection, type Request } from "./connection.ts"
import type { OpenSession } from "./open-session.ts"
import { createOrder } from "./order.ts"
import * as params from "./params.ts"
import { parseParams } from "./params.ts"
import { invalidParams, methodNotFound } from "./rpc-error.ts"
import { openSessions, type Sessions } from "./sessions.ts"
import type { InitializeResponse } from "./wire.ts"

/**
 * The Agent Client Protocol, version 1: one client on the other end of a pair of streams, in terms of the API.
 */
export interface AcpOptions {
  input: AsyncIterable<Uint8Array>
  /** Gets one message, a line. */
  send(line: string): void
  /** Called once, when the first session is wanted: an editor that only asks what we can do opens nothing. */
  open(): Promise<OpencodeClient>
  /** For a person who looks for a fault. */
  note(text: string): void
  version: string
}

const LOGIN = "opencode-login"

/** Serves until the input ends; then what runs is stopped. */
export async function serveAcp({ input, send, open, note, version }: AcpOptions): Promise<void> {
  const abilities: ClientAbilities = { writesFiles: false, showsForms: false }
  const order = createOrder()
  let opened: Promise<Sessions> | undefined

  const sessions = (): Promise<Sessions> =>
    (opened ??= open()
      .then((client) => openSessions({ client, connection, abilities, note }))
      .catch((error: unknown) => {
        opened = undefined // what is wrong may be mended before the next try
        throw error
      }))

  /** An answer with what can be chosen; what can be typed follows it, because some editors know the session only then. */
  function answered(session: OpenSession, { afterwards }: Request): { configOptions: object[] } {
    afterwards(() =>
      sessions()
        .then((all) => all.tellMore(session))
        .catch((error: unknown) => note(`What can be typed could not be read: ${String(error)}`)),
    )
    return { configOptions: optionsOf(session.choice, session.offer) }
  }

  const methods: Record<string, (request: Request) => Promise<object>> = {
    async initialize({ params: given }) {
      const said = parseParams(params.Initialize, given)?.clientCapabilities
      abilities.writesFiles = said?.fs?.writeTextFile === true
      abilities.showsForms = (said?.elicitation?.form ?? undefined) !== undefined
      return introduction(version, said?._meta?.["terminal-auth"] === true)
    },

    async authenticate({ params: given }) {
      const { methodId } = parseParams(params.Authenticate, given)
      if (methodId !== LOGIN) throw invalidParams(`unknown auth method: ${methodId}`, { methodId })
      return {}
    },

    async "session/new"(request) {
      const { cwd, mcpServers } = parseParams(params.NewSession, request.params)
      tellServers(mcpServers, note)
      const session = await (await sessions()).create(cwd)
      return { sessionId: session.id, ...answered(session, request) }
    },

    async "session/load"(request) {
      const { sessionId, mcpServers } = parseParams(params.LoadSession, request.params)
      tellServers(mcpServers, note)
      const all = await sessions()
      return answered(await order.run(sessionId, () => all.reopen(sessionId, { isTold: true })), request)
    },

    async "session/resume"(request) {
      const { sessionId, mcpServers } = parseParams(params.ReopenSession, request.params)
      tellServers(mcpServers ?? [], note)
      const all = await sessions()
      return answered(await order.run(sessionId, () => all.reopen(sessionId, { isTold: false })), request)
    },

    async "session/fork"(request) {
      const { sessionId, mcpServers } = parseParams(params.ReopenSession, request.params)
      tellServers(mcpServers ?? [], note)
      const all = await sessions()
      const session = await order.run(sessionId, () => all.fork(sessionId))
      return { sessionId: session.id, ...answered(session, request) }
    },

    async "session/list"({ params: given }) {
      const { cwd, cursor } = parseParams(params.ListSessions, given) ?? {}
      return (await sessions()).list({ cwd: cwd ?? undefined, cursor: cursor ?? undefined })
    },

    async "session/prompt"(request) {
      const { sessionId, prompt } = parseParams(params.Prompt, request.params)
      const all = await sessions()
      // Not until it is answered: a second one and a cancellation have to get through.
      const { answer } = await order.run(sessionId, async () => ({ answer: all.prompt(all.get(sessionId), prompt) }))
      return answer
    },

    async "session/close"({ params: given }) {
      const { sessionId } = parseParams(params.OfSession, given)
      const all = await sessions()
      await order.run(sessionId, () => all.close(sessionId))
      return {}
    },

    async "session/set_mode"({ params: given }) {
      const { sessionId, modeId } = parseParams(params.SetMode, given)
      await tellChosen(sessionId, (choice, offer) => withMode(choice, modeId, offer))
      return {}
    },

    async "session/set_model"({ params: given }) {
      const { sessionId, modelId } = parseParams(params.SetModel, given)
      await tellChosen(sessionId, (choice, offer) => withModel(choice, modelId, offer))
      return {}
    },

    async "session/set_config_option"({ params: given }) {
      const { sessionId, ...option } = parseParams(params.SetConfigOption, given)
      const configOptions = await chosen(sessionId, (choice, offer) => withOption(choice, option, offer))
      return { configOptions }
    },
  }

  async function chosen(sessionId: string, change: Parameters<Sessions["choose"]>[1]) {
    const all = await sessions()
    return order.run(sessionId, () => all.choose(all.get(sessionId), change))
  }

  /** Where the answer has no room for it. */
  async function tellChosen(sessionId: string, change: Parameters<Sessions["choose"]>[1]): Promise<void> {
    const configOptions = await chosen(sessionId, change)
    const all = await sessions()
    all.get(sessionId).send({ sessionUpdate: "config_option_update", configOptions })
  }

  /** Which session's prompt a request is, as long as it runs. */
  const prompting = new Map<unknown, string>()

  async function cancel(sessionId: string): Promise<void> {
    const all = await sessions()
    await order.run(sessionId, async () => {
      // Not waited for: a tool that is slow to end must not hold up what comes next.
      all.cancel(all.get(sessionId)).catch((error: unknown) => note(`It could not be stopped: ${String(error)}`))
    })
  }

  const connection = createConnection({
    input,
    send,
    note,
    async answer(request) {
      const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined
      if (!method) throw methodNotFound(request.method)
      const about = request.params as { sessionId?: unknown } | undefined
      if (request.method === "session/prompt") prompting.set(request.id, String(about?.sessionId))
      return method(request).finally(() => prompting.delete(request.id))
    },
    hear(method, given) {
      const sessionId =
        method === "session/cancel"
          ? params.OfSession().safeParse(given).data?.sessionId
          : method === "$/cancel_request"
            ? prompting.get(params.CancelRequest().safeParse(given).data?.requestId)
            : undefined
      if (sessionId === undefined) return note(`Passed over: ${method}`)
      cancel(sessionId).catch((error: unknown) => note(`${method}: ${String(error)}`))
    },
    ended() {
      opened?.then((all) => all.end()).catch(() => {}) // it never opened, so nothing runs
    },
  })
  await connection.serve()
  await opened?.then((all) => all.end()).catch(() => {}) // as above
}

function introduction(version: string, opensTerminals: boolean): InitializeResponse {
  const terminal = { command: "opencode", args: ["auth", "login"], label: "opencode auth login" }
  return {
    protocolVersion: 1,
    agentCapabilities: {
      loadSession: true,
      // Servers that a client names are not connected yet; so none of these kinds is.
      mcpCapabilities: { http: false, sse: false },
      promptCapabilities: { embeddedContext: true, image: true },
      sessionCapabilities: { close: {}, fork: {}, list: {}, resume: {} },
    },
    authMethods: [
      {
        id: LOGIN,
        name: "Login with opencode",
        description: "Run `opencode auth login` in the terminal",
        ...(opensTerminals ? { _meta: { "terminal-auth": terminal } } : {}),
      },
    ],
    agentInfo: { name: "OpenCode", version },
  } as InitializeResponse
}

function tellServers(servers: { name: string }[], note: (text: string) => void): void {
  if (servers.length === 0) return
  note(`MCP servers of the client are not connected: ${servers.map(({ name }) => name).join(", ")}`)
}
