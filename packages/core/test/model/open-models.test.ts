import type { Config } from "@opencode/protocol/config.ts"
import { ConfigProviders } from "@opencode/protocol/provider.ts"
import { expect, onTestFinished, test } from "vitest"
import { silentLog, type Log } from "@opencode/core/lib/log.ts"
import { secret } from "@opencode/core/lib/secret.ts"
import { catalogDataOf } from "@opencode/core/model/catalog-data.ts"
import { offlineLanguage, offlineProvider } from "@opencode/core/model/offline.ts"
import { openModels, type OpenModelsInput } from "@opencode/core/model/open-models.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { world } from "@opencode/testing/world.ts"
import { fakeServer, ollama, vllm, type FakeServer } from "./local-servers.ts"

const MODELS = ollama({ "m:8b": { capabilities: ["completion", "tools"], context: 131072, loaded: 8192 } })

/** Opens the models beside this server, which listens where every kind would. */
async function open(server: FakeServer, config: Config, more: Partial<OpenModelsInput> & { logins?: string[] } = {}) {
  const { logins = [], ...rest } = more
  const allowedHosts = new Set<string>()
  const request = createRequest({ allowedHosts })
  onTestFinished(() => request.close())
  const { port } = server
  return openModels({
    config,
    env: {},
    auth: {
      key: (id) => (logins.includes(id) ? secret("k") : undefined),
      list: () => Object.fromEntries(logins.map((id) => [id, "api"])),
    },
    known: catalogDataOf([
      { id: "maker", name: "Maker", env: ["MAKER_API_KEY"], npm: "@ai-sdk/openai", models: { large: {} } },
    ]),
    request,
    allowHost: (host) => void allowedHosts.add(host),
    offline: { ...offlineProvider(), language: offlineLanguage },
    warn: () => {},
    localPorts: { ollama: port, lmstudio: port, llamacpp: port, vllm: port },
    ...rest,
  })
}

test("with nothing configured, a server on this machine is what answers, and its facts are for everybody to see", async () => {
  const { models, issues } = await open(await fakeServer(MODELS), {})
  expect(models.default()).toEqual({ providerID: "ollama", modelID: "m:8b" })
  const providers = models.list()
  expect(ConfigProviders().safeParse({ providers, default: models.defaults() }).success).toBe(true)
  expect(providers).toMatchObject([
    {
      id: "ollama",
      source: "custom",
      models: { "m:8b": { limit: { context: 8192 }, capabilities: { toolcall: true } } },
    },
  ])
  expect(issues).toMatchObject([{ kind: "local_model", severity: "warning" }])
  await expect(models.resolve("ollama/m:8b").language()).resolves.toMatchObject({ modelId: "m:8b" })
})

test("without such a server, the offline model answers", async () => {
  const { models, issues } = await open(await fakeServer({}), {})
  expect(models.default().providerID).toBe("offline")
  expect(issues).toEqual([])
})

const local: Config = {
  provider: {
    mine: { options: { baseURL: "http://127.0.0.1:9/v1" }, models: { m: { limit: { context: 1, output: 1 } } } },
  },
}
const far: Config = { provider: { far: { options: { baseURL: "https://far.test/v1" }, models: { m: {} } } } }
test.each<[string, Config, Parameters<typeof open>[2]]>([
  ["any provider is configured", far, {}],
  ["a local one is configured with its limits", local, {}],
  ["there is a login", {}, { logins: ["maker"] }],
  ["there is a key in the environment", {}, { env: { MAKER_API_KEY: "k" } }],
  ["the offline model is wanted", { model: "offline/assistant" }, {}],
  ["it is switched off", {}, { env: { OPENCODE_DISABLE_LOCAL_DISCOVERY: "1" } }],
  ["all of its kinds are disabled", { disabled_providers: ["ollama", "lmstudio", "llamacpp", "vllm"] }, {}],
  ["others are enabled", { enabled_providers: ["offline"] }, {}],
])("nobody is asked when %s", async (_, config, more) => {
  const server = await fakeServer(MODELS)
  await open(server, config, more)
  expect(server.asked).toEqual([])
})

test("a configured server on this machine is asked for what is missing, unless an untrusted project named it", async () => {
  const server = await fakeServer(vllm({ m: 40960 }))
  const config: Config = {
    provider: { mine: { options: { baseURL: `http://127.0.0.1:${server.port}/v1` }, models: { m: {} } } },
  }
  const contextOf = async (more: Partial<OpenModelsInput>) =>
    (await open(server, config, more)).models.resolve("mine/m").model.limit.context
  expect(await contextOf({})).toBe(40960)
  expect(await contextOf({ origin: () => ({ layer: "user" }) })).toBe(40960)
  expect(await contextOf({ origin: () => ({ layer: "project" }), isTrusted: () => true })).toBe(40960)
  const asked = server.asked.length
  expect(await contextOf({ origin: () => ({ layer: "project" }) })).toBe(0)
  expect(await contextOf({ env: { OPENCODE_DISABLE_LOCAL_DISCOVERY: "1" } })).toBe(0)
  expect(server.asked).toHaveLength(asked)
})

test("too little context is an issue of the configuration, and in the log", async () => {
  const server = await fakeServer(vllm({ m: 4096 }))
  const warnings: string[] = []
  const log: Log = { ...silentLog, warn: (message) => void warnings.push(message) }
  await using w = await world({
    env: { OPENCODE_DISABLE_LOCAL_DISCOVERY: "0" },
    config: { provider: { mine: { options: { baseURL: `http://127.0.0.1:${server.port}/v1` }, models: { m: {} } } } },
    log,
  })
  const message =
    "vLLM gives m a context of 4096 tokens, too few to work with tools: start vLLM with a larger --max-model-len."
  expect(w.engine.config.issues).toMatchObject([{ message, path: ["provider", "mine"] }])
  expect(warnings.filter((text) => text === message)).toHaveLength(1)
})
