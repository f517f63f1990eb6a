import { setImmediate as nextRound } from "node:timers/promises"
import type { ModelStats, Stats, ToolStats } from "@opencode/protocol/stats.ts"
import { addTokens, allTokens, noTokens, type Tokens } from "@opencode/protocol/tokens.ts"
import type { ModelCount, StatsStore, ToolCount } from "../store/stats-store.ts"

export interface StatsQuery {
  /** Counts the last so many days; 0 is today. Absent: all there is. */
  days?: number | undefined
  /** Absent: all projects. */
  projectID?: string | undefined
  signal?: AbortSignal
}

export type GetStats = (query: StatsQuery) => Promise<Stats>

const DAY_MS = 24 * 60 * 60 * 1000
/** A server has others to answer; so many sessions take a few milliseconds. */
const SESSIONS_AT_ONCE = 20

export function createStats({ stats }: { stats: StatsStore }, now: () => number): GetStats {
  return async ({ days, projectID, signal }) => {
    const since = beginning(days, now())
    const sessions = stats.sessions({ projectID, since })
    const models = new Map<string, ModelStats>()
    const tools = new Map<string, ToolStats>()
    const sums: number[] = []
    let messages = 0
    for (const [index, { id, created }] of sessions.entries()) {
      if (index % SESSIONS_AT_ONCE === SESSIONS_AT_ONCE - 1) await nextRound()
      signal?.throwIfAborted()
      const from = Math.max(since, created)
      const counted = stats.models(id, from)
      for (const count of counted) addModel(models, count)
      for (const count of stats.tools(id, from)) addTool(tools, count)
      if (counted.length) sums.push(counted.reduce((sum, count) => sum + allTokens(tokensOf(count)), 0))
      messages += stats.messages(id, from)
    }
    const byModel = [...models.values()].sort((a, b) => b.messages - a.messages || b.cost - a.cost)
    return {
      sessions: sessions.length,
      messages,
      days: daysOf(days, sessions[0] && Math.min(...sessions.map(({ created }) => created)), now()),
      cost: byModel.reduce((sum, { cost }) => sum + cost, 0),
      tokens: byModel.reduce((sum, { tokens }) => addTokens(sum, tokens), noTokens()),
      medianTokens: median(sums),
      models: byModel,
      tools: [...tools.values()].sort((a, b) => b.calls - a.calls || (a.tool < b.tool ? -1 : 1)),
    }
  }
}

/** The beginning of a day of this machine's clock, so that 0 is today as a person sees it. */
function beginning(days: number | undefined, now: number): number {
  if (days === undefined) return 0
  return days === 0 ? new Date(now).setHours(0, 0, 0, 0) : now - days * DAY_MS
}

function daysOf(days: number | undefined, first: number | undefined, now: number): number {
  if (days !== undefined) return Math.max(days, 1)
  return first === undefined ? 0 : Math.max(Math.ceil((now - first) / DAY_MS), 1)
}

const tokensOf = ({ input, output, reasoning, read, write }: ModelCount): Tokens => ({
  input,
  output,
  reasoning,
  cache: { read, write },
})

function addModel(models: Map<string, ModelStats>, count: ModelCount): void {
  const { providerID, modelID, messages, cost } = count
  const key = JSON.stringify([providerID, modelID])
  const known = models.get(key) ?? { providerID, modelID, messages: 0, tokens: noTokens(), cost: 0 }
  models.set(key, {
    ...known,
    messages: known.messages + messages,
    tokens: addTokens(known.tokens, tokensOf(count)),
    cost: known.cost + cost,
  })
}

function addTool(tools: Map<string, ToolStats>, { tool, calls, failed }: ToolCount): void {
  const known = tools.get(tool) ?? { tool, calls: 0, failed: 0 }
  tools.set(tool, { tool, calls: known.calls + calls, failed: known.failed + failed })
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length === 0) return 0
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}
