import { EndReason } from "@opencode/protocol/end-reason.ts"
import { inline, type Infer } from "@opencode/protocol/schema.ts"
import { z } from "zod"

/** Why a run is over, in one word of a closed list. */
export const RunReason = inline(() =>
  z.enum([
    ...EndReason().options,
    /** A wrong option, or a model, agent, session or folder that is not there. Nothing was asked of a model. */
    "usage",
    /** The model ended without an answer. */
    "empty",
    /** The provider refuses for now, because of too many requests or tokens, or a quota that is used up. */
    "rate-limit",
  ]),
)
export type RunReason = Infer<typeof RunReason>
