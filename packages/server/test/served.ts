import { freePort } from "@opencode/testing/free-port.ts"
import { world, type World, type WorldOptions } from "@opencode/testing/world.ts"
import { createOpencodeClient as createV1 } from "published-sdk"
import { createOpencodeClient as createV2 } from "published-sdk/v2"
import { createApp, type App } from "../src/app.ts"
import type { GuardOptions } from "../src/guard/guard.ts"
import type { RoomLimits } from "../src/guard/room.ts"
import { listen, type Listening } from "../src/listen.ts"

/** A world with its door open on a socket, and the published SDK in both versions as its clients. */
export interface Served {
  world: World
  app: App
  url: string
  v1: ReturnType<typeof createV1>
  v2: ReturnType<typeof createV2>
  fetch(path: string, init?: RequestInit): Promise<Response>
  post(path: string, body: unknown): Promise<Response>
  /** Ends the server as SIGTERM would, and starts another one on the same data and address. */
  restart(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface ServedOptions extends WorldOptions {
  guard?: GuardOptions
  room?: RoomLimits
}

export async function served(options: ServedOptions = {}): Promise<Served> {
  const inside = await world(options)
  const port = await freePort()
  const open = async (): Promise<{ app: App; listening: Listening }> => {
    const app = createApp({
      ...inside.home,
      engines: inside.engines,
      directory: inside.project,
      ...(options.guard ? { guard: options.guard } : {}),
      ...(options.room ? { room: options.room } : {}),
    })
    return { app, listening: await listen({ app, log: inside.home.log, port }) }
  }
  let door = await open()
  const { url } = door.listening
  const go = (path: string, init?: RequestInit) => fetch(url + path, init)
  return {
    world: inside,
    get app() {
      return door.app
    },
    url,
    v1: createV1({ baseUrl: url }),
    v2: createV2({ baseUrl: url }),
    fetch: go,
    post: (path, body) =>
      go(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    async restart() {
      await door.listening.close()
      await inside.restart({ reopen: false })
      door = await open()
      // The connections that clients of this process kept are dead; the first to use one finds out.
      while (!(await go("/global/health").catch(() => undefined))?.ok);
    },
    async [Symbol.asyncDispose]() {
      await door.listening.close()
      await inside[Symbol.asyncDispose]()
    },
  }
}

/** The published clients answer `{ data }` or `{ error }`; a test wants the data. */
export async function dataOf<T>(answer: Promise<{ data?: T; error?: unknown }>): Promise<NonNullable<T>> {
  const { data, error } = await answer
  if (data === undefined || data === null) throw new Error(`No data: ${JSON.stringify(error)}`)
  return data
}

export interface Sse {
  id?: string
  data: { id: string; type: string; properties: Record<string, unknown>; directory?: string; payload?: Sse["data"] }
}

/** Reads a stream of events as its bytes say, until `isLast`. */
export async function readEvents(response: Response, isLast: (event: Sse) => boolean): Promise<Sse[]> {
  const found: Sse[] = []
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  try {
    while (true) {
      const { done, value } = await reader.read()
      if (done) return found
      text += value
      const frames = text.split("\n\n")
      text = frames.pop() ?? ""
      for (const frame of frames) {
        const lines = frame.split("\n")
        const id = lines.find((line) => line.startsWith("id: "))?.slice(4)
        const data = JSON.parse(lines.find((line) => line.startsWith("data: "))!.slice(6))
        found.push(id === undefined ? { data } : { id, data })
        if (isLast(found.at(-1)!)) return found
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined) // a stream that was cut has nothing to cancel
  }
}
