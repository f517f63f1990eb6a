/**
 * What sessions took, counted where it is stored. Invariants: what a fork copied is older than the fork and is not counted
 * again; a request that is in the ledger is counted from there and not from its message; only whole sums leave SQLite.
 */
import type { Reader } from "./tx.ts"

export interface CountedSession {
  id: string
  created: number
}

export interface ModelCount {
  providerID: string
  modelID: string
  messages: number
  input: number
  output: number
  reasoning: number
  read: number
  write: number
  cost: number
}

export interface ToolCount {
  tool: string
  calls: number
  failed: number
}

interface Filter {
  projectID?: string | undefined
  /** Only those updated at or after this moment. */
  since: number
}

export type StatsStore = ReturnType<typeof createStatsStore>

/** Of a message, when it was made. */
const MADE = "json_extract(message.data, '$.time.created')"
const token = (name: string) => `coalesce(sum(json_extract(message.data, '$.tokens.${name}')), 0)`

const ANSWERS = `SELECT json_extract(message.data, '$.providerID') AS providerID,
    json_extract(message.data, '$.modelID') AS modelID, count(*) AS messages, 0 AS input, 0 AS output, 0 AS reasoning,
    0 AS read, 0 AS write, 0 AS cost
  FROM message WHERE session_id = ? AND role = 'assistant' AND ${MADE} >= ? GROUP BY 1, 2`

/** Of answers that the ledger does not know: those of sessions that were brought from elsewhere. */
const UNLISTED = `SELECT json_extract(message.data, '$.providerID') AS providerID,
    json_extract(message.data, '$.modelID') AS modelID, 0 AS messages, ${token("input")} AS input,
    ${token("output")} AS output, ${token("reasoning")} AS reasoning, ${token("cache.read")} AS read,
    ${token("cache.write")} AS write, coalesce(sum(json_extract(message.data, '$.cost')), 0) AS cost
  FROM message WHERE session_id = ? AND role = 'assistant' AND ${MADE} >= ?
    AND id NOT IN (SELECT message_id FROM request WHERE session_id = ? AND message_id IS NOT NULL) GROUP BY 1, 2`

const LISTED = `SELECT provider_id AS providerID, model_id AS modelID, 0 AS messages, sum(coalesce(input, 0)) AS input,
    sum(coalesce(output, 0)) AS output, sum(coalesce(reasoning, 0)) AS reasoning, sum(coalesce(cache_read, 0)) AS read,
    sum(coalesce(cache_write, 0)) AS write, sum(coalesce(cost, 0)) AS cost
  FROM request WHERE session_id = ? AND started >= ? GROUP BY 1, 2`

const CALLS = `SELECT json_extract(part.data, '$.tool') AS tool, count(*) AS calls,
    sum(json_extract(part.data, '$.state.status') = 'error') AS failed
  FROM message JOIN part ON part.message_id = message.id
  WHERE message.session_id = ? AND part.type = 'tool' AND ${MADE} >= ? GROUP BY 1`

export function createStatsStore(reader: Reader) {
  return {
    sessions: ({ projectID, since }: Filter): CountedSession[] =>
      reader.all(
        `SELECT id, json_extract(data, '$.time.created') AS created FROM session
         WHERE updated >= ? AND (? IS NULL OR project_id = ?) ORDER BY position`,
        since,
        projectID ?? null,
        projectID ?? null,
      ),

    /** Rows of one model have to be added up. @param since counts what was made at or after this moment */
    models: (id: string, since: number): ModelCount[] => [
      ...reader.all<ModelCount>(ANSWERS, id, since),
      ...reader.all<ModelCount>(UNLISTED, id, since, id),
      ...reader.all<ModelCount>(LISTED, id, since),
    ],

    tools: (id: string, since: number): ToolCount[] => reader.all(CALLS, id, since),

    messages: (id: string, since: number): number =>
      reader.get<{ n: number }>(`SELECT count(*) AS n FROM message WHERE session_id = ? AND ${MADE} >= ?`, id, since)
        ?.n ?? 0,
  }
}
