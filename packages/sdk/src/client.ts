import { openConnection } from "./connection.ts"
import { Auth as AuthOfMcp, Auth2 as Credentials, Mcp as McpCalls, OpencodeClient as Calls } from "./gen/sdk.gen.ts"
import type { PostSessionIdPermissionsPermissionIdData } from "./gen/types.gen.ts"
import type { Config as AnyConfig, Options } from "./v2/gen/client/types.gen.ts"

export * from "./gen/types.gen.ts"
export type { ServerSentEventsOptions, ServerSentEventsResult, StreamEvent } from "./event-stream.ts"

/** How requests are sent and what comes of them. */
export interface OpencodeClientConfig extends Omit<AnyConfig, "fetch"> {
  /** How requests are sent. Default: the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>
}

/** In v1 the calls about credentials and those about logins of MCP servers stand in both places. */
class Auth extends AuthOfMcp {
  readonly set: Credentials["set"] = (options) => new Credentials({ client: this._client }).set(options)
}

class Mcp extends McpCalls {
  override get auth(): Auth {
    return new Auth({ client: this._client })
  }
}

export class OpencodeClient extends Calls {
  override get auth(): Auth {
    return new Auth({ client: this._client })
  }

  override get mcp(): Mcp {
    return new Mcp({ client: this._client })
  }

  /** The name of `postSessionIdPermissionsPermissionId` in the documentation. */
  postSessionByIdPermissionsByPermissionId<ThrowOnError extends boolean = false>(
    options: Options<PostSessionIdPermissionsPermissionIdData, ThrowOnError>,
  ) {
    return this.postSessionIdPermissionsPermissionId<ThrowOnError>(options)
  }
}

/** The API of a server in the shape of v1: `client.session.get({ path: { id } })` resolves to `{ data, error }`. */
export function createOpencodeClient(config: OpencodeClientConfig & { directory?: string } = {}): OpencodeClient {
  const { directory, fetch, ...rest } = config
  // A function that takes a Request is one that takes what we call it with.
  const settings = { ...rest, fetch: fetch as typeof globalThis.fetch }
  const client = openConnection(settings, { directory }, { throwsUnreachable: true })
  client.interceptors.response.use(emptyAsObject)
  return new OpencodeClient({ client })
}

/** In v1 the data of an answer without a body is `{}`, as programs see by whether there is data. */
function emptyAsObject(response: Response): Response {
  if (response.status !== 204) return response
  const headers = new Headers(response.headers)
  headers.set("content-type", "application/json")
  return new Response(null, { status: response.status, statusText: response.statusText, headers })
}
