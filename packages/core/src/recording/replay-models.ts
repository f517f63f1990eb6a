import type { LanguageModelV3 } from "@ai-sdk/provider"
import { fault } from "../lib/fault.ts"
import { secret } from "../lib/secret.ts"
import type { Request } from "../model/request.ts"
import type { Models, ResolvedModel } from "../model/resolve.ts"
import type { Cursor } from "./cursor.ts"
import type { EntryOf, Recording } from "./entry.ts"
import { withPlaces, type Places } from "./fingerprint.ts"

/** Not a key: packages want one to build a request, and nothing is sent. */
const STAND_IN = "recorded"

interface ReplayModelsDeps {
  recording: Recording
  request: Request
  cursor: Cursor
  recordedNames: Places
}

/** The models as they were: what was asked of the settings is answered as it was then. */
export function replayModels({ recording, request, cursor, recordedNames }: ReplayModelsDeps): Models {
  const { entries } = recording
  const answers = new Map<string, { index: number; value: unknown }[]>()
  const languages = new Map<string, EntryOf<"language">>()
  for (const [index, entry] of entries.entries()) {
    if (entry.k === "models") answers.set(entry.ask, [...(answers.get(entry.ask) ?? []), { index, value: entry.value }])
    if (entry.k === "language") languages.set(entry.name, entry)
  }

  function answer<T>(...ask: unknown[]): T {
    const given = answers.get(JSON.stringify(ask)) ?? []
    // The latest of those that came before what is awaited now.
    const found = given.findLast(({ index }) => index < cursor.position()) ?? given[0]
    if (!found) throw fault("model_not_found", `The recording has no answer to ${JSON.stringify(ask)}.`)
    return found.value as T
  }

  async function open(providerID: string, modelID: string): Promise<LanguageModelV3> {
    const { offlineLanguage, offlineProvider } = await import("../model/offline.ts")
    if (providerID === offlineProvider().id) return inRecordedPlaces(offlineLanguage(), recordedNames)
    const input = languages.get(`${providerID}/${modelID}`)?.input
    if (!input) throw fault("model_not_found", `The recording has no requests to ${providerID}/${modelID}.`)
    const { openLanguage } = await import("../model/language.ts")
    return openLanguage({ ...input, headers: {}, key: secret(STAND_IN), deadlines: NO_DEADLINES, request, env: {} })
  }

  return {
    list: () => [],
    all: () => [],
    defaults: () => ({}),
    keyVariables: () => [],
    default: () => answer("default"),
    small: (main) => answer("small", main),
    settle: (ref, variant) => answer("settle", ref, variant),
    offers: (ref, variant) => answer("offers", ref, variant),
    resolve(ref) {
      const found = answer<Pick<ResolvedModel, "model" | "providerID" | "issuer" | "isPriced" | "options">>(
        "resolve",
        ref,
      )
      return { ...found, conceal: (text) => text, language: () => open(found.providerID, found.model.api.id) }
    },
  }
}

/**
 * The offline model answers again. What it says, and how long it says the conversation is, depends on the names of
 * folders in it: it is told the recorded ones.
 */
const inRecordedPlaces = (language: LanguageModelV3, names: Places): LanguageModelV3 => ({
  ...language,
  doGenerate: (options) => language.doGenerate({ ...options, prompt: renamed(options.prompt, names) }),
  doStream: (options) => language.doStream({ ...options, prompt: renamed(options.prompt, names) }),
})

/** The same with other names in its texts; what is no plain data (bytes, addresses) stays as it is. */
function renamed<Value>(value: Value, names: Places): Value {
  const walk = (member: unknown): unknown => {
    if (typeof member === "string") return withPlaces(member, names)
    if (Array.isArray(member)) return member.map(walk)
    if (typeof member !== "object" || member === null || Object.getPrototypeOf(member) !== Object.prototype)
      return member
    return Object.fromEntries(Object.entries(member).map(([name, one]) => [name, walk(one)]))
  }
  return walk(value) as Value
}

const NO_DEADLINES = { headerTimeoutMs: false, chunkTimeoutMs: false, timeoutMs: false } as const
