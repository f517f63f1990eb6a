import { reasoningWithCalls } from "./deepseek.ts"
import { completionTokens } from "./openai.ts"
import type { BodyQuirk } from "./quirk.ts"

export const BODY_QUIRKS: readonly BodyQuirk[] = [completionTokens, reasoningWithCalls]

/** What is peculiar about the body of a chat completion for this model at this address. */
export function bodyQuirks(place: {
  modelID: string
  baseURL: string
}): (body: Record<string, unknown>) => Record<string, unknown> {
  const quirks = BODY_QUIRKS.filter((quirk) => quirk.applies(place))
  return (body) => quirks.reduce((changed, quirk) => quirk.change(changed), body)
}
