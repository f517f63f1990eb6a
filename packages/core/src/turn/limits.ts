/** What one turn and all its subagents may use together, and how long a subagent may take. */
export interface Limits {
  /** Answers of models. */
  steps: number
  /** Tokens in and out, those from a cache included: what providers read and write. */
  tokens?: number
  /** US dollars, of the answers whose price is known. */
  cost?: number
  /** Milliseconds from the beginning of the turn, waits for a person included. */
  timeMs: number
  /** Milliseconds that a run of a subagent may take. */
  childMs: number
  /** Milliseconds in which a subagent does nothing that anybody could notice. */
  childQuietMs: number
}

/** No task that a person waits for takes more model answers; a loop does. */
export const HARD_STEP_LIMIT = 1_000

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/**
 * What holds when nobody said otherwise: far above honest work, and below what nobody would notice. Tokens and money
 * have no usual limit, because only the user knows what is much; the steps bound them. Timers rest while a laptop sleeps.
 */
export const TURN_LIMITS: Limits = {
  steps: HARD_STEP_LIMIT,
  // A turn that is still at it after a day and a night is forgotten, not watched.
  timeMs: 24 * HOUR_MS,
  // A part of a task that takes longer should have been several; it can be continued.
  childMs: 2 * HOUR_MS,
  // The longest honest silence is a command's: it is ended after ten minutes. Providers are given up after five.
  childQuietMs: 15 * MINUTE_MS,
}
