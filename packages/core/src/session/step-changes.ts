import type { Session } from "@opencode/protocol/session.ts"
import type { Host } from "../lib/host.ts"
import type { Log } from "../lib/log.ts"
import type { Change } from "../store/change-store.ts"
import type { Lease } from "../store/lease-store.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import { shownPath } from "../workspace/odd-path.ts"
import { collectContents } from "./change-collect.ts"
import { MAX_TOLD_TEXT, netSteps, summaryOf, withinText, type ChangeDiffs } from "./change-diff.ts"
import { changesOf, familyChanges, placeOf, stateID } from "./change-scope.ts"
import type { ChangeJournal } from "./journal.ts"
import type { Publish, StepRecord } from "./record.ts"

/** Tells what a step and a turn did to files: in the answer, in the session, and in the prompt. Nothing when nothing. */
export interface StepChanges {
  /** At the end of a step, before its last commit. Adds the part that names the changed files. Never fails the step. */
  endOfStep(record: StepRecord): Promise<StepEnd | undefined>
  /** At the end of a turn. Never fails the turn. */
  endOfTurn(turn: { sessionID: string; lease: Lease }): Promise<void>
}

export interface StepEnd {
  summary: NonNullable<Session["summary"]>
  /** Belongs into the commit that ends the step. */
  commit(tx: Tx): void
  /** After that commit. */
  announce(): void
}

export interface StepChangesDeps {
  store: Store
  host: Pick<Host, "id" | "now">
  log: Log
  publish: Publish
  journal: ChangeJournal
  diffs: ChangeDiffs
}

/** The prompt's row is read with every page of messages; a client that wants all patches asks for the diff. */
const MAX_PROMPT_TEXT = 32 * 1024

export function createStepChanges(deps: StepChangesDeps): StepChanges {
  const { store, host, log, publish, journal, diffs } = deps
  /** Prompts whose answers changed something in the turn that runs, by session. */
  const answered = new Map<string, Set<string>>()

  /** With what is known and not stored yet: the changes of this step are settled by its last commit. */
  function changesNow(sessionID: string, messageID: string): Change[] {
    const happened = journal.unsettled(messageID)
    return familyChanges(sessionID, store).flatMap((change) => {
      const after = happened.get(change.position)
      return after ? [{ ...change, after }] : change.settled ? [change] : []
    })
  }

  async function changesOfStep({ message, parts, put }: StepRecord): Promise<StepEnd | undefined> {
    const { id: messageID, sessionID, parentID } = message
    // What an agent did that this step called is this step's too.
    const hasCalledAgent = parts.some((part) => part.type === "tool" && part.tool === "task")
    if (!journal.hasChanged(messageID) && !hasCalledAgent) return undefined
    const all = changesNow(sessionID, messageID)
    const start = store.messages.position(messageID)
    const isOfAgent = (change: Change) =>
      hasCalledAgent && change.sessionID !== sessionID && placeOf(change, store) > start
    const ours = all.filter((change) => change.messageID === messageID || isOfAgent(change))
    const files = [...new Set(ours.flatMap(({ path, kind }) => (kind === "unseen" ? [] : [shownPath(path)])))]
    if (files.length === 0) return undefined
    const hash = stateID(sessionID, (ours[0]?.position ?? 1) - 1)
    put({ id: host.id("prt"), sessionID, messageID, type: "patch", hash, files })
    answered.set(sessionID, (answered.get(sessionID) ?? new Set()).add(parentID))
    const diff = await diffs.of(netSteps(all))
    return {
      summary: summaryOf(diff),
      commit(tx) {
        for (const [position, after] of journal.unsettled(messageID)) store.changes.settle(tx, position, after)
      },
      announce() {
        journal.settled(messageID)
        publish("session.diff", { sessionID, diff: withinText(diff, MAX_TOLD_TEXT) })
      },
    }
  }

  async function tellPrompt(sessionID: string, messageID: string, lease: Lease): Promise<void> {
    const found = await diffs.of(netSteps(changesOf(sessionID, messageID, store)))
    const info = await store.turnWrite(lease, (tx) => {
      const prompt = store.messages.get(messageID)
      if (prompt?.role !== "user") return undefined
      const told = { ...prompt, summary: { ...prompt.summary, diffs: withinText(found, MAX_PROMPT_TEXT) } }
      store.messages.put(tx, told)
      return told
    })
    if (info) publish("message.updated", { sessionID, info })
  }

  return {
    async endOfStep(record) {
      try {
        return await changesOfStep(record)
      } catch (error) {
        // The answer is worth more than what is said of its changes, which are on record all the same.
        log.error("the changes of a step could not be told", { sessionID: record.message.sessionID, error })
        return undefined
      }
    },

    async endOfTurn({ sessionID, lease }) {
      const prompts = answered.get(sessionID)
      if (!prompts) return
      answered.delete(sessionID)
      try {
        for (const messageID of prompts) await tellPrompt(sessionID, messageID, lease)
        await collectContents(store, host.now())
      } catch (error) {
        // The turn is over and its answer stored; this is told again by whoever asks for the diff.
        log.error("the changes of a turn could not be told", { sessionID, error })
      }
    },
  }
}
