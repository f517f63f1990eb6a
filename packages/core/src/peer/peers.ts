import { lstatSync } from "node:fs"
import type { MessageWithParts, PromptInput } from "@opencode/protocol/message.ts"
import type { PermissionReply, PermissionRequest } from "@opencode/protocol/permission.ts"
import type { QuestionAnswer, QuestionRequest } from "@opencode/protocol/question.ts"
import type { Bus } from "../bus/bus.ts"
import { ensureFolder } from "../config/folders.ts"
import { deferred } from "../lib/deadline.ts"
import { fault, isFault } from "../lib/fault.ts"
import type { Log } from "../lib/log.ts"
import type { HeldLease, Owner } from "../store/lease-store.ts"
import { makePrivate } from "../store/private-place.ts"
import { isAlive } from "../store/process-identity.ts"
import { ask, PeerGone } from "./ask.ts"
import { createFollower } from "./follow.ts"
import { listenForPeers, type PeerListening, type PeerService } from "./listen.ts"
import type { OpenPart } from "./open-parts.ts"
import { peerAddress, peerFolder } from "./place.ts"

/**
 * The other processes of this user that work on the same database. A session belongs, while something is being answered
 * in it, to the process that holds its lease; what is wanted of that session elsewhere is asked of that process.
 */
export interface Peers {
  /** Where others ask this process. Opened by the first call; absent where that is not possible. */
  address(): Promise<string | undefined>
  serve(service: PeerService): void
  /** @returns when it is admitted, the prompt; then the id of the message that answers it. Both reject with `PeerGone`. */
  prompt(address: string, sessionID: string, input: PromptInput): ForwardedPrompt
  /** Whether something ran. @throws fault `busy` when that process does not answer, as a suspended one */
  abort(address: string, sessionID: string): Promise<boolean>
  /** Has no call of the session wait for its subagent there. @returns whether one did. @throws as `abort` */
  background(address: string, sessionID: string): Promise<boolean>
  /** What other processes ask a person about the sessions of a folder. */
  questions(directory: string): Promise<PermissionRequest[]>
  /** Whether some other process had asked this. @throws the fault of that process */
  reply(requestID: string, answer: PermissionAnswer, sessionID?: string): Promise<boolean>
  /** What models want to know there, for the sessions of a folder. */
  questionRequests(directory: string): Promise<QuestionRequest[]>
  /**
   * @param answers absent: the person does not want to answer
   * @returns whether some other process had asked this
   * @throws the fault of that process
   */
  answer(requestID: string, answers: QuestionAnswer[] | undefined): Promise<boolean>
  /** More is approved for good than before: what waits for it elsewhere need not. */
  approved(): Promise<void>
  /** From now on what happens in other processes is published here too, as long as somebody listens. */
  follow(): Promise<void>
  /** Parts that other processes are writing at this moment, as far as they are followed. */
  openParts(): OpenPart[]
  close(): Promise<void>
}

export interface ForwardedPrompt {
  admitted: Promise<MessageWithParts>
  answered: Promise<string | null>
}

export interface PermissionAnswer {
  reply: PermissionReply
  message?: string
  /** Keeps what "always" allows beyond the process. */
  save?: true
}

export interface PeersDeps {
  /** The database file: who works on the same one meets. */
  database: string
  owner: Owner
  leases(): HeldLease[]
  bus: Bus
  log: Log
  platform: NodeJS.Platform
  uid?: number | undefined
}

export function openPeers({ database, owner, leases, bus, log, platform, uid }: PeersDeps): Peers {
  const state: { service?: PeerService; opening?: Promise<Opened | undefined> } = {}
  const follower = createFollower({ folder, bus, log, isOwn: (name) => name.includes(`/${owner.pid}-`) })

  /** Everybody who may enter it may ask us anything. */
  async function folder(): Promise<string> {
    const place = await ensureFolder(peerFolder(database, uid), uid === undefined ? {} : { uid })
    if (lstatSync(place).isSymbolicLink()) throw new Error(`${place} is a link.`)
    makePrivate(place)
    return place
  }

  async function open(service: PeerService): Promise<Opened | undefined> {
    try {
      const address = peerAddress(await folder(), owner.pid)
      return { address, listening: await listenForPeers(address, service, log) }
    } catch (error) {
      log.warn("other processes cannot reach this one", { error })
      return undefined
    }
  }

  const isSupported = platform !== "win32"

  /** Processes that are at work: only they have something to ask a person. */
  const working = (): string[] => {
    const others = leases().filter((held) => held.pid !== owner.pid && isAlive(held))
    return [...new Set(others.flatMap(({ address }) => address ?? []))]
  }

  /** What each of them has of something. */
  async function gather<T>(name: string, args: unknown): Promise<T[]> {
    const asked = working().map(
      (address) =>
        ask(address, { ask: name, args }, { deadlineMs: ANSWER_MS }).result.catch(whenGoneOrOlder([])) as Promise<T[]>,
    )
    return (await Promise.all(asked)).flat()
  }

  /** Whether one of them says that it was its own. */
  async function isTaken(name: string, args: unknown): Promise<boolean> {
    for (const address of working()) {
      const asking = ask(address, { ask: name, args }, { deadlineMs: ANSWER_MS })
      if ((await asking.result.catch(whenGone(false))) === true) return true
    }
    return false
  }

  return {
    async address() {
      if (!state.service || !isSupported) return undefined
      return (await (state.opening ??= open(state.service)))?.address
    },

    serve: (service) => void (state.service = service),

    prompt(address, sessionID, input) {
      const admitted = deferred<MessageWithParts>()
      const { result } = ask(
        address,
        { ask: "prompt", args: { sessionID, input } },
        { deadlineMs: ADMISSION_MS, onNote: (note) => admitted.resolve(note as MessageWithParts) },
      )
      result.catch(admitted.reject)
      return { admitted: admitted.promise, answered: result as Promise<string | null> }
    },

    async abort(address, sessionID) {
      const question = { ask: "abort", args: { sessionID } }
      const { result } = ask(address, question, { deadlineMs: ANSWER_MS })
      return (await result.catch(whenGone(false, sessionID))) === true
    },

    async background(address, sessionID) {
      const { result } = ask(address, { ask: "background", args: { sessionID } }, { deadlineMs: ANSWER_MS })
      return (await result.catch(whenGone(false, sessionID))) === true
    },

    questions: (directory) => gather("questions", { directory }),
    reply: (requestID, answer, sessionID) => isTaken("reply", { requestID, answer, sessionID }),
    questionRequests: (directory) => gather("question-requests", { directory }),
    answer: (requestID, answers) => isTaken("answer", { requestID, answers }),

    approved: async () => void (await gather("approved", {})),

    follow: async () => (isSupported ? follower.start() : undefined),

    openParts: follower.openParts,

    async close() {
      follower.close()
      await (await state.opening)?.listening.close()
    },
  }
}

interface Opened {
  address: string
  listening: PeerListening
}

/** Attachments are read and hooks are run before a prompt is admitted. */
const ADMISSION_MS = 30_000
/** What is in the other's memory is told at once, unless that process is suspended. */
const ANSWER_MS = 2_000

/**
 * A process that has just ended, or is suspended, asks nothing.
 * @param sessionID what a suspended process works on, where that matters: it goes on with it later
 */
const whenGone =
  <T>(instead: T, sessionID?: string) =>
  (error: unknown): T => {
    if (!(error instanceof PeerGone)) throw error
    if (!error.isSilent || sessionID === undefined) return instead
    throw fault("busy", `The process that works on session ${sessionID} does not answer; it may be suspended.`, {
      sessionID,
    })
  }

/** One of an earlier version does not know what it is asked, and so has nothing of it. */
const whenGoneOrOlder =
  <T>(instead: T) =>
  (error: unknown): T =>
    isFault(error, "bad_request") ? instead : whenGone(instead)(error)
