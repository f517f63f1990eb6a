import { MAX_FILE_BYTES } from "@opencode/core/config/read.ts"
import { publicConfig } from "@opencode/core/config/public.ts"
import { Config } from "@opencode/protocol/config.ts"
import { ConfigExplanation, ConfigIssueReport } from "@opencode/protocol/config-report.ts"
import { ConfigProviders } from "@opencode/protocol/provider.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { TuiConfig } from "@opencode/protocol/tui-config.ts"
import { z } from "zod"
import { route } from "../route.ts"

/** Settings in any spelling, of any version: what they mean is for the configuration to say. */
const Patch = inline(() => z.record(z.string(), z.unknown()))

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

const update = route(
  "PATCH",
  "/config",
  {
    id: "config.update",
    tags: ["config"],
    summary: "Update configuration",
    description:
      "Writes settings into the project's own file. Objects are merged, other values replaced, and null takes a member " +
      "out. Comments stay, and so does what is shown as a secret. Answers the settings that are in effect then.",
    body: Patch,
    maxBodyBytes: MAX_FILE_BYTES,
    shownBody: Config,
    answers: "Successfully updated config",
    answer: Config,
  },
  async ({ engine, body, server }) => {
    await server.engines.config.patchProject(await engine(), body)
    return publicConfig((await (await engine()).settings.fresh()).config)
  },
)

const explain = route(
  "GET",
  "/config/explain",
  {
    id: "config.explain",
    tags: ["config"],
    summary: "Explain a setting",
    description: "The value of a setting, who set it where, and what everybody else says of it.",
    query: inline(() => z.object({ key: z.string() })),
    answer: ConfigExplanation,
  },
  async ({ engine, query }) => {
    const { explainConfig } = await import("@opencode/core/config/explain.ts")
    const { settings } = await engine()
    await settings.fresh()
    return explainConfig(settings.loaded(), query.key)
  },
)

const issues = route(
  "GET",
  "/config/issues",
  {
    id: "config.issues",
    tags: ["config"],
    summary: "List what is wrong with the configuration",
    description: "What of the settings, skills and instructions was not taken as it is written, with its place.",
    answer: inline(() => z.array(ConfigIssueReport())),
  },
  async ({ engine }) => (await engine()).issues(),
)

const globalGet = route(
  "GET",
  "/global/config",
  {
    id: "global.config.get",
    tags: ["global"],
    summary: "Get global configuration",
    description: "What the user's own files say, without secrets.",
    answers: "Get global config info",
    answer: Config,
    isGlobal: true,
  },
  async ({ server }) => publicConfig(await server.engines.config.global()),
)

const globalUpdate = route(
  "PATCH",
  "/global/config",
  {
    id: "global.config.update",
    tags: ["global"],
    summary: "Update global configuration",
    description: "Writes settings into the user's own file, as `PATCH /config` does into the project's.",
    body: Patch,
    maxBodyBytes: MAX_FILE_BYTES,
    shownBody: Config,
    answers: "Successfully updated global config",
    answer: Config,
    isGlobal: true,
  },
  async ({ server, body }) => {
    await server.engines.config.patchGlobal(body)
    return publicConfig(await server.engines.config.global())
  },
)

const tui = route(
  "GET",
  "/config/tui",
  {
    id: "config.tui",
    tags: ["config"],
    summary: "Get settings of the screen",
    description: "The settings of the screen for the folder, from `tui.json`, and what is wrong with them.",
    answer: inline(() => z.object({ config: TuiConfig(), issues: z.array(ConfigIssueReport()) })),
  },
  async ({ engine, server }) => server.engines.config.tui(await engine()),
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

export const configRoutes = [get, update, explain, issues, tui, globalGet, globalUpdate, providers]
