import type { ConfigIssue } from "../config/issue.ts"
import { isSet } from "../config/sources.ts"
import { isEnabled } from "./catalog.ts"
import { isLoopback } from "./custody.ts"
import { createModels, type Models, type ModelsInput } from "./resolve.ts"

export interface OpenModelsInput extends ModelsInput {
  allowHost(host: string): void
  /** Instead of the usual ones, for tests: see `discoverLocal`. */
  localPorts?: Readonly<Record<string, number>>
}

/**
 * The models of one folder, with those that run on this machine. Somebody is asked only where the answer is needed:
 * nothing at all is configured, or a server on this machine is, without what its models can. Otherwise no connection is
 * made and nothing more is loaded.
 */
export async function openModels(input: OpenModelsInput): Promise<{ models: Models; issues: ConfigIssue[] }> {
  const { config, request, allowHost, localPorts: ports } = input
  const mayAsk = !isSet(input.env.OPENCODE_DISABLE_LOCAL_DISCOVERY)
  const ids = mayAsk ? incompleteProviders(input) : []
  if (ids.length) {
    const { completeLocal } = await import("./local.ts")
    const completed = await completeLocal(config, { ids, request, allowHost })
    return { models: createModels({ ...input, config: completed.config }), issues: completed.issues }
  }
  const models = createModels(input)
  if (!mayAsk || !hasNothing(models, input)) return { models, issues: [] }
  const { discoverLocal } = await import("./local.ts")
  const { found, issues } = await discoverLocal({
    request,
    allowHost,
    isEnabled: (id) => isEnabled(id, config),
    ...(ports && { ports }),
  })
  return { models: found.length ? createModels({ ...input, found }) : models, issues }
}

/** On this machine, without all limits, and at an address that the user chose: a project must not have us knock at ports. */
const incompleteProviders = ({ config, origin, isTrusted, isApproved }: OpenModelsInput): string[] =>
  Object.entries(config.provider ?? {}).flatMap(([id, { options, models = {} }]) => {
    const url = options?.baseURL
    if (!url || !URL.canParse(url) || !isLoopback(new URL(url)) || !isEnabled(id, config)) return []
    const isProjects = origin?.(["provider", id, "options", "baseURL"])?.layer === "project"
    if (isProjects && !isTrusted?.({ providerID: id, host: new URL(url).host }) && !isApproved?.(id)) return []
    const all = Object.values(models)
    return all.length === 0 || all.some(({ limit }) => limit === undefined) ? [id] : []
  })

/** No provider, no login, no key that was meant for this, and nobody asked for the model that needs none. */
function hasNothing(models: Models, { config, auth, offline }: OpenModelsInput): boolean {
  if (Object.keys(config.provider ?? {}).length || Object.keys(auth.list()).length) return false
  if (offline && config.model?.startsWith(`${offline.id}/`)) return false
  const listed = models.list()
  // The offline model is listed as long as nothing else would answer.
  return listed.length === 0 || listed.some(({ id }) => id === offline?.id)
}
