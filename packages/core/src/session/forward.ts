import type { MessageWithParts, PromptInput } from "@opencode/protocol/message.ts"
import { sleep } from "../lib/deadline.ts"
import { fault, isFault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import { PeerGone } from "../peer/ask.ts"
import type { Peers } from "../peer/peers.ts"
import type { Store } from "../store/store.ts"
import type { Lanes } from "./lanes.ts"
import type { Sessions } from "./sessions.ts"

/**
 * A prompt for a session that another living process works on goes to that process, and its answer comes from the store
 * as if it had been given here. Invariant: a prompt gets its id before it is sent, so that after the owner's death it is
 * known whether it was admitted; admitted, it is never sent again.
 */
export interface ForwardDeps {
  store: Store
  host: Host
  lanes: Lanes
  peers: Pick<Peers, "prompt">
  recover(sessionID: string): Promise<void>
}

/** An owner that cannot be asked now is tried again after this. */
const AGAIN_MS = 50
/** One that is ending: 10 s, more than a process needs to end its children and itself. */
const ENDING_TRIES = 200
/**
 * One without an address has the session for itself, to close or to undo something, or cannot be reached at all. 10 s:
 * to undo a thousand files takes a second or two, and whoever prompts hears of it before thinking that it hangs.
 */
const ALONE_TRIES = 200

export type Prompt = (sessionID: string, input: PromptInput, signal: AbortSignal) => ReturnType<Sessions["prompt"]>

/** @param local admits it here, unless the signal says that nobody wants it any more */
export function forwarding(local: Prompt, deps: ForwardDeps): Prompt {
  const { lanes, host } = deps
  return async (sessionID, given, signal) => {
    let input = given
    for (let tries = 1; ; tries++) {
      const owner = lanes.elsewhere(sessionID)
      if (owner?.address !== undefined) {
        const named = { ...input, messageID: input.messageID ?? host.id("msg") }
        const sent = await send(owner.address, sessionID, named, deps)
        if (sent) return sent
        if (tries >= ENDING_TRIES)
          throw fault("busy", `Session ${sessionID} is held by a process that does not answer.`)
        input = named
      } else if (!owner || tries >= ALONE_TRIES) {
        try {
          return await local(sessionID, input, signal)
        } catch (error) {
          // Between our look and our admission somebody else has taken the session.
          if (!isFault(error, "busy") || tries >= ALONE_TRIES) throw error
        }
      }
      await sleep(AGAIN_MS, signal)
    }
  }
}

type Sent = Awaited<ReturnType<Sessions["prompt"]>>

/** Absent when the owner went away without having admitted it. */
async function send(
  address: string,
  sessionID: string,
  input: PromptInput & { messageID: string },
  deps: ForwardDeps,
): Promise<Sent | undefined> {
  const { store, peers } = deps
  const { messageID } = input
  if (store.messages.get(messageID)) {
    throw fault("conflict", `There is a message with the id ${messageID} already.`, { messageID })
  }
  const { admitted, answered } = peers.prompt(address, sessionID, input)
  answered.catch(() => {}) // whoever waits for the answer hears of it
  const message = await admitted.catch((error: unknown) => {
    if (error instanceof PeerGone && error.isSilent) {
      throw fault("busy", `The process that works on session ${sessionID} does not answer; it may be suspended.`)
    }
    const isEnding = error instanceof PeerGone || isFault(error, "unavailable")
    if (!isEnding) throw error
    return store.messages.getWithParts(messageID)
  })
  if (!message) return undefined
  return input.noReply ? { message } : { message, answer: answerOf(answered, message, deps) }
}

async function answerOf(
  answered: Promise<string | null>,
  { info: { id, sessionID } }: MessageWithParts,
  deps: ForwardDeps,
): Promise<MessageWithParts> {
  try {
    return stored((await answered) ?? "", deps)
  } catch (error) {
    if (!(error instanceof PeerGone)) throw error
    return answerAfterDeath(sessionID, id, deps)
  }
}

/** What the owner had begun is closed, what it had not begun is answered here. */
async function answerAfterDeath(sessionID: string, messageID: string, deps: ForwardDeps): Promise<MessageWithParts> {
  const { store, lanes, recover } = deps
  for (let tries = 0; tries < ENDING_TRIES && lanes.elsewhere(sessionID); tries++) await sleep(AGAIN_MS)
  await recover(sessionID)
  const awaited = lanes.answerOf(sessionID, messageID)
  if (awaited) return awaited
  const last = store.messages.list(sessionID).findLast(({ info }) => info.role === "assistant")
  return stored(last?.info.id ?? "", deps)
}

function stored(messageID: string, { store }: ForwardDeps): MessageWithParts {
  const message = store.messages.getWithParts(messageID)
  if (!message) throw fault("unavailable", "The process that worked on the session ended without an answer.")
  return message
}
