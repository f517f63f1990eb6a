import type { EventOf } from "@opencode/protocol/event.ts"
import type { TuiRequest } from "@opencode/protocol/tui.ts"
import { fault } from "../lib/fault.ts"

/**
 * What programs ask of the screens of a folder. Every screen hears it as an event; besides, the call itself is handed to
 * whoever takes calls one by one, each to one of them.
 */

/** Calls that wait for somebody to take them. When there are more the oldest are gone: the newest say what is wanted. */
const MAX_WAITING = 100
/** A call is taken within this time or never: nobody wants the prompt of an hour ago to be submitted. */
const MAX_AGE_MS = 30_000
/** Characters the waiting calls may hold between them: as much as events keep for clients that come back. */
const MAX_CHARACTERS = 2_000_000
/** Who takes calls holds a connection each; a screen needs one. */
const MAX_TAKERS = 16

export type ScreenEvent = EventOf<"tui.prompt.append" | "tui.command.execute" | "tui.toast.show" | "tui.session.select">

export interface Screen {
  /** Tells all screens, and hands the call to one taker, now or soon. */
  ask(call: TuiRequest, event: ScreenEvent): void
  /**
   * The oldest call that nobody took, or the next one.
   * @returns undefined when the signal aborts first; no call is lost by that
   * @throws fault `limit` when too many wait, `unavailable` when the folder is closed meanwhile
   */
  next(signal: AbortSignal): Promise<TuiRequest | undefined>
  /** Whether somebody waits for a call. */
  isWaitedFor(): boolean
  close(): void
}

export interface ScreenDeps {
  publish<Type extends ScreenEvent["type"]>(type: Type, properties: EventOf<Type>["properties"]): void
  now(): number
}

interface Waiting {
  call: TuiRequest
  since: number
  characters: number
}

interface Taker {
  take(call: TuiRequest): void
  refuse(error: unknown): void
}

export function createScreen({ publish, now }: ScreenDeps): Screen {
  const waiting: Waiting[] = []
  const takers = new Set<Taker>()
  let characters = 0

  const shift = (): Waiting | undefined => {
    const first = waiting.shift()
    characters -= first?.characters ?? 0
    return first
  }
  /** The oldest that is still wanted. */
  const oldest = (): TuiRequest | undefined => {
    while (waiting[0] && now() - waiting[0].since > MAX_AGE_MS) shift()
    return shift()?.call
  }

  function keep(call: TuiRequest): void {
    const size = JSON.stringify(call).length
    if (size > MAX_CHARACTERS) return
    waiting.push({ call, since: now(), characters: size })
    characters += size
    while (waiting.length > MAX_WAITING || characters > MAX_CHARACTERS) shift()
  }

  return {
    ask(call, { type, properties }) {
      publish(type, properties)
      const [first] = takers
      if (first) first.take(call)
      else keep(call)
    },

    next(signal) {
      if (signal.aborted) return Promise.resolve(undefined)
      const call = oldest()
      if (call) return Promise.resolve(call)
      if (takers.size >= MAX_TAKERS) {
        throw fault("limit", `${MAX_TAKERS} programs wait for calls to the screen already.`)
      }
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          takers.delete(taker)
          signal.removeEventListener("abort", abort)
        }
        const taker: Taker = {
          take(call) {
            leave()
            resolve(call)
          },
          refuse(error) {
            leave()
            reject(error)
          },
        }
        const abort = (): void => {
          leave()
          resolve(undefined)
        }
        takers.add(taker)
        signal.addEventListener("abort", abort, { once: true })
      })
    },

    isWaitedFor: () => takers.size > 0,

    close() {
      for (const taker of [...takers]) taker.refuse(fault("unavailable", "The folder is being closed."))
      while (shift());
    },
  }
}
