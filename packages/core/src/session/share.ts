import type { Config } from "@opencode/protocol/config.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { fault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { Log } from "../lib/log.ts"
import { createOrder } from "../lib/order.ts"
import type { Store } from "../store/store.ts"
import type { ExportSession } from "./export.ts"
import type { Publish } from "./record.ts"
import type { Sessions } from "./sessions.ts"
import { sharePage } from "./share-page.ts"
import { openSharePlace, pageName, type SharePlace, type SharePlaceDeps } from "./share-place.ts"

/**
 * Sessions as pages for others. A shared session's page follows it: it is written again whenever the session is quiet,
 * and removed with it. Nothing is written or sent before somebody shares, or has configured that all is shared.
 */
export interface Share {
  /** Makes the page, or makes it anew. @throws fault `bad_request` (disabled, too large), `unavailable`, `storage` */
  share(sessionID: string): Promise<Session>
  /** Removes the page. Does nothing for a session that is not shared. @throws fault `bad_request`, `unavailable` */
  unshare(sessionID: string): Promise<Session>
  /** To be told of what happens in the folder: pages follow their sessions. */
  heard: Publish
  /** Somebody took something out of a quiet session, or worded it anew: the page of a shared one must not go on showing it. */
  edited(sessionID: string): void
  /** Finishes the pages that are being written. */
  close(): Promise<void>
}

export interface ShareDeps extends SharePlaceDeps {
  /** As it is now. */
  config(): Pick<Config, "share" | "enterprise">
  store: Store
  host: Pick<Host, "id">
  log: Log
  publish: Publish
  sessions: Pick<Sessions, "get">
  exportSession: ExportSession
}

/** Characters of a page. A browser shows no larger one with pleasure, and it is in memory while it is made. */
const MAX_PAGE_CHARACTERS = 64 * 1024 * 1024

export function createShare(deps: ShareDeps): Share {
  const { config, store, host, log, publish, sessions, exportSession } = deps
  /** By session, so that an old page replaces no newer one. */
  const order = createOrder()

  const place = (): SharePlace => openSharePlace(config().enterprise?.url, deps)

  function pageOf(sessionID: string): string {
    let page = ""
    for (const piece of sharePage(exportSession(sessionID))) {
      page += piece
      if (page.length <= MAX_PAGE_CHARACTERS) continue
      throw fault(
        "bad_request",
        `The session is larger than ${MAX_PAGE_CHARACTERS / 1024 / 1024} MB and is not shared.`,
      )
    }
    return page
  }

  async function remember(sessionID: string, url: string | undefined): Promise<Session> {
    const info = await store.write((tx) => {
      const { share: _, ...session } = sessions.get(sessionID)
      const changed: Session = url === undefined ? session : { ...session, share: { url } }
      store.sessions.replace(tx, changed)
      return changed
    })
    publish("session.updated", { sessionID, info })
    return info
  }

  async function write(sessionID: string): Promise<Session> {
    const session = sessions.get(sessionID)
    const pages = place()
    const known = session.share?.url
    const url = known !== undefined && pages.holds(known) ? known : pages.urlOf(pageName(host.id("tool")))
    await pages.put(url, pageOf(sessionID))
    if (url === known) return session
    return remember(sessionID, url).catch(async (error: unknown) => {
      // Nobody would know of the page, and so nobody would remove it.
      await pages.remove(url)
      throw error
    })
  }

  async function remove(url: string): Promise<void> {
    const pages = place()
    if (pages.holds(url)) return pages.remove(url)
    throw fault("bad_request", `The page ${url} is not where sessions are shared to now; it has to be removed there.`)
  }

  /**
   * Whether its page is to be written without being asked for. A page elsewhere stays where it is: another place that was
   * configured since is no reason to send there what was shared to a folder.
   */
  const isFollowed = ({ share, parentID }: Session): boolean =>
    share ? place().holds(share.url) : config().share === "auto" && parentID === undefined

  async function follow(sessionID: string): Promise<void> {
    const session = store.sessions.get(sessionID)
    if (session && isFollowed(session)) await write(sessionID)
  }

  /** What nobody asked for must not fail what somebody did. */
  const quietly = (sessionID: string, act: () => Promise<unknown>): void =>
    void order
      .run(sessionID, act)
      .catch((error: unknown) => log.warn("a shared page is not up to date", { sessionID, error }))

  return {
    async share(sessionID) {
      sessions.get(sessionID)
      if (config().share === "disabled") throw fault("bad_request", "Sharing is disabled by the configuration.")
      return order.run(sessionID, () => write(sessionID))
    },

    unshare: (sessionID) =>
      order.run(sessionID, async () => {
        const session = sessions.get(sessionID)
        if (!session.share) return session
        await remove(session.share.url)
        return remember(sessionID, undefined)
      }),

    heard(type, properties) {
      if (type === "session.idle" && "sessionID" in properties && config().share !== "disabled") {
        const { sessionID = "" } = properties
        quietly(sessionID, () => follow(sessionID))
      }
      if (type === "session.deleted" && "info" in properties && "share" in properties.info && properties.info.share) {
        const { url } = properties.info.share
        quietly(properties.info.id, () => remove(url))
      }
    },

    edited(sessionID) {
      if (config().share === "disabled" || !store.sessions.get(sessionID)?.share) return
      quietly(sessionID, () => follow(sessionID))
    },

    close: order.settled,
  }
}
