import type { Agent } from "@opencode/protocol/agent.ts"
import { didYouMean } from "@opencode/core/lib/text.ts"
import { compose } from "../compose.ts"
import { dataOf, openDoor } from "../door.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { warnOfSettings, workingFolder } from "../workplace.ts"

/** Each agent with its rules: those that come with the program first. */
export async function listAgents(): Promise<void> {
  const door = await openDoor(workingFolder(undefined))
  try {
    await warnOfSettings(door)
    const agents = dataOf(await door.client.app.agents()) as Agent[]
    out.line(byOrigin(agents).map(entry).join("\n"))
  } finally {
    await door.close()
  }
}

const byOrigin = (agents: Agent[]): Agent[] =>
  agents.toSorted((a, b) => Number(b.native ?? false) - Number(a.native ?? false) || (a.name < b.name ? -1 : 1))

const entry = ({ name, mode, permission }: Agent): string =>
  `${name} (${mode})\n  ${JSON.stringify(permission, null, 2)}`

/** One agent as it is in effect, and which tools it is offered. */
export async function debugAgent(name: string): Promise<void> {
  const composition = await compose()
  try {
    const { agents, models, registry, settings, toolUser } = await composition.engines.at(workingFolder(undefined))
    const agent = agents.get(name)
    if (!agent) throw new CommandFailure(`Agent ${name} not found.${didYouMean(name, agents.names())}`)
    const modelID = agent.model?.modelID ?? models.default().modelID
    const { agentSettings, skills } = settings.current()
    // A tool that has nothing to offer is not offered: whether there are skills, turns find out when they begin.
    await skills.load("debug")
    const { ceiling = [] } = agentSettings.get(name) ?? {}
    const offered = registry.offered({ rules: agent.permission, ceiling, modelID, user: toolUser(name) })
    const names = new Set(["invalid", ...offered.map((tool) => tool.name)])
    const tools = Object.fromEntries(registry.ids().map((id) => [id, names.has(id)]))
    out.line(JSON.stringify({ ...agent, tools }, null, 2))
  } finally {
    await composition.close()
  }
}
