import { join } from "node:path"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { Store } from "../store/store.ts"
import type { Boundary, OpenBoundary } from "./boundary.ts"
import { createCursor, isStep, Stalled, type Outside } from "./cursor.ts"
import type { Entry, Recording } from "./entry.ts"
import type { Fingerprint } from "./fingerprint.ts"
import { createMarks } from "./marks.ts"
import { replayEffects } from "./replay-effects.ts"
import { replayHost } from "./replay-host.ts"
import { replayModels } from "./replay-models.ts"
import { replayRequest } from "./replay-request.ts"
import { openStage, staged } from "./stage.ts"
import { firstDifference, recordedTranscript, replayedTranscript, type Difference } from "./transcript.ts"

/** A recording at work again: the boundary for its program, and the order of what comes through it. */
export interface Replay {
  boundary: OpenBoundary
  /** Where the program works instead of a recorded folder. */
  directoryOf(recorded: string): string
  /** Brings in the sessions that were there before. */
  prepare(store: Store): Promise<void>
  /** Resolves when the recording is at its end, or cannot go on. */
  play(outside: Outside): Promise<void>
  /** How it came out. Read it before the store is closed. */
  verdict(store: Store): Verdict
  /** Ends what waits for more. */
  end(): void
}

export interface Verdict {
  sessions: number
  messages: number
  parts: number
  requests: number
  /** The first difference of the transcripts. */
  difference?: Difference
  /** The program went another way than the recorded one: did what it had not done, or did not what it had. */
  hasLeft: boolean
  /** Whatever else the program did differently, in its order. */
  deviations: string[]
  isWhole: boolean
  /** What each recorded request says now, by its number. */
  said: ReadonlyMap<number, Fingerprint>
}

/** Deviations that are told; after the first, most are consequences. */
const MAX_DEVIATIONS = 20

/** @param folder empty, for this replay alone: its folders are made in it */
export function openReplay(recording: Recording, folder: string, stallMs?: number): Replay {
  const cursor = createCursor(recording.entries, stallMs)
  const deviations: string[] = []
  const differs = (what: string): void => {
    if (deviations.length < MAX_DEVIATIONS) deviations.push(what)
  }
  let hasLeft = false
  const lost = (what: string): void => {
    differs(what)
    hasLeft = true
    cursor.stop()
  }
  const { folders, places, recorded: recordedNames } = openStage(recording, folder)
  const directoryOf = (recorded: string): string => folders.get(recorded)?.directory ?? join(folder, "elsewhere")
  const recordedName = (directory: string): string | undefined =>
    [...folders].find(([, folder]) => folder.directory === directory)?.[0]
  /** Of what a folder stood on: the newest of those that came before what is awaited now. */
  const standing = (directory: string, fits: (entry: Entry) => boolean): Entry | undefined => {
    const recorded = recordedName(directory)
    const all = [...recording.entries.entries()].filter(
      ([, entry]) => fits(entry) && "directory" in entry && entry.directory === recorded,
    )
    return (all.findLast(([index]) => index < cursor.position()) ?? all[0])?.[1]
  }
  const said = new Map<number, Fingerprint>()
  const inputs = recording.entries.filter((entry) => entry.k === "input")
  let taken = 0
  let tell = (): void => {}
  /** What was noted before the next thing happens is known already. */
  function approvalsAt(directory: string | undefined): PermissionRuleset {
    const { entries } = recording
    const next = entries.findIndex((entry, index) => index > cursor.position() && isStep(entry))
    const found = entries
      .slice(0, next < 0 ? entries.length : next)
      .findLast((entry) => entry.k === "approvals" && entry.directory === directory)
    return found?.k === "approvals" ? found.rules : []
  }

  return {
    directoryOf,

    boundary: ({ host }): Boundary => {
      const request = replayRequest({ recording, cursor, places, said, differs, lost })
      return {
        host: replayHost(host, recording, cursor),
        request,
        hasPeers: false,
        folders: (real) => ({ ...real, ...recording.header.folders }),
        async workspace(open, options) {
          const workspace = await open(options)
          const known = [...folders.values()].find(({ directory }) => directory === workspace.directory)
          if (!known) return workspace
          const { worktree, projectID, vcs } = known
          return { ...workspace, worktree, projectID, ...(vcs ? { vcs } : {}) }
        },
        async found<T>(what: string, { directory }: { directory: string }, find: () => Promise<T>) {
          const found = standing(directory, (entry) => entry.k === "found" && entry.what === what)
          // Recordings of before this was asked have nothing of it.
          return found?.k === "found" ? (found.value as T) : find()
        },
        async config(_, { directory, generation = 1 }) {
          const found = standing(directory, ({ k }) => k === "config")
          const { value, pending = [] } = found?.k === "config" ? found : { value: {} }
          const isHeld = (command: string): boolean =>
            pending.some(({ kind, path }) => kind === "command" && path[1] === command)
          const trust = { items: pending, pending, mayRunShell: (command: string) => !isHeld(command) }
          return { value, generation, origin: () => undefined, issues: [], said: [], rules: [], trust }
        },
        approvals: (directory) => () => approvalsAt(recordedName(directory)),
        models: async () => ({ models: replayModels({ recording, request, cursor, recordedNames }), issues: [] }),
        opened: () => {},
        ...replayEffects({ recording, cursor, lost }),
        input() {
          const { n = 0, method = "", target = "" } = inputs[taken++] ?? {}
          tell()
          const recorded = recording.entries.find((entry) => entry.k === "answered" && entry.n === n)
          return (ok) => {
            if (recorded?.k === "answered" && recorded.ok !== ok)
              lost(`${method} ${target} was ${ok ? "accepted" : "refused"}, which it was not in the recording.`)
            cursor.did(`answered ${n}`)
          }
        },
        attach: ({ bus }) => void bus.subscribe({ isInner: true }, createMarks(cursor.did)),
        closing: () => {},
        close: () => {},
      }
    },

    async prepare(store) {
      const before = recording.entries.filter((entry) => entry.k === "before")
      await store.write((tx) => {
        for (const { session, messages } of before) {
          store.sessions.insert(tx, staged(session, directoryOf))
          for (const { info, parts } of messages) {
            store.messages.put(tx, info)
            for (const [index, part] of parts.entries()) store.parts.put(tx, part, index)
          }
        }
      })
    },

    async play({ send, close }) {
      try {
        await cursor.play({
          close,
          async send(input) {
            const isTaken = new Promise<void>((resolve) => (tell = resolve))
            // What does not get through the door is not waited for here: its answer will be missed.
            await Promise.race([isTaken, send(input)])
          },
        })
      } catch (error) {
        if (!(error instanceof Stalled)) throw error
        lost(error.message)
      }
    },

    verdict(store) {
      const recorded = recordedTranscript(recording, places)
      const replayed = replayedTranscript(recorded, store, places)
      const difference = firstDifference(recorded, replayed, recording.isWhole)
      const messages = recorded.flatMap((transcript) => transcript.messages)
      return {
        sessions: recorded.length,
        messages: messages.length,
        parts: messages.reduce((sum, { message }) => sum + (message as { parts: unknown[] }).parts.length, 0),
        requests: recording.entries.filter(({ k }) => k === "request").length,
        deviations,
        hasLeft,
        isWhole: recording.isWhole,
        said,
        ...(difference ? { difference } : {}),
      }
    },

    end: cursor.end,
  }
}
