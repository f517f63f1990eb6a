import { z } from "zod"
import { schema, type Infer } from "./schema.ts"

/** Why a turn is over, in one word. Closed: whoever reads it can list them all. An addition of ours to the 1.x API. */
export const EndReason = schema("EndReason", () =>
  z.enum([
    /** The model had nothing more to call. */
    "stop",
    /** A person or a program ended it. */
    "aborted",
    /** The process died under it; written when the session is opened again. */
    "interrupted",
    /** A question was answered with a bare no, here or in a subagent. */
    "rejected",
    // Limits of the turn and its subagents together; `steps` is also the agent's own.
    "steps",
    "tokens",
    "cost",
    "time",
    /** The provider kept failing in a way that usually passes. */
    "retries",
    /** No key, or one that was refused. */
    "authentication",
    /** The provider refused the request, or cannot be reached at all. */
    "provider",
    /** The conversation does not fit into the model's context. */
    "context",
    /** Compacting did not make it fit. */
    "compaction",
    /** The same calls with the same results, or the same text, over and over. */
    "repetition",
    /** The answer was cut at the model's limit for output. */
    "output-length",
    "content-filter",
    /** No answer in the wanted form came about. */
    "structured-output",
    /** A mistake of this program or its storage. */
    "error",
  ]),
)
export type EndReason = Infer<typeof EndReason>
