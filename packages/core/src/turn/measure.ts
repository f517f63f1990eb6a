import { createHash } from "node:crypto"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import type { EpochReason, LastStep } from "../store/ledger-store.ts"
import { epochReason, type Since } from "./epoch.ts"
import { tokensOfMessage, tokensOfResult, tokensOfText } from "./estimate.ts"

/** What a request weighs and which epoch it belongs to, before it is sent. Pure. */
export interface Measure {
  /** Tokens that the provider will count: its own last count with what came since, or an estimate of it all. */
  expected: number
  /** Estimated tokens of the system prompt and the tools, which no compaction makes fewer. */
  fixed: number
  /** Estimated tokens of the messages. */
  size: number
  /** Hashes of the system prompt and of the tools. */
  prompts: string
  /** Why this request begins a new epoch. */
  epoch?: EpochReason
}

export interface MeasureInput {
  system: string[]
  tools: unknown[]
  messages: MessageWithParts[]
  model: Model
  agent: string
  /** The newest request of the session. */
  last: LastStep | undefined
  since: Since
}

export function measure({ system, tools, messages, model, agent, last, since }: MeasureInput): Measure {
  const texts = [JSON.stringify(system), JSON.stringify(tools)] as const
  const prompts = texts.map(shortHash).join("-")
  const fixed = tokensOfText(texts[0]) + tokensOfText(texts[1])
  const answered = last ? messages.findLastIndex(({ info }) => info.id === last.messageID) : -1
  // A request that failed left no message: what it showed is still the start.
  const before = answered < 0 ? Math.min(last?.count ?? 0, messages.length) : answered
  let size = 0
  let sizeBefore = 0
  for (const [index, message] of messages.entries()) {
    if (index === before) sizeBefore = size
    size += tokensOfMessage(message)
  }
  if (before === messages.length) sizeBefore = size
  const shown = {
    providerID: model.providerID,
    modelID: model.id,
    agent,
    prompts,
    size: sizeBefore,
  }
  const epoch = epochReason(last, shown, since)
  const counted = epoch === undefined && answered >= 0 ? last?.counted : undefined
  const expected = counted === undefined ? fixed + size : counted + tokensSince(messages.slice(answered))
  return { expected, fixed, size, prompts, ...(epoch ? { epoch } : {}) }
}

/** Of the answer that the count includes only its results are new. */
function tokensSince([answer, ...later]: MessageWithParts[]): number {
  const results = answer?.parts.flatMap((part) => (part.type === "tool" ? [tokensOfResult(part)] : [])) ?? []
  return results.reduce((sum, tokens) => sum + tokens, 0) + later.reduce((sum, one) => sum + tokensOfMessage(one), 0)
}

/** 48 bits: enough to tell versions of a text apart. */
const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12)
