// Clients of the event stream as they are in the wild: they lose their connection, read late or not at all for a while,
// come back, and read everything again when they are told that they missed something.
import { createFollower, type Known } from "@opencode/testing/follower.ts"
import { dataOf, type Served } from "./served.ts"

/** Between two attempts to connect. */
const RETRY_MS = 5

interface Told {
  type: string
  properties: Record<string, unknown>
}

export interface Client {
  known(): Known
  /** Resolves when the client has heard of a session with this title and has nothing left to read. */
  heardOf(title: string): Promise<void>
  /** Loses its connection, and comes back when it is called with false. */
  leave(isAway: boolean): void
  /** Reads nothing until it is called with false. */
  pause(isPaused: boolean): void
  close(): Promise<void>
}

/** How a client is connected: hands over events until the connection breaks, with the number of the last one. */
export type Connect = (s: Served, after: string | undefined, signal: AbortSignal) => AsyncIterable<Numbered>

type Numbered = { event: Told; number?: string | undefined }

/** What the API says of everything in the folder. */
export async function readAll({ v2 }: Pick<Served, "v2">): Promise<Known> {
  const sessions = await dataOf(v2.session.list())
  const read = await Promise.all(
    sessions.map(async ({ id: sessionID }) => {
      const [messages, todos] = await Promise.all([v2.session.messages({ sessionID }), v2.session.todo({ sessionID })])
      // Removed meanwhile: the event that tells so is on its way.
      return messages.data && todos.data ? { sessionID, messages: messages.data, todos: todos.data } : undefined
    }),
  )
  const there = read.filter((one) => one !== undefined)
  const known = {
    sessions: sessions.filter(({ id }) => there.some(({ sessionID }) => sessionID === id)),
    statuses: await dataOf(v2.session.status()),
    permissions: await dataOf(v2.permission.list()),
    messages: Object.fromEntries(there.map(({ sessionID, messages }) => [sessionID, messages])),
    todos: Object.fromEntries(there.map(({ sessionID, todos }) => [sessionID, todos])),
  }
  const follower = createFollower()
  follower.begin(known as Known)
  return follower.known()
}

export function startClient(s: Served, connect: Connect): Client {
  const follower = createFollower()
  const closing = new AbortController()
  let connection = new AbortController()
  let last: string | undefined
  let paused: Pause | undefined
  let away: Pause | undefined
  /** Set while everything is read again: what happens meanwhile is heard afterwards, for it may be newer. */
  let early: Told[] | undefined

  async function readAgain(): Promise<void> {
    const heard: Told[] = (early = [])
    const known = await readAll(s)
    if (early !== heard) return // a later reading is under way
    early = undefined
    follower.begin(known)
    for (const event of heard) follower.hear(event)
  }

  async function listen(): Promise<void> {
    for await (const { event, number } of connect(s, last, connection.signal)) {
      await paused?.ended
      if (number !== undefined) last = number
      if (event.type === "server.connected" && event.properties.resumed !== true)
        void readAgain().catch(() => connection.abort()) // the server ended meanwhile: from the beginning
      else if (early) early.push(event)
      else follower.hear(event)
    }
  }

  async function live(): Promise<void> {
    while (!closing.signal.aborted) {
      connection = new AbortController()
      try {
        await listen()
      } catch {
        // Broken off, refused, or dropped by ourselves: what clients live with.
      }
      if (early) {
        early = undefined
        last = undefined
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      await away?.ended
    }
  }

  const living = live()
  return {
    known: follower.known,
    async heardOf(title) {
      const deadline = Date.now() + 45_000
      while (early || !follower.known().sessions.some((session) => session.title === title)) {
        if (Date.now() > deadline) throw new Error(`The client never heard of ${title}.`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    leave(isAway) {
      if (isAway) connection.abort()
      away = changed(away, isAway)
    },
    pause: (isPaused) => void (paused = changed(paused, isPaused)),
    async close() {
      paused?.end()
      away?.end()
      closing.abort()
      connection.abort()
      await living
    },
  }
}

/** What ends when somebody says so. */
interface Pause {
  end(): void
  ended: Promise<void>
}

function changed(pause: Pause | undefined, isOn: boolean): Pause | undefined {
  if (isOn && pause) return pause
  pause?.end()
  if (!isOn) return undefined
  let end = (): void => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  return { end, ended }
}

/** By hand, as a program in another language does it. */
export const byHand: Connect = async function* (s, after, signal) {
  const headers = new Headers(after === undefined ? [] : [["last-event-id", after]])
  const response = await s.fetch("/event", { headers, signal })
  let text = ""
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const frames = (text + piece).split("\n\n")
    text = frames.pop() ?? ""
    for (const frame of frames) {
      const field = (name: string) => frame.split("\n").find((line) => line.startsWith(`${name}: `))
      yield { event: JSON.parse(field("data")!.slice(6)) as Told, number: field("id")?.slice(4) }
    }
  }
}

/** By the published SDK, which comes back by itself after an error, with the number of its last event. */
export const bySdk: Connect = async function* ({ v2 }, _, signal) {
  const { stream } = await v2.event.subscribe({}, { signal, sseDefaultRetryDelay: 5, sseMaxRetryAttempts: 3 })
  for await (const event of stream) yield { event: event as Told }
}

/** All folders of the server, as a client of the global stream does it. */
export const byGlobalSdk: Connect = async function* ({ v2 }, _, signal) {
  const { stream } = await v2.global.event({ signal, sseDefaultRetryDelay: 5, sseMaxRetryAttempts: 3 })
  for await (const { payload } of stream as AsyncIterable<{ payload: Told }>) yield { event: payload }
}
