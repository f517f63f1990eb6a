import { createOpencodeClient } from "./client.ts"
import { passwordOfServer } from "./process/password.ts"
import { createOpencodeServer, type ServerOptions } from "./server.ts"

export * from "./client.ts"
export * from "./server.ts"

/** A server of its own, and the client of it. */
export async function createOpencode(options?: ServerOptions) {
  const server = await createOpencodeServer(options)
  const client = createOpencodeClient({ baseUrl: server.url, headers: passwordOfServer() })
  return { client, server }
}
