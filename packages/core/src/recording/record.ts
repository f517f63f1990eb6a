import { readFileSync } from "node:fs"
import { publicConfig } from "../config/public.ts"
import type { Config } from "@opencode/protocol/config.ts"
import type { Folders } from "../config/folders.ts"
import { withoutSecrets } from "../lib/secret.ts"
import type { Models } from "../model/resolve.ts"
import type { Tool } from "../tool/tool.ts"
import type { Boundary, DoorInput, Inside, OpenBoundary } from "./boundary.ts"
import { createConcealer } from "./conceal.ts"
import { effectOf, isInner } from "./effects.ts"
import { FORMAT } from "./entry.ts"
import { failureOf } from "./failure.ts"
import { namePlace } from "./fingerprint.ts"
import { openRecordingFile } from "./file.ts"
import { createMarks } from "./marks.ts"
import { recordHost } from "./record-host.ts"
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
  maxBytes?: number
}

/** Listens at the boundary and writes down what passes, from the first request on that may change a session. */
export function recordBoundary(options: RecordOptions): OpenBoundary {
  const { version, platform, folders, env } = options
  const concealer = createConcealer(env)
  const file = openRecordingFile({
    ...options,
    concealer,
    header: {
      opencode: "recording",
      format: FORMAT,
      version,
      platform,
      started: Date.now(),
      folders: { home: folders.home, data: folders.data, temp: folders.temp, toolOutput: folders.toolOutput },
    },
  })
  const { write } = file
  const places = new Map<string, string>()
  const answers = new Map<string, string>()
  let count = 0
  const next = (): number => ++count
  let inside: Inside | undefined
  let transcript: ReturnType<typeof recordTranscript> | undefined
  /** Sessions whose beginning is in the recording. */
  const known = new Set<string>()

  /** A question to the settings, once for each answer that it gets. */
  function answered<T>(ask: unknown[], value: T, shown: unknown): T {
    const [name, text] = [JSON.stringify(ask), JSON.stringify(shown)]
    if (answers.get(name) !== text) write({ k: "models", ask: name, value: shown })
    answers.set(name, text)
    return value
  }

  async function effect<T>(what: string, run: (n: number) => Promise<T>, shown: (value: T) => unknown): Promise<T> {
    const n = next()
    write({ k: "begin", n, what })
    try {
      const value = await run(n)
      write({ k: "outcome", n, value: shown(value) })
      return value
    } catch (error) {
      write({ k: "outcome", n, failure: failureOf(error) })
      throw error
    }
  }

  const recordedTool = (tool: Tool): Tool => ({
    ...tool,
    prepare: (input, context) =>
      effect(
        effectOf.prepare(tool.name, context),
        () => tool.prepare(input, context),
        ({ asks }) => asks,
      ),
    run: (input, plan, context) =>
      effect(
        effectOf.run(tool.name, context),
        (n) =>
          tool.run(input, plan, {
            ...context,
            ask(asks) {
              write({ k: "asks", n, asks })
              return context.ask(asks)
            },
          }),
        (result) => result,
      ),
  })

  function recordedModels(models: Models): Models {
    return {
      ...models,
      default: () => {
        const value = models.default()
        return answered(["default"], value, value)
      },
      small: (main) => {
        const value = models.small(main)
        return answered(["small", main], value, value)
      },
      settle: (ref, variant) => {
        const value = models.settle(ref, variant)
        return answered(["settle", ref, variant], value, value)
      },
      offers: (ref, variant) => {
        const value = models.offers(ref, variant)
        return answered(["offers", ref, variant], value, value)
      },
      resolve: (ref) => {
        const resolved = models.resolve(ref)
        const { model, providerID, issuer, options } = resolved
        return answered(["resolve", ref], resolved, withoutSecrets({ model, providerID, issuer, options }))
      },
    }
  }

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
      write({ k: "config", directory: given.directory, value: replayable(config.value) })
      return config
    },

    async models(open, given) {
      const opened = await open(given)
      return { ...opened, models: recordedModels(opened.models) }
    },

    opened({ npm, providerID, modelID, baseURL, key, headers, options: given, mayWriteCalls = false }) {
      concealer.learn(key?.reveal())
      concealer.learnMembers(headers)
      concealer.learnMembers(given)
      concealer.learnMembers(baseURL)
      const { origin, pathname } = new URL(baseURL)
      const input = { npm, providerID, modelID, baseURL: origin + pathname, mayWriteCalls }
      write({
        k: "language",
        name: `${providerID}/${modelID}`,
        input: { ...input, options: withoutSecrets({ ...given, headers: {} }) },
      })
    },

    tools: (tools) => tools.map((tool) => (isInner(tool) ? tool : recordedTool(tool))),

    attachments: (open) => (part, sessionID) =>
      effect(
        effectOf.attach(sessionID),
        () => open(part, sessionID),
        (attachment) => attachment,
      ),

    input(input: DoorInput) {
      noteStanding(input.target)
      const n = next()
      concealer.learnMembers(input.body)
      write({ k: "input", n, ...input })
      file.begin()
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
      const marks = createMarks((what) => write({ k: "mark", what }))
      opened.bus.subscribe({}, (frame) => {
        if (frame.type === "session.created") known.add((frame.properties as { sessionID: string }).sessionID)
        marks(frame)
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

/** Without what a replay has no use for and a key could stand in: models and tools come from the recording. */
function replayable(value: Config): Config {
  const { provider: _, mcp: _mcp, lsp: _lsp, formatter: _formatter, plugin: _plugin, username: _name, ...rest } = value
  return publicConfig({ value: rest })
}
