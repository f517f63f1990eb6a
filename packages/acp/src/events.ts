import type { Event } from "@opencode/protocol/event.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"

/** Within one process a stream breaks only when it was too slow, and there is nobody to be spared. */
const RETRY_MS = 100

interface Following {
  signal: AbortSignal
  hear(event: Event): void
  /** Something may have been missed: what is known has to be read again. */
  missed(): void
}

/**
 * Everything that happens in any folder, from one stream.
 * @returns when nothing that happens from now on can be missed
 */
export async function followEvents(client: OpencodeClient, { signal, hear, missed }: Following): Promise<void> {
  const { stream } = await client.global.event({
    signal,
    sseDefaultRetryDelay: RETRY_MS,
    sseMaxRetryDelay: RETRY_MS,
  })
  const events = stream[Symbol.asyncIterator]() as AsyncIterator<{ payload: Event }>
  await events.next() // server.connected
  void listen(events, { hear, missed })
}

async function listen(events: AsyncIterator<{ payload: Event }>, { hear, missed }: Omit<Following, "signal">) {
  for (;;) {
    const { value, done } = await events.next()
    if (done) return
    const event = value.payload
    if (event.type === "server.connected" && event.properties.resumed !== true) missed()
    else hear(event)
  }
}
