import type { ClientAbilities } from "./abilities.ts"
import type { Request } from "./connection.ts"
import type { Order } from "./order.ts"
import type { Sessions } from "./sessions.ts"

/** The one client that is served, as every method knows it. */
export interface Served {
  version: string
  /** As it said with `initialize`. */
  abilities: ClientAbilities
  /** Opens everything with the first one who asks. */
  sessions(): Promise<Sessions>
  /** What names a session is begun in the order in which it came. */
  order: Order
  /** For a person who looks for a fault. */
  note(text: string): void
}

/** @returns the result; throws RpcError for what the client can read, anything else for a bug */
export type Method = (request: Request) => Promise<object>
