import { createApp, type App } from "@opencode/server/app.ts"
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { compose, type ComposeOptions, type Composition } from "./compose.ts"
import { CommandFailure } from "./fail.ts"

export interface Credentials {
  password: string
  username?: string | undefined
}

/** As OpenCode calls it; a server of ours takes any name that it was not told to want. */
const USUAL_NAME = "opencode"

export const basicAuthorization = ({ username = USUAL_NAME, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`

/** The API in this process: a command goes through the same door as everybody else, without a socket. */
export interface Door {
  client: OpencodeClient
  app: App
  composition: Composition
  directory: string
  close(): Promise<void>
}

/** @param credentials what others have to know who come in by a socket */
export async function openDoor(
  directory: string,
  options: ComposeOptions = {},
  credentials?: Credentials,
): Promise<Door> {
  const composition = await compose(options)
  const guard = { hostnames: ["localhost"], cors: [], ...credentials }
  const app = createApp({ ...composition.home, engines: composition.engines, directory, guard })
  const client = createOpencodeClient({
    baseUrl: "http://localhost",
    directory,
    fetch: app.fetch,
    ...(credentials ? { headers: { authorization: basicAuthorization(credentials) } } : {}),
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

/** What the API answered instead of the thing that was asked for. */
export class ApiFailure extends CommandFailure {
  /** Absent when there was no answer at all. */
  readonly status: number | undefined

  constructor(message: string, status: number | undefined) {
    super(message)
    this.status = status
  }
}

/** The data of an answer, or its error as a sentence. @throws ApiFailure */
export function dataOf<Data>(result: { data?: Data; error?: unknown; response?: { status: number } }): Data {
  if (result.error === undefined) return result.data as Data
  // What the request itself came to: it knows better than its words why.
  if (result.error instanceof CommandFailure) throw result.error
  const error = result.error as { data?: { message?: unknown }; message?: unknown }
  const message = String(error.data?.message ?? error.message ?? JSON.stringify(error))
  throw new ApiFailure(message, result.response?.status)
}
