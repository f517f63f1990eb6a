import { z } from "zod"
import { inline, type Infer } from "./schema.ts"

export const ModelRef = inline(() => z.object({ providerID: z.string(), modelID: z.string() }))
export type ModelRef = Infer<typeof ModelRef>

/** Reads `provider/model`; the model's own name may contain slashes. */
export function parseModelRef(text: string): ModelRef | undefined {
  const slash = text.indexOf("/")
  if (slash <= 0 || slash === text.length - 1) return undefined
  return { providerID: text.slice(0, slash), modelID: text.slice(slash + 1) }
}

/** A model, and which of its variants. */
export type ModelChoice = ModelRef & { variant?: string }

/** Reads `model#variant`. A model's own name may hold the sign: look for that first. */
export function splitVariant(modelID: string): { modelID: string; variant: string } | undefined {
  const sign = modelID.lastIndexOf("#")
  if (sign <= 0 || sign === modelID.length - 1) return undefined
  return { modelID: modelID.slice(0, sign), variant: modelID.slice(sign + 1) }
}
