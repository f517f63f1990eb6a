import type { Models } from "@opencode/core/model/resolve.ts"
import { ProviderList } from "@opencode/protocol/provider.ts"
import { jsonSource } from "../json-source.ts"
import { route } from "../route.ts"

const list = route(
  "GET",
  "/provider",
  {
    id: "provider.list",
    tags: ["provider"],
    summary: "List providers",
    description:
      "Every provider that is known, with its models and the default one of each, and which of them can be used. " +
      "These are some 8,000 models: `GET /config/providers` has only the providers that can be used.",
    answers: "List of providers",
    answer: ProviderList,
  },
  async ({ engine }) => jsonSource(piecesOf((await engine()).models)),
)

/** One provider at a time is in memory. */
function* piecesOf(models: Models): Generator<string> {
  const defaults: Record<string, string> = {}
  let before = '{"all":['
  for (const { provider, defaultModel } of models.all()) {
    if (defaultModel !== undefined) defaults[provider.id] = defaultModel
    yield before + JSON.stringify(provider)
    before = ","
  }
  if (before !== ",") yield before
  const connected = models.list().map(({ id }) => id)
  yield `],"default":${JSON.stringify(defaults)},"connected":${JSON.stringify(connected)}}`
}

export const providerRoutes = [list]
