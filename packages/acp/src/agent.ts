import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { createConnection } from "./connection.ts"
import { methodsOf } from "./methods.ts"
import { createOrder } from "./order.ts"
import { createPrompting } from "./prompting.ts"
import { methodNotFound } from "./rpc-error.ts"
import type { Served } from "./served.ts"
import { openSessions, type Sessions } from "./sessions.ts"

/**
 * The Agent Client Protocol, version 1: one client on the other end of a pair of streams, in terms of the API. What it
 * can ask for is listed in `methods.ts`.
 */
export interface AcpOptions {
  input: AsyncIterable<Uint8Array>
  /** Gets one message, a line. */
  send(line: string): void
  /** Called once, when the first session is wanted: an editor that only asks what we can do opens nothing. */
  open(): Promise<OpencodeClient>
  /** For a person who looks for a fault. */
  note(text: string): void
  version: string
}

/** Serves until the input ends; then what runs is stopped. */
export async function serveAcp({ input, send, open, note, version }: AcpOptions): Promise<void> {
  let opened: Promise<Sessions> | undefined
  const served: Served = {
    version,
    note,
    abilities: { writesFiles: false, showsForms: false },
    order: createOrder(),
    sessions: () =>
      (opened ??= open()
        .then((client) => openSessions({ client, connection, abilities: served.abilities, note }))
        .catch((error: unknown) => {
          opened = undefined // what is wrong may be mended before the next try
          throw error
        })),
  }
  const prompting = createPrompting(served)
  const methods = methodsOf(served, prompting)

  const connection = createConnection({
    input,
    send,
    note,
    async answer(request) {
      const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined
      if (!method) throw methodNotFound(request.method)
      return method(request)
    },
    hear: prompting.hear,
    ended() {
      opened?.then((all) => all.end()).catch(() => {}) // it never opened, so nothing runs
    },
  })
  await connection.serve()
  await opened?.then((all) => all.end()).catch(() => {}) // as above
}
