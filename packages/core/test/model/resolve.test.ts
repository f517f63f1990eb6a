import type { LanguageModelV3 } from "@ai-sdk/provider"
import type { Config } from "@opencode/protocol/config.ts"
import { ConfigProviders } from "@opencode/protocol/provider.ts"
import { expect, onTestFinished, test } from "vitest"
import { isFault } from "@opencode/core/lib/fault.ts"
import { secret } from "@opencode/core/lib/secret.ts"
import { catalogDataOf } from "@opencode/core/model/catalog-data.ts"
import { providerOf } from "@opencode/core/model/catalog.ts"
import { known } from "./known.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { createModels, type BuiltinProvider, type ModelsInput } from "@opencode/core/model/resolve.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { says } from "@opencode/testing/script.ts"
import { collect } from "./answers.ts"

const silent = { specificationVersion: "v3", provider: "offline", modelId: "echo" } as LanguageModelV3
const offline: BuiltinProvider = {
  id: "offline",
  name: "Offline",
  models: { echo: providerOf("offline", { models: { echo: {} } }).models.echo! },
  language: () => silent,
}

function models(config: Config, more: Partial<ModelsInput> & { keys?: Record<string, string> } = {}) {
  const { keys = {}, ...rest } = more
  const request = createRequest()
  const auth = {
    key: (id: string) => (keys[id] ? secret(keys[id]) : undefined),
    list: () => Object.fromEntries(Object.keys(keys).map((id) => [id, "api"])),
  }
  const made = createModels({
    config,
    auth,
    env: {},
    known: catalogDataOf(known),
    request,
    offline,
    warn: () => {},
    ...rest,
  })
  onTestFinished(() => request.close())
  return made
}

const mock = (url: string, more: object = {}): Config => ({
  provider: {
    mock: {
      name: "Mock Provider",
      npm: "@ai-sdk/openai-compatible",
      options: { baseURL: `${url}/v1`, apiKey: "sk-config", ...more },
      models: {
        large: { name: "Mock Large", cost: { input: 1, output: 2 }, limit: { context: 100_000, output: 4096 } },
      },
    },
  },
})

async function faultOf(action: () => unknown) {
  try {
    await action()
  } catch (error) {
    if (isFault(error)) return error
    throw error
  }
  throw new Error("no fault")
}

test("a configured provider is listed as clients know it, without its key", () => {
  const { list, defaults } = models(mock("http://127.0.0.1:1"))
  const providers = list()
  expect(ConfigProviders().safeParse({ providers, default: defaults() }).success).toBe(true)
  expect(JSON.stringify(providers)).not.toContain("sk-config")
  const only = { text: true, audio: false, image: false, video: false, pdf: false }
  expect(providers).toEqual([
    {
      id: "mock",
      name: "Mock Provider",
      source: "config",
      env: [],
      options: { baseURL: "http://127.0.0.1:1/v1", apiKey: "[secret]" },
      models: {
        large: {
          id: "large",
          providerID: "mock",
          api: { id: "large", url: "http://127.0.0.1:1/v1", npm: "@ai-sdk/openai-compatible" },
          name: "Mock Large",
          capabilities: {
            temperature: false,
            reasoning: false,
            attachment: false,
            toolcall: true,
            input: only,
            output: only,
            interleaved: false,
          },
          cost: { input: 1, output: 2, cache: { read: 0, write: 0 } },
          limit: { context: 100_000, output: 4096 },
          status: "active",
          options: {},
          headers: {},
          release_date: "",
          variants: {},
        },
      },
    },
  ])
  expect(defaults()).toEqual({ mock: "large" })
})

test("all that a model may say is taken", () => {
  const provider = providerOf("p", {
    api: "https://p.example/v1",
    models: {
      a: {
        id: "real-a",
        attachment: true,
        reasoning: true,
        temperature: true,
        tool_call: false,
        interleaved: "reasoning_content",
        cost: {
          input: 1,
          output: 2,
          cache_read: 0.1,
          cache_write: 1.5,
          context_over_200k: { input: 3, output: 4 },
        },
        limit: { context: 300_000, input: 200_000, output: 9 },
        modalities: { input: ["text", "pdf"] },
        provider: { npm: "@ai-sdk/anthropic", api: "https://other.example" },
        variants: { mine: { effort: "high" }, low: { disabled: true } },
        status: "beta",
      },
      b: {},
    },
  })
  expect(provider.models.a).toMatchObject({
    api: { id: "real-a", url: "https://other.example", npm: "@ai-sdk/anthropic" },
    capabilities: {
      attachment: true,
      toolcall: false,
      input: { text: true, pdf: true, image: false },
      interleaved: { field: "reasoning_content" },
    },
    cost: {
      cache: { read: 0.1, write: 1.5 },
      experimentalOver200K: { input: 3, output: 4, cache: { read: 0, write: 0 } },
    },
    limit: { context: 300_000, input: 200_000, output: 9 },
    variants: { mine: { effort: "high" } },
    status: "beta",
  })
  expect(Object.keys(provider.models.a?.variants ?? {})).not.toContain("low")
  expect(provider.models.b?.api).toEqual({ id: "b", url: "https://p.example/v1", npm: "@ai-sdk/openai-compatible" })
})

test("a known provider is there with its key, wherever the key is, and configuration adds to it", () => {
  const ids = (made: ReturnType<typeof models>) => made.list().map(({ id, source }) => `${id} ${source}`)
  expect(ids(models({}, { env: { ANTHROPIC_API_KEY: "k" } }))).toEqual(["anthropic env"])
  expect(ids(models({}, { keys: { anthropic: "k" } }))).toEqual(["anthropic api"])
  const configured = models({ provider: { anthropic: { models: { "claude-next": {} } } } })
  expect(ids(configured)).toEqual(["anthropic config"])
  expect(configured.resolve("anthropic/claude-next").model.api.npm).toBe("@ai-sdk/anthropic")
  expect(configured.resolve("anthropic/claude-haiku-4-5").model.cost.input).toBe(1)
})

test("a provider of the configuration lies over the one of the catalogue, member by member", () => {
  const { models: all, env } = providerOf(
    "anthropic",
    {
      options: { baseURL: "https://mine.example/v1" },
      models: {
        "claude-sonnet-5": { name: "Mine", cost: { input: 9, output: 9 }, variants: { deep: { effort: "max" } } },
        "claude-opus-5": { variants: { low: { disabled: true }, high: { effort: "xhigh" } } },
        short: { id: "claude-haiku-4-5" },
      },
    },
    { base: known.find(({ id }) => id === "anthropic") },
  )
  expect(env).toEqual(["ANTHROPIC_API_KEY"])
  expect(all["claude-sonnet-5"]).toMatchObject({
    name: "Mine",
    api: { url: "https://mine.example/v1", npm: "@ai-sdk/anthropic" },
    limit: { context: 200_000 },
    cost: { input: 9, cache: { read: 0 } },
    variants: { deep: { effort: "max" } },
  })
  expect(Object.keys(all["claude-opus-5"]?.variants ?? {})).toEqual(["high", "max"])
  expect(all["claude-opus-5"]?.variants?.high).toEqual({ thinking: { type: "adaptive" }, effort: "xhigh" })
  expect(all.short).toMatchObject({ api: { id: "claude-haiku-4-5" }, limit: { output: 64_000 }, cost: { input: 1 } })
})

test("another name for a provider of the catalogue takes its models and its key", () => {
  const made = models({ provider: { work: { id: "relay", name: "Work" } } }, { keys: { relay: "k" } })
  expect(made.list().map(({ id, name }) => `${id} ${name}`)).toEqual(["work Work", "relay Relay"])
  expect(made.resolve("work/acme/big").model.api.url).toBe("https://relay.example/v1")
})

test("a model on its way out is not shown, and used when it is named", () => {
  const made = models({}, { keys: { anthropic: "k" } })
  expect(Object.keys(made.list()[0]?.models ?? {})).not.toContain("claude-2")
  expect(made.resolve("anthropic/claude-2").model.status).toBe("deprecated")
  const listed = (config: Config, more: Partial<ModelsInput> = {}) =>
    Object.keys(models(config, { keys: { anthropic: "k" }, ...more }).list()[0]?.models ?? {})
  expect(listed({}, { withExperimental: true })).toContain("claude-2")
  expect(listed({ provider: { anthropic: { models: { "claude-2": {} } } } })).toContain("claude-2")
})

test("among several keys a login comes before the environment, and the known before the unknown", () => {
  const env = { RELAY_KEY: "k", ANTHROPIC_API_KEY: "k" }
  expect(models({}, { env }).default()).toEqual({ providerID: "anthropic", modelID: "claude-sonnet-5" })
  expect(models({}, { env, keys: { relay: "k" } }).default().providerID).toBe("relay")
  const lastUsed = () => ({ providerID: "relay", modelID: "acme/small" })
  expect(models({}, { env, lastUsed }).default()).toEqual(lastUsed())
  expect(models({}, { env: { ANTHROPIC_API_KEY: "k" }, lastUsed }).default().providerID).toBe("anthropic")
})

test("a variable that other programs live on makes a provider usable, and never the default", () => {
  const made = models({}, { env: { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_REGION: "c" } })
  expect(made.list().map(({ id }) => id)).toEqual(["amazon-bedrock", "offline"])
  expect(made.default().providerID).toBe("offline")
  expect(made.keyVariables()).toEqual(["AWS_BEARER_TOKEN_BEDROCK"])
  const meant = models({}, { env: { AWS_BEARER_TOKEN_BEDROCK: "k", ANTHROPIC_API_KEY: "k" } })
  expect(meant.list().map(({ id }) => id)).toEqual(["anthropic", "amazon-bedrock"])
  expect(meant.keyVariables().toSorted()).toEqual(["ANTHROPIC_API_KEY", "AWS_BEARER_TOKEN_BEDROCK"])
  expect(
    models({}, { env: { AWS_REGION: "eu" } })
      .list()
      .map(({ id }) => id),
  ).toEqual(["offline"])
})

test("providers that were found on this machine can be used, after the configured ones", () => {
  const found = [{ ...providerOf("ollama", { models: { qwen: {} } }), isConfigured: false }]
  const made = models(mock("http://127.0.0.1:1"), { found, env: { ANTHROPIC_API_KEY: "k" } })
  expect(made.list().map(({ id, source }) => `${id} ${source}`)).toEqual([
    "mock config",
    "ollama custom",
    "anthropic env",
  ])
  expect(models({}, { found }).default()).toEqual({ providerID: "ollama", modelID: "qwen" })
})

test("a login counts at once", () => {
  const keys: Record<string, string> = {}
  const made = models({}, { keys })
  expect(made.list().map(({ id }) => id)).toEqual(["offline"])
  keys.anthropic = "k"
  expect(made.list().map(({ id }) => id)).toEqual(["anthropic"])
})

test("all providers are told one by one, with what can be used among them", () => {
  const all = [...models({}, { keys: { relay: "sk-secret" } }).all()]
  expect(all.map(({ provider, defaultModel }) => [provider.id, provider.source, defaultModel])).toEqual([
    ["anthropic", "custom", "claude-sonnet-5"],
    ["relay", "api", "other/tiny"],
    ["amazon-bedrock", "custom", "anthropic.claude"],
  ])
  expect(JSON.stringify(all)).not.toContain("sk-secret")
})

const at = (modelID: string, providerID = "anthropic") => ({ providerID, modelID })
test.each([
  ["a model", at("claude-opus-5"), undefined, at("claude-opus-5")],
  ["a variant behind the name", at("claude-opus-5#max"), undefined, { ...at("claude-opus-5"), variant: "max" }],
  ["a variant beside the name", at("claude-opus-5"), "low", { ...at("claude-opus-5"), variant: "low" }],
  ["both, of which the one beside counts", at("claude-opus-5#max"), "low", { ...at("claude-opus-5"), variant: "low" }],
  ["none after all", at("claude-opus-5#max"), "default", at("claude-opus-5")],
  ["a name that holds the sign itself", at("odd#name", "relay"), undefined, at("odd#name", "relay")],
])("%s is understood", (_, ref, variant, expected) => {
  expect(models({}).settle(ref, variant)).toEqual(expected)
})

test.each([
  [at("claude-opus-5#hihg"), undefined, 'no "hihg". Did you mean high?'],
  [at("claude-opus-5"), "nothing-like-it", "It has low, high, max."],
  [at("claude-sonnet-5"), "high", "It has none."],
  [at("claude-opus-5"), "constructor", "It has low, high, max."],
  [at("claude-opsu-5#max"), undefined, "Model not found: anthropic/claude-opsu-5#max. Did you mean"],
])("%j with the variant %s is refused with near names", async (ref, variant, sentence) => {
  const fault = await faultOf(() => models({}).settle(ref, variant))
  expect(fault.code).toBe("model_not_found")
  expect(fault.message).toContain(sentence)
})

test("a disabled provider is gone, also when it is enabled; lists of models narrow", () => {
  const both = { ...mock("http://a"), disabled_providers: ["mock"], enabled_providers: ["mock"] }
  expect(
    models(both)
      .list()
      .map(({ id }) => id),
  ).toEqual([])
  expect(models({ ...mock("http://a"), enabled_providers: ["other"] }).list()).toEqual([])
  const narrow = (more: object) => Object.keys(providerOf("p", { models: { a: {}, b: {}, c: {} }, ...more }).models)
  expect(narrow({ whitelist: ["a", "b"], blacklist: ["b"] })).toEqual(["a"])
})

test("the offline model is the default only when there is nothing else", async () => {
  const alone = models({})
  expect(alone.list().map(({ id, source }) => `${id} ${source}`)).toEqual(["offline custom"])
  expect(alone.default()).toEqual({ providerID: "offline", modelID: "echo" })
  expect(await alone.resolve("offline/echo").language()).toBe(silent)
  const configured = models(mock("http://a"))
  expect(configured.default()).toEqual({ providerID: "mock", modelID: "large" })
  expect(configured.list().map(({ id }) => id)).toEqual(["mock"])
  expect(configured.resolve("offline/echo").model.id).toBe("echo")
  expect(models({ ...mock("http://a"), model: "x/y/z" }).default()).toEqual({ providerID: "x", modelID: "y/z" })
  expect((await faultOf(() => models({ disabled_providers: ["offline"] }).default())).code).toBe("model_not_found")
})

test("a small model is never another provider's", () => {
  const small = models({}, { env: { ANTHROPIC_API_KEY: "k" } }).small
  expect(small({ providerID: "anthropic", modelID: "claude-opus-5" }).modelID).toBe("claude-haiku-4-5")
  expect(small({ providerID: "anthropic", modelID: "claude-haiku-4-5" }).modelID).toBe("claude-haiku-4-5")
  const relay = models({}, { keys: { relay: "k" } }).small
  expect(relay({ providerID: "relay", modelID: "acme/big" }).modelID).toBe("acme/small")
  const local: Config = { provider: { local: { models: { main: {}, free: {} } } } }
  const main = { providerID: "local", modelID: "main" }
  expect(models(local, { env: { ANTHROPIC_API_KEY: "k" } }).small(main)).toEqual(main)
  expect(models({ ...local, small_model: "local/free" }).small(main).modelID).toBe("free")
})

test.each([
  ["mock/larg", ["mock/large"]],
  ["large", ["mock/large"]],
  ["mok/large", ["mock/large"]],
  ["nothing/like-it-at-all", []],
])("the unknown model %s is answered with %j", async (wanted, suggestions) => {
  const fault = await faultOf(() => models(mock("http://a")).resolve(wanted))
  expect(fault).toMatchObject({ code: "model_not_found", data: { suggestions } })
  expect(fault.message).toContain(wanted)
  for (const name of suggestions) expect(fault.message).toContain(name)
})

test("a missing key is told when the model is used, with the variable and the command", async () => {
  const resolved = models({}).resolve("anthropic/claude-sonnet-5")
  const fault = await faultOf(() => resolved.language())
  expect(fault).toMatchObject({ code: "provider_auth", data: { providerID: "anthropic" } })
  expect(fault.message).toContain("ANTHROPIC_API_KEY")
  expect(fault.message).toContain("opencode auth login")
})

test("a package that is not included is told in a sentence", async () => {
  const config: Config = { provider: { p: { npm: "@acme/provider", api: "https://p.example", models: { m: {} } } } }
  const fault = await faultOf(() => models(config).resolve("p/m").language())
  expect(fault.code).toBe("config_invalid")
  expect(fault.message).toContain("@acme/provider")
})

test("keys are taken from the configuration, then the file, then the environment", async () => {
  await using server = await modelServer({ script: [says("yes")], repeat: true })
  const spoken = async (config: Config, more: Parameters<typeof models>[1]) => {
    const language = await models(config, more).resolve("mock/large").language()
    await collect((await language.doStream({ prompt: [] })).stream)
    return server.requests.at(-1)?.headers
  }
  const config = mock(server.url, { headers: { "x-team": "blue" } })
  config.provider!.mock!.env = ["MOCK_KEY"]
  const more = { env: { MOCK_KEY: "sk-env" }, keys: { mock: "sk-file" }, userAgent: "opencode/1" }
  expect(await spoken(config, more)).toMatchObject({ authorization: "Bearer sk-config", "x-team": "blue" })
  delete config.provider!.mock!.options!.apiKey
  expect((await spoken(config, more))?.authorization).toBe("Bearer sk-file")
  const headers = await spoken(config, { ...more, keys: {} })
  expect(headers?.authorization).toBe("Bearer sk-env")
  expect(headers?.["user-agent"]).toMatch(/^opencode\/1 /)
})

test("a key of the environment goes nowhere but to the provider that names its variable", async () => {
  const before = process.env.ANTHROPIC_API_KEY
  process.env.ANTHROPIC_API_KEY = "sk-leak"
  onTestFinished(() => {
    if (before === undefined) delete process.env.ANTHROPIC_API_KEY
    else process.env.ANTHROPIC_API_KEY = before
  })
  await using server = await modelServer({ script: [says("yes")] })
  const config: Config = { provider: { p: { npm: "@ai-sdk/anthropic", api: `${server.url}/v1`, models: { m: {} } } } }
  const language = await models(config).resolve("p/m").language()
  await collect(
    (await language.doStream({ prompt: [{ role: "user", content: [{ type: "text", text: "hi" }] }] })).stream,
  )
  expect(JSON.stringify(server.requests[0]?.headers)).not.toContain("sk-leak")
})

const LOCAL = "http://127.0.0.1:9/v1"
const AWAY = "https://evil.example/v1"
type Custody = {
  allowed: boolean
  url: string
  project: string[]
  more?: object
  keys?: Record<string, string>
  trusted?: boolean
  approved?: boolean
}
const URL_PATH = "options.baseURL"
test.each<[string, Custody]>([
  ["the user's address with the user's key", { allowed: true, url: AWAY, project: [], keys: { p: "k" } }],
  ["the project's address with a stored key", { allowed: false, url: AWAY, project: [URL_PATH], keys: { p: "k" } }],
  [
    "the project's address with the user's configured key",
    { allowed: false, url: AWAY, project: [URL_PATH], more: { apiKey: "k" } },
  ],
  ["the project's address without a key", { allowed: false, url: AWAY, project: [URL_PATH] }],
  [
    "the project's address and key",
    { allowed: false, url: AWAY, project: [URL_PATH, "options.apiKey"], more: { apiKey: "k" } },
  ],
  [
    "a trusted project's address with a stored key",
    { allowed: true, url: AWAY, project: [URL_PATH], keys: { p: "k" }, trusted: true },
  ],
  [
    "an approved address with a stored key",
    { allowed: false, url: AWAY, project: [URL_PATH], keys: { p: "k" }, approved: true },
  ],
  ["an approved address without a key", { allowed: true, url: AWAY, project: [URL_PATH], approved: true }],
  [
    "an approved address with the project's key",
    { allowed: true, url: AWAY, project: [URL_PATH, "options.apiKey"], more: { apiKey: "k" }, approved: true },
  ],
  ["the project's server on this machine without a key", { allowed: true, url: LOCAL, project: [URL_PATH] }],
  [
    "the project's server on this machine with its own key",
    { allowed: true, url: LOCAL, project: [URL_PATH, "options.apiKey"], more: { apiKey: "k" } },
  ],
  [
    "the project's server on this machine with a stored key",
    { allowed: false, url: LOCAL, project: [URL_PATH], keys: { p: "k" } },
  ],
  [
    "the project's server on this machine with the user's headers",
    { allowed: false, url: LOCAL, project: [URL_PATH], more: { headers: { "x-key": "k" } } },
  ],
  ["a name that only looks local", { allowed: false, url: "http://127.0.0.1.evil.example/v1", project: [URL_PATH] }],
])("%s", async (_, { allowed, url, project, more, keys = {}, trusted = false, approved = false }) => {
  const config: Config = { provider: { p: { options: { baseURL: url, ...more }, models: { m: {} } } } }
  const hosts: string[] = []
  const resolved = models(config, {
    keys,
    origin: (path) => ({ layer: project.includes(path.slice(2).join(".")) ? "project" : "user" }),
    isTrusted: () => trusted,
    isApproved: () => approved,
    allowHost: (host) => hosts.push(host),
  }).resolve("p/m")
  if (allowed) {
    await resolved.language()
    expect(hosts).toEqual([new URL(url).host])
  } else {
    const fault = await faultOf(() => resolved.language())
    expect(fault).toMatchObject({ code: "forbidden", data: { providerID: "p", host: new URL(url).host } })
    expect(hosts).toEqual([])
  }
})
