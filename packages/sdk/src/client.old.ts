import { createClient } from "./gen/client/client.gen.ts"
import type { Config } from "./gen/client/types.gen.ts"
import { OpencodeClient } from "./gen/sdk.gen.ts"

export { OpencodeClient }

export interface OpencodeClientConfig extends Omit<Config, "fetch"> {
  /** How requests are sent. Default: the global `fetch`. Inside the server's own process: the app itself. */
  fetch?: (request: Request) => Promise<Response>
  /** The folder that requests are about, unless they say otherwise. */
  directory?: string
}

/** The API of a server, one method per operation: `client.session.create({ title })` resolves to `{ data, error }`. */
export function createOpencodeClient({
  fetch,
  directory,
  headers,
  ...config
}: OpencodeClientConfig = {}): OpencodeClient {
  const client = createClient({
    ...config,
    ...(fetch ? { fetch: fetch as typeof globalThis.fetch } : {}),
    headers: {
      ...(headers as Record<string, string> | undefined),
      // Percent-encoded, because a header holds Latin-1 only and a path may hold anything.
      ...(directory === undefined ? {} : { "x-opencode-directory": encodeURIComponent(directory) }),
    },
  })
  return new OpencodeClient({ client })
}
