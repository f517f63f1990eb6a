import type { Model } from "@opencode/protocol/provider.ts"

/** Tokens kept free besides the answer, because an estimate is one. A share, and for large windows no more than needed. */
const RESERVED_SHARE = 0.05
const MAX_RESERVED = 10_000
/** Of an answer that may be as long as the window itself, only so much is kept free: else there were no room to ask. */
const MAX_OUTPUT_SHARE = 0.5
/** For a model whose longest answer is not known. */
const UNKNOWN_OUTPUT_SHARE = 0.25
const MAX_UNKNOWN_OUTPUT = 8_000

/**
 * How many tokens a request to this model may have, so that its answer still fits. Undefined when the window is not
 * known: then nothing is decided by estimate.
 *
 * @param reserved the setting `compaction.reserved`
 * @param maxOutput what the request says of its answer's length; default: the model's limit
 */
export function windowOf({ limit }: Pick<Model, "limit">, reserved?: number, maxOutput?: number): number | undefined {
  if (!(limit.context > 0)) return undefined
  const asked = maxOutput ?? limit.output
  const output =
    asked > 0
      ? Math.min(asked, limit.context * MAX_OUTPUT_SHARE)
      : Math.min(MAX_UNKNOWN_OUTPUT, limit.context * UNKNOWN_OUTPUT_SHARE)
  const whole = Math.min(limit.context - output, limit.input && limit.input > 0 ? limit.input : Infinity)
  const free = reserved ?? Math.min(MAX_RESERVED, limit.context * RESERVED_SHARE)
  // A reserve larger than the window would have every request compacted.
  return Math.floor(whole - Math.min(free, whole * MAX_OUTPUT_SHARE))
}
