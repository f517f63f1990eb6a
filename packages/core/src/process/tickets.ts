import { randomBytes } from "node:crypto"

/** Words that open one thing once, for clients that cannot send a password with the request that opens it. */
export interface Tickets {
  give(): string
  /** @returns whether it was there, which it is no more */
  redeem(ticket: string): boolean
}

/** A client asks for one right before it comes. */
export const TICKET_SECONDS = 60
/** Nobody opens one thing more often at a time; of more the oldest are worth nothing. */
const MAX_TICKETS = 16

export function createTickets(now: () => number): Tickets {
  const ends = new Map<string, number>()
  return {
    give() {
      const ticket = randomBytes(24).toString("base64url")
      ends.set(ticket, now() + TICKET_SECONDS * 1_000)
      for (const oldest of ends.keys()) if (ends.size > MAX_TICKETS) ends.delete(oldest)
      return ticket
    },
    redeem(ticket) {
      const until = ends.get(ticket)
      ends.delete(ticket)
      return until !== undefined && now() <= until
    },
  }
}
