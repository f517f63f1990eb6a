import type { EpochReason } from "../store/ledger-store.ts"

/**
 * An *epoch* is a run of requests of which each begins with the bytes of the one before, so that a provider's prompt
 * cache keeps matching. A request that cannot opens a new one, and its row in the ledger says why. Pure.
 */
export interface Shown {
  providerID: string
  modelID: string
  agent: string
  /** Two hashes: of the system prompt, and of the tools. */
  prompts: string
  /** Estimated tokens of the messages that stood before the answer: says whether they are still the same. */
  size: number
}

/** What happened to the history since the last request. */
export interface Since {
  compacted: boolean
  pruned: boolean
}

/** @returns why a request begins a new epoch; undefined when it continues the last one */
export function epochReason(before: Shown | undefined, now: Shown, since: Since): EpochReason | undefined {
  if (!before) return "start"
  if (since.compacted) return "compaction"
  if (since.pruned) return "pruning"
  if (before.providerID !== now.providerID || before.modelID !== now.modelID) return "model"
  if (before.prompts !== now.prompts) {
    if (before.agent !== now.agent) return "agent"
    return systemOf(before.prompts) === systemOf(now.prompts) ? "tools" : "system"
  }
  return before.size === now.size ? undefined : "history"
}

const systemOf = (prompts: string): string => prompts.split("-")[0] ?? ""
