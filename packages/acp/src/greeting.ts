import { Authenticate, Initialize, parseParams } from "./params.ts"
import { invalidParams } from "./rpc-error.ts"
import type { Method, Served } from "./served.ts"
import type { InitializeResponse } from "./wire.ts"

/** What both sides say of themselves before anything is opened. */

const LOGIN = "opencode-login"

export const initialize =
  ({ abilities, version }: Served): Method =>
  async ({ params }) => {
    const said = parseParams(Initialize, params)?.clientCapabilities
    abilities.writesFiles = said?.fs?.writeTextFile === true
    abilities.showsForms = (said?.elicitation?.form ?? undefined) !== undefined
    return introduction(version, said?._meta?.["terminal-auth"] === true)
  }

/** Keys are stored in a terminal, so there is nothing to do. */
export const authenticate: Method = async ({ params }) => {
  const { methodId } = parseParams(Authenticate, params)
  if (methodId !== LOGIN) throw invalidParams(`unknown auth method: ${methodId}`, { methodId })
  return {}
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
