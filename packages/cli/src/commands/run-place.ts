import { openDoor, type Credentials, type Door } from "../door.ts"
import { out } from "../out.ts"
import { warnOfEverything, workingFolder } from "../workplace.ts"
import type { RunOptions } from "./run.ts"

/** Where a run happens: in this process, or at a server. */
export interface RunPlace extends Pick<Door, "client" | "directory"> {
  /** Absent at a server elsewhere. */
  composition?: Door["composition"]
  close(): Promise<void>
}

type PlaceOptions = Pick<
  RunOptions,
  "attach" | "dir" | "port" | "username" | "password" | "printLogs" | "logLevel" | "trust"
>

/** What ends a wait at a server. The reasons are errors. */
interface Patience {
  /** For its first answer. */
  over: AbortSignal
  /** For any. */
  signal: AbortSignal
}

export async function openPlace(options: PlaceOptions, patience?: Patience): Promise<RunPlace> {
  if (options.attach !== undefined) return remotePlace(options.attach, options, patience)
  const credentials = options.port === undefined ? undefined : ownCredentials(options)
  const door = await openDoor(workingFolder(options.dir), options, credentials)
  try {
    await warnOfEverything(door)
    return options.port === undefined ? door : await listening(door, options.port, credentials)
  } catch (error) {
    await door.close()
    throw error
  }
}

async function remotePlace(url: string, options: PlaceOptions, patience: Patience | undefined): Promise<RunPlace> {
  const { openRemoteDoor } = await import("../remote-door.ts")
  const { dir: directory, username, password } = options
  const door = await openRemoteDoor({ url, directory, username, password, ...patience })
  return { ...door, close: async () => {} }
}

/** The same as for `serve`: whoever looks in has to know them. */
function ownCredentials({ username, password }: PlaceOptions): Credentials | undefined {
  const known = password ?? process.env.OPENCODE_SERVER_PASSWORD
  const name = username ?? process.env.OPENCODE_SERVER_USERNAME
  return known ? { password: known, ...(name ? { username: name } : {}) } : undefined
}

/** Others may look in while it works: on this machine, at the port that was asked for. */
async function listening(door: Door, port: number, credentials: Credentials | undefined): Promise<RunPlace> {
  const { listen } = await import("@opencode/server/listen.ts")
  const { url, close } = await listen({ app: door.app, log: door.composition.home.log, port })
  out.note(`Listening on ${url}${credentials ? "" : " without a password"}`)
  return {
    ...door,
    async close() {
      await close()
      await door.close()
    },
  }
}
