import type { Agent } from "@opencode/protocol/agent.ts"
import type { Command } from "@opencode/protocol/command.ts"
import { parseModelRef, type ModelRef } from "@opencode/protocol/model-ref.ts"
import type { Provider } from "@opencode/protocol/provider.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { dataOf } from "./api.ts"
import type { Offer } from "./choice.ts"
import type { AvailableCommand } from "./wire.ts"

/** What the API says can be chosen in a folder, at this moment: settings may change at any time. */
export async function readOffer(client: OpencodeClient, directory: string): Promise<Offer> {
  const [{ providers, default: defaults }, agents, config, [newest]] = await Promise.all([
    client.config.providers({ directory }).then(dataOf),
    client.app.agents({ directory }).then(dataOf),
    client.config.get({ directory }).then(dataOf),
    client.session.list({ directory, roots: true, limit: 1 }).then(dataOf),
  ])
  const all = providers as Provider[]
  const usualModel = usual({
    providers: all,
    defaults,
    configured: config.model,
    newest: newest as Session | undefined,
  })
  return { providers: all, agents: agents as Agent[], usualModel, usualMode: usualMode(agents as Agent[], config) }
}

function usualMode(agents: Agent[], { default_agent: set }: { default_agent?: string }): string {
  const names = agents.filter(({ mode, hidden }) => mode !== "subagent" && !hidden).map(({ name }) => name)
  return [set, "build"].find((name) => name !== undefined && names.includes(name)) ?? names[0] ?? "build"
}

interface Usual {
  providers: Provider[]
  defaults: Record<string, string>
  configured: string | undefined
  newest: Session | undefined
}

/** As it was configured, else the last one used here, else the best of the first provider. */
function usual({ providers, defaults, configured, newest }: Usual): ModelRef | undefined {
  const set = configured === undefined ? undefined : parseModelRef(configured)
  if (set) return set
  const used = newest?.model && { providerID: newest.model.providerID, modelID: newest.model.id }
  const has = ({ providerID, modelID }: ModelRef): boolean =>
    providers.some(({ id, models }) => id === providerID && Object.hasOwn(models, modelID))
  if (used && has(used)) return used
  for (const { id, models } of providers) {
    const modelID = defaults[id] ?? Object.keys(models)[0]
    if (modelID !== undefined) return { providerID: id, modelID }
  }
  return undefined
}

/** Of the API and not a prompt written in advance; a command of the same name goes first. */
export const COMPACT = "compact"

export async function readCommands(client: OpencodeClient, directory: string): Promise<AvailableCommand[]> {
  const commands = dataOf(await client.command.list({ directory })) as Command[]
  const listed = commands.map(({ name, description, hints }) => ({
    name,
    description: description ?? "",
    ...(hints.length > 0 ? { input: { hint: hints.join(" ") } } : {}),
  }))
  if (listed.some(({ name }) => name === COMPACT)) return listed
  return [...listed, { name: COMPACT, description: "replace the conversation so far by notes of it" }]
}
