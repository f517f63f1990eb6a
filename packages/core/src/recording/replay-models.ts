import type { LanguageModelV3 } from "@ai-sdk/provider"
import { fault } from "../lib/fault.ts"
import { secret } from "../lib/secret.ts"
import type { Request } from "../model/request.ts"
import type { Models, ResolvedModel } from "../model/resolve.ts"
import type { Cursor } from "./cursor.ts"
import type { EntryOf, Recording } from "./entry.ts"

/** Not a key: packages want one to build a request, and nothing is sent. */
const STAND_IN = "recorded"

/** The models as they were: what was asked of the settings is answered as it was then. */
export function replayModels({ entries }: Recording, request: Request, cursor: Cursor): Models {
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
    if (providerID === offlineProvider().id) return offlineLanguage()
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

const NO_DEADLINES = { headerTimeoutMs: false, chunkTimeoutMs: false, timeoutMs: false } as const
