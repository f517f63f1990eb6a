import { publicConfig } from "@opencode/core/config/public.ts"
import { Config } from "@opencode/protocol/config.ts"
import { ConfigProviders } from "@opencode/protocol/provider.ts"
import { route } from "../route.ts"

const get = route(
  "GET",
  "/config",
  {
    id: "config.get",
    tags: ["config"],
    summary: "Get configuration",
    description: "The settings of the folder as they were merged, without secrets.",
    answers: "Get config info",
    answer: Config,
  },
  async ({ engine }) => publicConfig((await (await engine()).settings.fresh()).config),
)

const providers = route(
  "GET",
  "/config/providers",
  {
    id: "config.providers",
    tags: ["config"],
    summary: "List config providers",
    description: "The providers that can be used in the folder, and the default model of each.",
    answers: "List of providers",
    answer: ConfigProviders,
  },
  async ({ engine }) => {
    const { models } = await (await engine()).settings.fresh()
    return { providers: models.list(), default: models.defaults() }
  },
)

export const configRoutes = [get, providers]
