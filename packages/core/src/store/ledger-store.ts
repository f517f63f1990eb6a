/**
 * What was asked of models, and what it cost. Invariant: one row for each request, written in the transaction that
 * stores what came of it; what is not known is NULL, and sums say how much they leave out.
 */
import { addTokens, noTokens, type Tokens } from "@opencode/protocol/tokens.ts"
import type { SpentOn, Spending, Usage } from "@opencode/protocol/usage.ts"
import { FAMILY } from "./session-store.ts"
import type { Reader, Tx } from "./tx.ts"

/** `child`: what a session that is no more had asked for the one that it belonged to. */
export type Purpose = "step" | "compaction" | "title" | "summary" | "child"
export type EpochReason = "start" | "compaction" | "pruning" | "model" | "agent" | "system" | "tools" | "history"

/** Times in milliseconds, cost in US dollars. */
export interface RequestRow {
  sessionID: string
  messageID?: string
  purpose: Purpose
  providerID: string
  modelID: string
  agent?: string
  started: number
  duration: number
  outcome: "completed" | "failed" | "aborted"
  /** Absent when the provider did not say. */
  tokens?: Tokens | undefined
  /** Absent when there is no price, or no count. */
  cost?: number | undefined
  prompts?: string
  shown?: number
  size?: number
  epoch?: EpochReason | undefined
}

/** The newest step of a session, as the next one is compared with it. */
export interface LastStep {
  messageID: string
  providerID: string
  modelID: string
  agent: string
  prompts: string
  size: number
  /** Messages that it showed. */
  count: number
  /** Tokens of request and answer without the reasoning, as the provider counted them; absent when it did not. */
  counted?: number
}

interface StepRow {
  message_id: string | null
  provider_id: string
  model_id: string
  agent: string | null
  prompts: string | null
  size: number | null
  shown: number | null
  counted: number | null
}

interface SumRow {
  own: number
  provider_id: string
  model_id: string
  requests: number
  failed: number
  input: number
  output: number
  reasoning: number
  cache_read: number
  cache_write: number
  cost: number
  unknown: number
}

type FullRow = StepRow & {
  session_id: string
  purpose: Purpose
  started: number
  duration: number
  outcome: RequestRow["outcome"]
  input: number | null
  output: number | null
  reasoning: number | null
  cache_read: number | null
  cache_write: number | null
  cost: number | null
  epoch: EpochReason | null
}

export type LedgerStore = ReturnType<typeof createLedgerStore>

export function createLedgerStore(reader: Reader) {
  return {
    /** The session is stored first. */
    add(tx: Tx, row: RequestRow): void {
      const { tokens } = row
      tx.run(
        `INSERT INTO request (session_id, message_id, purpose, provider_id, model_id, agent, started, duration, outcome,
           input, output, reasoning, cache_read, cache_write, cost, prompts, shown, size, epoch)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        row.sessionID,
        row.messageID ?? null,
        row.purpose,
        row.providerID,
        row.modelID,
        row.agent ?? null,
        Math.round(row.started),
        Math.round(row.duration),
        row.outcome,
        tokens ? Math.round(tokens.input) : null,
        tokens ? Math.round(tokens.output) : null,
        tokens ? Math.round(tokens.reasoning) : null,
        tokens ? Math.round(tokens.cache.read) : null,
        tokens ? Math.round(tokens.cache.write) : null,
        row.cost ?? null,
        row.prompts ?? null,
        row.shown ?? null,
        row.size ?? null,
        row.epoch ?? null,
      )
    },

    /** Before a session is removed: what it and all below it have spent stays with the session that it belonged to. */
    bequeath(tx: Tx, sessionID: string): void {
      tx.run(
        `${FAMILY} UPDATE request SET purpose = 'child', message_id = NULL, session_id = heir.id
         FROM session removed JOIN session heir ON heir.id = removed.parent_id
         WHERE removed.id = ? AND heir.id NOT IN (SELECT id FROM family)
           AND request.session_id IN (SELECT id FROM family)`,
        sessionID,
        sessionID,
      )
    },

    lastStep(sessionID: string): LastStep | undefined {
      const row = reader.get<StepRow>(
        `SELECT message_id, provider_id, model_id, agent, prompts, size, shown,
           input + cache_read + cache_write + output AS counted
         FROM request WHERE session_id = ? AND purpose = 'step' ORDER BY position DESC LIMIT 1`,
        sessionID,
      )
      return (
        row && {
          messageID: row.message_id ?? "",
          providerID: row.provider_id,
          modelID: row.model_id,
          agent: row.agent ?? "",
          prompts: row.prompts ?? "",
          size: row.size ?? 0,
          count: row.shown ?? 0,
          // A provider that reports nothing reports zeros.
          ...(row.counted ? { counted: row.counted } : {}),
        }
      )
    },

    /** The rows of a session, oldest first. */
    list: (sessionID: string): RequestRow[] =>
      reader.all<FullRow>("SELECT * FROM request WHERE session_id = ? ORDER BY position", sessionID).map(requestRow),

    /** What a session and all below it have spent, those included that were removed. */
    usage(sessionID: string): Usage {
      const rows = reader.all<SumRow>(
        `${FAMILY} SELECT request.session_id = ? AND purpose <> 'child' AS own, provider_id, model_id, count(*) AS requests,
           sum(outcome <> 'completed') AS failed, sum(coalesce(input, 0)) AS input, sum(coalesce(output, 0)) AS output,
           sum(coalesce(reasoning, 0)) AS reasoning, sum(coalesce(cache_read, 0)) AS cache_read,
           sum(coalesce(cache_write, 0)) AS cache_write, sum(coalesce(cost, 0)) AS cost, sum(cost IS NULL) AS unknown
         FROM family JOIN request ON request.session_id = family.id
         GROUP BY own, provider_id, model_id ORDER BY provider_id, model_id`,
        sessionID,
        sessionID,
      )
      const models = new Map<string, SpentOn>()
      let session = nothing()
      let tree = nothing()
      for (const row of rows) {
        const spent = spending(row)
        const { provider_id: providerID, model_id: modelID } = row
        const key = JSON.stringify([providerID, modelID])
        models.set(key, { providerID, modelID, ...sum(models.get(key) ?? nothing(), spent) })
        tree = sum(tree, spent)
        if (row.own) session = sum(session, spent)
      }
      return { session, tree, models: [...models.values()] }
    },
  }
}

function requestRow(row: FullRow): RequestRow {
  const { input, output, reasoning, cache_read: read, cache_write: write } = row
  return {
    sessionID: row.session_id,
    purpose: row.purpose,
    providerID: row.provider_id,
    modelID: row.model_id,
    started: row.started,
    duration: row.duration,
    outcome: row.outcome,
    ...(row.message_id === null ? {} : { messageID: row.message_id }),
    ...(row.agent === null ? {} : { agent: row.agent }),
    ...(row.cost === null ? {} : { cost: row.cost }),
    ...(row.prompts === null ? {} : { prompts: row.prompts }),
    ...(row.shown === null ? {} : { shown: row.shown }),
    ...(row.size === null ? {} : { size: row.size }),
    ...(row.epoch === null ? {} : { epoch: row.epoch }),
    ...(input === null || output === null
      ? {}
      : { tokens: { input, output, reasoning: reasoning ?? 0, cache: { read: read ?? 0, write: write ?? 0 } } }),
  }
}

const nothing = (): Spending => ({
  requests: 0,
  failed: 0,
  tokens: noTokens(),
  cost: 0,
  unknown: 0,
  isComplete: true,
})

const spending = (row: SumRow): Spending => ({
  requests: row.requests,
  failed: row.failed,
  tokens: {
    input: row.input,
    output: row.output,
    reasoning: row.reasoning,
    cache: { read: row.cache_read, write: row.cache_write },
  },
  cost: row.cost,
  unknown: row.unknown,
  isComplete: row.unknown === 0,
})

const sum = (a: Spending, b: Spending): Spending => ({
  requests: a.requests + b.requests,
  failed: a.failed + b.failed,
  tokens: addTokens(a.tokens, b.tokens),
  cost: a.cost + b.cost,
  unknown: a.unknown + b.unknown,
  isComplete: a.isComplete && b.isComplete,
})
