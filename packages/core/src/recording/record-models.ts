import { withoutSecrets } from "../lib/secret.ts"
import type { LanguageInput } from "../model/language.ts"
import type { Models } from "../model/resolve.ts"
import type { Happening, RecordedLanguage } from "./entry.ts"

/** The same models; what is asked of them is noted once for each answer that it gets. */
export function recordModels(models: Models, write: (happening: Happening) => void): Models {
  const answers = new Map<string, string>()

  function note(ask: unknown[], value: unknown): void {
    const [name, text] = [JSON.stringify(ask), JSON.stringify(value)]
    if (answers.get(name) !== text) write({ k: "models", ask: name, value })
    answers.set(name, text)
  }

  return {
    ...models,
    default() {
      const value = models.default()
      note(["default"], value)
      return value
    },
    small(main) {
      const value = models.small(main)
      note(["small", main], value)
      return value
    },
    settle(ref, variant) {
      const value = models.settle(ref, variant)
      note(["settle", ref, variant], value)
      return value
    },
    offers(ref, variant) {
      const value = models.offers(ref, variant)
      note(["offers", ref, variant], value)
      return value
    },
    resolve(ref) {
      const resolved = models.resolve(ref)
      const { model, providerID, issuer, isPriced, options } = resolved
      note(["resolve", ref], withoutSecrets({ model, providerID, issuer, isPriced, options }))
      return resolved
    },
  }
}

/** What a provider package needs to be opened again: everything but who asks. */
export function recordedLanguage(input: LanguageInput): RecordedLanguage {
  const { npm, providerID, modelID, baseURL, options, mayWriteCalls = false } = input
  const { origin, pathname } = new URL(baseURL)
  return {
    npm,
    providerID,
    modelID,
    baseURL: origin + pathname,
    options: withoutSecrets({ ...options, headers: {} }),
    mayWriteCalls,
  }
}
