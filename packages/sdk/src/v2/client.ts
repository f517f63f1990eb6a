import { openConnection } from "../connection.ts"
import type { Config } from "./gen/client/types.gen.ts"
import { OpencodeClient } from "./gen/sdk.gen.ts"

export * from "./gen/types.gen.ts"
export type { FileSystemEntry as LocationFileSystemEntry } from "./gen/types.gen.ts"
export type { ServerSentEventsOptions, ServerSentEventsResult, StreamEvent } from "../event-stream.ts"
export { type Config as OpencodeClientConfig, OpencodeClient }

/** What clients of other servers than ours run into: a proxy or a page that answers everything. */
const A_PAGE = "Request is not supported by this version of OpenCode Server (Server responded with text/html)"

export interface OpencodeClientOptions extends Omit<Config, "fetch"> {
  /** How requests are sent: always called with one `Request`. Default: the global `fetch`. */
  fetch?: typeof fetch | ((request: Request) => Promise<Response>)
  /** The folder that requests are about, unless they say otherwise. */
  directory?: string
  /** For programs that were written for servers with workspaces: sent along, and ignored by this server. */
  experimental_workspaceID?: string
}

/** The API of a server, one method per operation: `client.session.create({ title })` resolves to `{ data, error }`. */
export function createOpencodeClient(options: OpencodeClientOptions = {}): OpencodeClient {
  const { directory, experimental_workspaceID: workspace, fetch, ...config } = options
  // A function that takes a Request is one that takes what we call it with.
  const settings = { ...config, fetch: fetch as typeof globalThis.fetch }
  const client = openConnection(settings, { directory, workspace }, { throwsUnreachable: false })
  client.interceptors.response.use((response) => {
    if (response.headers.get("content-type")?.startsWith("text/html")) throw new Error(A_PAGE)
    return response
  })
  return new OpencodeClient({ client })
}
