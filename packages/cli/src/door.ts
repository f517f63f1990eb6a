import { createApp, type App } from "@opencode/server/app.ts"
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { compose, type ComposeOptions, type Composition } from "./compose.ts"
import { CommandFailure } from "./fail.ts"

/** The API in this process: a command goes through the same door as everybody else, without a socket. */
export interface Door {
  client: OpencodeClient
  app: App
  composition: Composition
  directory: string
  close(): Promise<void>
}

export async function openDoor(directory: string, options: ComposeOptions = {}): Promise<Door> {
  const composition = await compose(options)
  const guard = { hostnames: ["localhost"], cors: [] }
  const app = createApp({ ...composition.home, engines: composition.engines, directory, guard })
  const client = createOpencodeClient({
    baseUrl: "http://localhost",
    directory,
    fetch: app.fetch,
  })
  return {
    client,
    app,
    composition,
    directory,
    async close() {
      app.close()
      await composition.close()
    },
  }
}

/** The data of an answer, or its error as a sentence. */
export function dataOf<Data>(result: { data?: Data; error?: unknown }): Data {
  if (result.error === undefined) return result.data as Data
  const error = result.error as { data?: { message?: unknown }; message?: unknown }
  throw new CommandFailure(String(error.data?.message ?? error.message ?? JSON.stringify(error)))
}
