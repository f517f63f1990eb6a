import { readdirSync, rmSync, watch, type FSWatcher } from "node:fs"
import { join } from "node:path"
import { events } from "@opencode/protocol/event.ts"
import type { Bus, Scope } from "../bus/bus.ts"
import { deferred, sleep } from "../lib/deadline.ts"
import type { Log } from "../lib/log.ts"
import { ask, PeerGone, type Asking } from "./ask.ts"
import { createOpenParts, type OpenPart } from "./open-parts.ts"
import { isPeerAddress } from "./place.ts"
import type { PeerEvent } from "./wire.ts"

/**
 * Passes on what happens in other processes to those who listen to this one. It costs a connection to each process that
 * has worked on a session, and a watch of the folder of sockets for those that come; nothing is looked up on a timer.
 * It ends with the first event that nobody here hears.
 */
export interface Follower {
  /** Resolves when everything that happens from now on will be heard. */
  start(): Promise<void>
  openParts(): OpenPart[]
  close(): void
}

export interface FollowerDeps {
  /** Makes the folder of sockets if need be. */
  folder(): Promise<string>
  bus: Pick<Bus, "publish" | "subscribers">
  log: Log
  /** Our own socket, which lies in the same folder. */
  isOwn(address: string): boolean
}

/** Sessions that another process is at work on, as it told, and where they are. */
type Busy = Map<string, Scope | undefined>

interface Followed {
  asking: Asking
  ready: Promise<void>
}

/** A process that was suspended takes connections and does not answer: nobody waits for it longer. */
const READY_MS = 1_000
/** What broke off is tried again after this, so many times. */
const AGAIN_MS = 50
const TRIES = 5

export function createFollower({ folder, bus, log, isOwn }: FollowerDeps): Follower {
  const followed = new Map<string, Followed>()
  /** By address; outlives a connection that broke off and was made again. */
  const busyAt = new Map<string, Busy>()
  const openParts = createOpenParts()
  const state: { watcher?: FSWatcher | undefined; isExpected: boolean } = { isExpected: false }

  function connect(address: string, isNew: boolean, tries = 1): Promise<void> {
    const known = followed.get(address)
    if (known) return known.ready
    const busy: Busy = busyAt.get(address) ?? new Map()
    busyAt.set(address, busy)
    const ready = deferred<void>()
    let wasReady = false
    const onNote = (): void => {
      wasReady = true
      ready.resolve()
    }
    const asking = ask(
      address,
      { ask: "follow", args: isNew ? "new" : "known" },
      { isBackground: true, onNote, onEvent: (event) => hear(event, busy) },
    )
    followed.set(address, { asking, ready: ready.promise })
    asking.result.catch((error: unknown) => {
      ready.resolve()
      if (followed.get(address)?.asking !== asking) return
      followed.delete(address)
      // It lives, and let go of a follower that did not keep up; or it is just ending, which the next try shows.
      if (wasReady) return void connect(address, true)
      const isRefused = error instanceof PeerGone && error.isRefused
      // One that is being killed may take a connection with its last breath.
      if (!isRefused && tries < TRIES) {
        return void sleep(AGAIN_MS).then(() => (state.watcher ? connect(address, true, tries + 1) : undefined))
      }
      // A process that ended without a chance to tidy up left its socket behind.
      if (isRefused) rmSync(address, { force: true })
      else log.warn("another process cannot be followed", { error })
      busyAt.delete(address)
      lose(busy)
    })
    return ready.promise
  }

  function hear({ scope, event }: PeerEvent, busy: Busy): void {
    if (isUnheard()) return close()
    // A newer version of this program may tell of things that this one has no name for.
    if (!(event.type in events)) return
    if (event.type === "session.status") {
      const { sessionID, status } = event.properties
      if (status.type === "idle") busy.delete(sessionID)
      else busy.set(sessionID, scope)
    }
    openParts.hear({ ...(scope ? { scope } : {}), event })
    bus.publish(scope, event, { isPeers: true })
  }

  /** Who wanted to listen begins to a moment after us. */
  function isUnheard(): boolean {
    const hasListeners = bus.subscribers() > 0
    const isUnheard = !hasListeners && !state.isExpected
    if (hasListeners) state.isExpected = false
    return isUnheard
  }

  /** What it was at work on stands still now, and nothing looks busy for ever. */
  function lose(busy: Busy): void {
    for (const [sessionID, scope] of busy) {
      openParts.forget(sessionID)
      const status = { type: "idle" } as const
      bus.publish(scope, { type: "session.status", properties: { sessionID, status } }, { isPeers: true })
      bus.publish(scope, { type: "session.idle", properties: { sessionID } }, { isPeers: true })
    }
  }

  const addresses = (place: string): string[] =>
    readdirSync(place)
      .filter(isPeerAddress)
      .map((name) => join(place, name))
      .filter((address) => !isOwn(address))

  function lookFor(place: string): FSWatcher {
    const watcher = watch(place, { persistent: false }, () => {
      if (isUnheard()) return close()
      for (const address of addresses(place)) void connect(address, true)
    })
    return watcher.on("error", (error) => log.warn("other processes are no longer looked for", { error }))
  }

  function close(): void {
    state.watcher?.close()
    state.watcher = undefined
    const all = [...followed.values()]
    followed.clear()
    busyAt.clear()
    for (const { asking } of all) asking.close()
    for (const { part } of openParts.list()) openParts.forget(part.sessionID)
  }

  return {
    async start() {
      try {
        state.isExpected = true
        const place = await folder()
        state.watcher ??= lookFor(place)
        const stop = new AbortController()
        const all = Promise.all(addresses(place).map((address) => connect(address, false)))
        await Promise.race([all, sleep(READY_MS, stop.signal).catch(() => {})]) // the end of the other wait ends this one
        stop.abort()
      } catch (error) {
        // Own sessions are heard all the same; those of others are read from the store.
        log.warn("other processes cannot be followed", { error })
      }
    },
    openParts: openParts.list,
    close,
  }
}
