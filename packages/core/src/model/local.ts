import type { Config } from "@opencode/protocol/config.ts"
import type { ModelConfig } from "@opencode/protocol/provider.ts"
import type { ConfigIssue } from "../config/issue.ts"
import { providerOf, type CatalogProvider } from "./catalog.ts"
import { asking, isOpen } from "./local-ask.ts"
import { LOCAL_KINDS, type LocalKind, type LocalModel } from "./local-kinds.ts"
import type { Request } from "./request.ts"

/**
 * Models that run on this machine: found on their usual ports when nothing is configured, or configured without saying
 * what they can. No key goes with a question, and no question leaves this machine.
 */
export interface LocalInput {
  request: Request
  /** Called with `host:port` before a question. */
  allowHost(host: string): void
}

/** An agent's instructions and tools alone are about 10,000 tokens; below this there is no room for work. */
const MIN_CONTEXT_TOKENS = 16_384

export interface DiscoverInput extends LocalInput {
  isEnabled(id: string): boolean
  /** Instead of the usual ones: kind to port. */
  ports?: Readonly<Record<string, number>>
}

interface Server {
  kind: LocalKind
  origin: string
  models: LocalModel[]
}

/** Asks the usual ports of 127.0.0.1, all at once. The provider to prefer comes first. */
export async function discoverLocal({
  isEnabled,
  ports = {},
  ...input
}: DiscoverInput): Promise<{ found: CatalogProvider[]; issues: ConfigIssue[] }> {
  const answers = await Promise.all(
    LOCAL_KINDS.filter(({ id }) => isEnabled(id)).map(async (kind) => {
      const port = ports[kind.id] ?? kind.port
      return (await isOpen(port)) ? serverAt(`http://127.0.0.1:${port}`, [kind], input) : undefined
    }),
  )
  const servers = answers
    .filter((server) => server !== undefined)
    .map((server) => ({ ...server, models: server.models.filter(isLocal) }))
    .map((server) => ({ ...server, best: bestOf(server.models) }))
    .filter(({ best }) => best !== undefined)
    .toSorted((a, b) => fitness(b.best) - fitness(a.best))
  return {
    found: servers.map(({ kind, origin, models, best }) => ({
      ...providerOf(kind.id, {
        name: kind.name,
        options: { baseURL: `${origin}/v1` },
        models: withFacts({}, models, models),
      }),
      isConfigured: false,
      ...(best && { defaultModel: best.id }),
    })),
    issues: servers.flatMap(({ kind, models }) => tooSmall(kind, kind.id, models)),
  }
}

/**
 * Asks configured servers for what the configuration does not say of their models.
 * @param input.ids providers with an address on this machine
 */
export async function completeLocal(
  config: Config,
  { ids, ...input }: LocalInput & { ids: readonly string[] },
): Promise<{ config: Config; issues: ConfigIssue[] }> {
  const provider = { ...config.provider }
  const issues: ConfigIssue[] = []
  const complete = async (id: string): Promise<void> => {
    const given = provider[id]
    const url = given?.options?.baseURL
    if (!given || !url) return
    const server = await serverAt(new URL(url).origin, LOCAL_KINDS, input)
    if (!server) return
    const named = given.models ?? {}
    const names = Object.entries(named).map(([name, model]) => model.id ?? name)
    const used = names.length
      ? server.models.filter(({ id: name }) => names.includes(name))
      : server.models.filter(isLocal)
    provider[id] = { ...given, models: withFacts(named, used, names.length ? [] : used) }
    issues.push(...tooSmall(server.kind, id, used))
  }
  await Promise.all(ids.map(complete))
  return { config: { ...config, provider }, issues }
}

/** llama.cpp answers some of Ollama's questions, too: who is more exact comes first. */
const CERTAINTY = ["llamacpp", "vllm", "lmstudio", "ollama"]

async function serverAt(
  origin: string,
  kinds: readonly LocalKind[],
  { request, allowHost }: LocalInput,
): Promise<Server | undefined> {
  allowHost(new URL(origin).host)
  const ask = asking(request, origin)
  const answers = await Promise.all(kinds.map(async (kind) => ({ kind, origin, models: await kind.models(ask) })))
  return answers
    .flatMap(({ models, ...server }) => (models ? [{ ...server, models }] : []))
    .toSorted((a, b) => CERTAINTY.indexOf(a.kind.id) - CERTAINTY.indexOf(b.kind.id))[0]
}

/** The configured models, and those to add, with what the server said wherever nobody said otherwise. */
function withFacts(
  given: Record<string, ModelConfig>,
  known: readonly LocalModel[],
  added: readonly LocalModel[],
): Record<string, ModelConfig> {
  const all = [...Object.entries(given), ...added.map(({ id }): [string, ModelConfig] => [id, {}])]
  return Object.fromEntries(
    all.map(([name, model]) => {
      const facts = known.find(({ id }) => id === (model.id ?? name))
      return [name, { ...(facts && factsOf(facts)), ...model }]
    }),
  )
}

function factsOf({ context, tools, vision, reasoning }: LocalModel): ModelConfig {
  return {
    temperature: true,
    ...(context !== undefined && { limit: { context, output: 0 } }),
    ...(tools !== undefined && { tool_call: tools }),
    ...(vision !== undefined && { attachment: vision }),
    ...(reasoning !== undefined && { reasoning }),
  }
}

/** Whoever did not ask for a model elsewhere gets none. */
const isLocal = ({ isRemote }: LocalModel): boolean => !isRemote

/** Tools before everything; of those that have them, one that is loaded; of those, the first. */
const bestOf = (models: readonly LocalModel[]): LocalModel | undefined =>
  models.toSorted((a, b) => fitness(b) - fitness(a))[0]

const fitness = (model: LocalModel | undefined): number =>
  (model?.tools === false ? 0 : 2) + (model?.isLoaded === true ? 1 : 0)

function tooSmall(kind: LocalKind, providerID: string, models: readonly LocalModel[]): ConfigIssue[] {
  const small = models.filter(({ context }) => context !== undefined && context < MIN_CONTEXT_TOKENS)
  const [first] = small
  if (!first) return []
  const others = small.length > 1 ? ` (and ${small.length - 1} more)` : ""
  return [
    {
      severity: "warning",
      kind: "local_model",
      message:
        `${kind.name} gives ${first.id}${others} a context of ${first.context} tokens, too few to work with tools: ` +
        `${kind.moreContext}.`,
      path: ["provider", providerID],
    },
  ]
}
