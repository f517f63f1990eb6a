import { readFileSync, realpathSync } from "node:fs"
import type { Config } from "@opencode/protocol/config.ts"
import type { Folders } from "../config/folders.ts"
import { publicConfig } from "../config/public.ts"
import type { Boundary, Inside, OpenBoundary } from "./boundary.ts"
import { createConcealer } from "./conceal.ts"
import { FORMAT } from "./entry.ts"
import { openRecordingFile } from "./file.ts"
import { namePlace } from "./fingerprint.ts"
import { createMarks } from "./marks.ts"
import { recordEffects } from "./record-effects.ts"
import { recordHost } from "./record-host.ts"
import { recordedLanguage, recordModels } from "./record-models.ts"
import { recordRequest } from "./record-request.ts"
import { recordTranscript, standing } from "./record-transcript.ts"

export interface RecordOptions {
  /** Absolute. */
  path: string
  version: string
  platform: NodeJS.Platform
  folders: Folders
  env: Readonly<Record<string, string | undefined>>
  tell(message: string): void
}

/** Listens at the boundary and writes down what passes, from the first request on that may change a session. */
export function recordBoundary(options: RecordOptions): OpenBoundary {
  const { version, platform, env } = options
  const { home, data, temp, toolOutput } = options.folders
  const concealer = createConcealer(env)
  const started = Date.now()
  const folders = { home, data, temp, toolOutput }
  const header = { opencode: "recording", format: FORMAT, version, platform, started, folders } as const
  const file = openRecordingFile({ ...options, concealer, header })
  const { write } = file
  const places = new Map<string, string>()
  /** As they were last written down, by folder. */
  const configs = new Map<string, string>()
  let count = 0
  const next = (): number => ++count
  let inside: Inside | undefined
  let transcript: ReturnType<typeof recordTranscript> | undefined
  /** Sessions whose beginning is in the recording. */
  const known = new Set<string>()

  function noteStanding(target: string): void {
    const sessionID = /^\/session\/(ses[^/?]*)/.exec(target)?.[1]
    if (sessionID === undefined || known.has(sessionID) || !inside) return
    for (const { session, messages } of standing(inside.store, sessionID)) {
      if (known.has(session.id)) continue
      known.add(session.id)
      write({ k: "before", session, messages })
    }
  }

  function learnLogins(path: string): void {
    try {
      const entries = Object.values(JSON.parse(readFileSync(path, "utf8")) as Record<string, object>)
      // All that a login holds, by whatever name: keys, tokens to refresh and to use.
      for (const [name, value] of entries.flatMap((entry) => Object.entries(entry)))
        if (name !== "type" && typeof value === "string") concealer.learn(value)
    } catch {
      // none yet, or none that can be read: the values that are used are learned from the requests
    }
  }

  return ({ host, request }): Boundary => ({
    host: recordHost(host, file),
    request: recordRequest({ request, write, next, concealer, places }),
    hasPeers: true,
    folders: (real) => real,

    async workspace(open, given) {
      const workspace = await open(given)
      const { directory, worktree, vcs, projectID } = workspace
      namePlace(places, workspace)
      write({ k: "folder", directory, worktree, projectID, ...(vcs ? { vcs } : {}) })
      return workspace
    },

    async config(load, given) {
      const config = await load(given)
      concealer.learnMembers(config.value)
      const value = replayable(config.value)
      const pending = [...config.trust.pending]
      const text = JSON.stringify([value, pending])
      // They are read again and again, and are mostly what they were.
      if (configs.get(given.directory) !== text)
        write({ k: "config", directory: given.directory, value, ...(pending.length ? { pending } : {}) })
      configs.set(given.directory, text)
      return config
    },

    approvals(directory, read) {
      let last = "[]"
      return () => {
        const rules = read()
        const now = JSON.stringify(rules)
        if (now !== last) write({ k: "approvals", directory, rules })
        last = now
        return rules
      }
    },

    async found(what, { directory }, find) {
      const value = await find()
      write({ k: "found", what, directory, value })
      return value
    },

    async models(open, given) {
      const opened = await open(given)
      return { ...opened, models: recordModels(opened.models, write) }
    },

    opened(input) {
      concealer.learn(input.key?.reveal())
      concealer.learnMembers({ headers: input.headers, options: input.options, address: input.baseURL })
      write({ k: "language", name: `${input.providerID}/${input.modelID}`, input: recordedLanguage(input) })
    },

    ...recordEffects({ write, next }),

    input(input) {
      noteStanding(input.target)
      const n = next()
      concealer.learnMembers(input.body)
      write({ k: "input", n, ...input, directory: canonical(input.directory) })
      return (ok) => {
        transcript?.writeAll()
        write({ k: "answered", n, ok })
      }
    },

    attach(opened) {
      inside = opened
      learnLogins(opened.credentialsFile)
      transcript = recordTranscript(opened.store, write)
      const { frame: note } = transcript
      const mark = createMarks((what) => write({ k: "mark", what }))
      opened.bus.subscribe({ isInner: true }, (frame) => {
        if (frame.type === "session.created") known.add((frame.properties as { sessionID: string }).sessionID)
        mark(frame)
        note(frame)
      })
    },

    closing: () => write({ k: "closing" }),

    close() {
      transcript?.writeAll()
      write({ k: "closed" })
      file.close()
    },
  })
}

/** As engines name their folders. One that is not there keeps its name, and its request fails in the replay as well. */
function canonical(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    return directory
  }
}

/** Without what a replay has no use for and a key could stand in: models and tools come from the recording. */
function replayable(value: Config): Config {
  const {
    provider: _provider,
    mcp: _mcp,
    lsp: _lsp,
    formatter: _formatter,
    plugin: _plugin,
    username: _name,
    ...rest
  } = value
  return publicConfig({ value: rest })
}
