import { fault } from "@opencode/core/lib/fault.ts"
import type { PtyAttachment, PtyReader } from "@opencode/core/process/ptys.ts"
import { errorAnswer, type ErrorAnswer } from "./errors.ts"
import { splitTarget, type Incoming } from "./exchange.ts"
import type { Guard } from "./guard/guard.ts"
import { placeOf } from "./place.ts"
import type { ServerParts } from "./route.ts"
import type { Router } from "./router.ts"
import { connect } from "./routes/pty.ts"
import { validate } from "./validate.ts"

/** What a request to become a websocket gets: a way in, or a refusal. */
export type Upgrade = (incoming: Incoming) => Promise<Admission>
export type Admission = { attach: Attach } | { refusal: ErrorAnswer }

/** @param cut called when the server ends. Throws a fault when the terminal is gone, or looked into by too many */
export type Attach = (reader: PtyReader, cut: () => void) => PtyAttachment

interface UpgradeDeps {
  guard: Guard
  match: Router
  server: ServerParts
  directory: string
  live: Set<() => void>
}

/**
 * The same guard as for every request, and one thing more: browsers let any page open a websocket and send the password
 * that they remember, so a page needs a ticket, which opens one terminal once. A ticket also stands for the password,
 * which pages cannot send here.
 */
export function createUpgrade({ guard, match, server, directory, live }: UpgradeDeps): Upgrade {
  async function admitted(incoming: Incoming): Promise<Attach> {
    const [path, query] = splitTarget(incoming.target)
    const search = new URLSearchParams(query)
    const ticket = search.get("ticket")
    const found = match(incoming.method, path)
    const isTerminal = found?.route === connect
    guard.admit({ incoming, path, search, hasTicket: isTerminal && ticket !== null }, {})
    if (!isTerminal) throw fault("not_found", `There is no websocket ${path}.`)
    const { ptyID } = validate(connect.declaration.params, found.params, "Params") as { ptyID: string }
    const { ptys } = await server.engines.at(placeOf(incoming, search, directory).directory)
    // Who has no ticket that opens it must not hear which terminals there are.
    if (ticket !== null && !isGood(() => ptys.tickets(ptyID).redeem(ticket))) {
      throw fault("pty_forbidden", "The ticket was used, is too old, or is for another terminal.")
    }
    ptys.get(ptyID)
    if (ticket === null && incoming.header("origin") !== undefined) {
      throw fault("pty_forbidden", "A page needs a ticket; see connect-token.")
    }
    const cursor = cursorOf(search.get("cursor"))
    return (reader, cut) => {
      const attachment = ptys.attach(ptyID, reader, cursor)
      live.add(cut)
      return {
        ...attachment,
        leave() {
          live.delete(cut)
          attachment.leave()
        },
      }
    }
  }

  return async (incoming) => {
    try {
      return { attach: await admitted(incoming) }
    } catch (error) {
      return { refusal: errorAnswer(error, server) }
    }
  }
}

/** A terminal that is not there has no tickets. */
function isGood(redeem: () => boolean): boolean {
  try {
    return redeem()
  } catch {
    return false
  }
}

/** Something else than a number shows everything, as a cursor that is not sent does. */
function cursorOf(text: string | null): number | undefined {
  return text !== null && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
}
