import type { Project } from "@opencode/protocol/project.ts"
import type { ModelStats, Stats, ToolStats } from "@opencode/protocol/stats.ts"
import { allTokens } from "@opencode/protocol/tokens.ts"
import { dataOf, openDoor, type Door } from "../door.ts"
import { money, shortNumber } from "../numbers.ts"
import { out } from "../out.ts"
import { boxed, type Row } from "../stats-box.ts"
import { workingFolder } from "../workplace.ts"

export interface StatsOptions {
  days?: number
  tools?: number
  /** True when it was given without a number. */
  models?: number | true
  project?: string
  format: "text" | "json"
}

export async function showStats({ days, project, tools, models, format }: StatsOptions): Promise<void> {
  const door = await openDoor(workingFolder(undefined))
  try {
    const stats = dataOf(
      await door.client.stats.get({
        ...(days === undefined ? {} : { days }),
        ...(project === undefined ? {} : { project: project || (await ofFolder(door)) }),
      }),
    ) as Stats
    if (format === "json") return out.line(JSON.stringify(stats, null, 2))
    const shown = models === undefined ? [] : stats.models.slice(0, models === true ? undefined : models)
    out.line(
      [
        boxed("OVERVIEW", overview(stats)),
        boxed("COST & TOKENS", costs(stats)),
        ...(shown.length ? [boxed("MODEL USAGE", ...shown.map(modelRows))] : []),
        ...(stats.tools.length ? [boxed("TOOL USAGE", toolRows(stats.tools, tools))] : []),
      ].join("\n\n"),
    )
  } finally {
    await door.close()
  }
}

const ofFolder = async ({ client }: Door): Promise<string> => (dataOf(await client.project.current()) as Project).id

const overview = ({ sessions, messages, days }: Stats): Row[] => [
  ["Sessions", sessions.toLocaleString("en")],
  ["Messages", messages.toLocaleString("en")],
  ["Days", days.toLocaleString("en")],
]

function costs({ sessions, days, cost, tokens, medianTokens }: Stats): Row[] {
  const { input, output, reasoning, cache } = tokens
  return [
    ["Total Cost", money(cost)],
    ["Avg Cost/Day", money(days ? cost / days : 0)],
    ["Avg Tokens/Session", shortNumber(sessions ? allTokens(tokens) / sessions : 0)],
    ["Median Tokens/Session", shortNumber(medianTokens)],
    ["Input", shortNumber(input)],
    ["Output", shortNumber(output)],
    ...(reasoning ? [["Reasoning", shortNumber(reasoning)] as Row] : []),
    ["Cache Read", shortNumber(cache.read)],
    ["Cache Write", shortNumber(cache.write)],
  ]
}

const modelRows = ({ providerID, modelID, messages, tokens, cost }: ModelStats): Row[] => [
  [`${providerID}/${modelID}`, ""],
  ["  Messages", messages.toLocaleString("en")],
  ["  Input Tokens", shortNumber(tokens.input)],
  ["  Output Tokens", shortNumber(tokens.output + tokens.reasoning)],
  ["  Cache Read", shortNumber(tokens.cache.read)],
  ["  Cache Write", shortNumber(tokens.cache.write)],
  ["  Cost", money(cost)],
]

const BAR = 20
const TOOL_NAME = 18

function toolRows(tools: ToolStats[], most: number | undefined): Row[] {
  const all = tools.reduce((sum, { calls }) => sum + calls, 0)
  const top = Math.max(...tools.map(({ calls }) => calls))
  return tools.slice(0, most).map(({ tool, calls }) => {
    const bar = "█".repeat(Math.max(1, Math.round((calls / top) * BAR))).padEnd(BAR)
    const name = tool.length > TOOL_NAME ? `${tool.slice(0, TOOL_NAME - 1)}…` : tool.padEnd(TOOL_NAME)
    return [`${name} ${bar}`, `${calls} (${((calls / all) * 100).toFixed(1)}%)`]
  })
}
