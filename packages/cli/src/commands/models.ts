import { isSet } from "@opencode/core/config/sources.ts"
import { didYouMean } from "@opencode/core/lib/text.ts"
import { refreshCatalog } from "@opencode/core/model/catalog-refresh.ts"
import type { Model, Provider } from "@opencode/protocol/provider.ts"
import type { Composition } from "../compose.ts"
import { dataOf, openDoor, type Door } from "../door.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

/** One `provider/model` a line: those that can be used, or all of one provider, with a key for it or without. */
export async function models(
  providerID: string | undefined,
  { verbose = false, refresh = false }: { verbose?: boolean; refresh?: boolean },
): Promise<number> {
  const door = await openDoor(workingFolder(undefined))
  try {
    if (refresh) await refreshed(door.composition)
    if (providerID !== undefined) print([await providerAt(providerID, door)], verbose)
    else {
      const { providers } = dataOf(await door.client.config.providers()) as { providers: Provider[] }
      print(providers, verbose)
      out.note(
        "These can be used. `opencode models <provider>` lists those of any other; `opencode auth login` adds a key.",
      )
    }
    return 0
  } finally {
    await door.close()
  }
}

async function providerAt(providerID: string, { client }: Door): Promise<Provider> {
  const { providers } = dataOf(await client.config.providers()) as { providers: Provider[] }
  const usable = providers.find(({ id }) => id === providerID)
  if (usable) return usable
  const { all } = dataOf(await client.provider.list()) as { all: Provider[] }
  const known = all.find(({ id }) => id === providerID)
  if (known) return known
  const ids = all.map(({ id }) => id)
  throw new CommandFailure(`Provider not found: ${providerID}.${didYouMean(providerID, ids)}`)
}

function print(providers: Provider[], verbose: boolean): void {
  const lines = providers.flatMap(({ id, models: all }) =>
    Object.values(all).map((model) => lineOf(id, model, verbose)),
  )
  if (lines.length > 0) out.line(lines.join("\n"))
}

const lineOf = (providerID: string, model: Model, verbose: boolean): string =>
  `${providerID}/${model.id}` + (verbose ? `\n${JSON.stringify(model, null, 2)}` : "")

async function refreshed({ home }: Composition): Promise<void> {
  const { env, folders, request, version } = home
  if (isSet(env.OPENCODE_DISABLE_MODELS_FETCH))
    throw new CommandFailure("The catalogue is not fetched: OPENCODE_DISABLE_MODELS_FETCH forbids it.")
  const {
    url,
    providers,
    models: count,
  } = await refreshCatalog({
    cache: folders.cache,
    request,
    allowHost: home.allowHost,
    userAgent: `opencode/${version}`,
    ...(env.OPENCODE_MODELS_URL ? { url: env.OPENCODE_MODELS_URL } : {}),
  })
  out.note(`Fetched ${count} models of ${providers} providers from ${url}.`)
  if (env.OPENCODE_MODELS_PATH) out.note("OPENCODE_MODELS_PATH is set: that file is used instead.")
}
