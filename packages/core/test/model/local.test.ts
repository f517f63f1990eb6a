import type { Config } from "@opencode/protocol/config.ts"
import { expect, onTestFinished, test } from "vitest"
import { completeLocal, discoverLocal } from "@opencode/core/model/local.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { freePort } from "@opencode/testing/free-port.ts"
import { fakeServer, llamacpp, lmstudio, lmstudioV1, ollama, vllm, type Answers } from "./local-servers.ts"

function asker() {
  const allowedHosts = new Set<string>()
  const request = createRequest({ allowedHosts })
  onTestFinished(() => request.close())
  return { request, allowedHosts, allowHost: (host: string) => void allowedHosts.add(host) }
}

/** Discovery among these servers; the ports of the others are closed. */
async function discover(servers: Record<string, { port: number }>, disabled: string[] = []) {
  const closed = await freePort()
  const ports = Object.fromEntries(
    ["ollama", "lmstudio", "llamacpp", "vllm"].map((id) => [id, servers[id]?.port ?? closed]),
  )
  return discoverLocal({ ...asker(), isEnabled: (id) => !disabled.includes(id), ports })
}

test("Ollama's models come with the context they get and what they can do", async () => {
  const server = await fakeServer(
    ollama({
      "loaded:8b": {
        capabilities: ["completion", "tools"],
        context: 131072,
        parameters: "num_ctx 40000",
        loaded: 32768,
      },
      "set:8b": {
        capabilities: ["completion", "tools", "thinking"],
        context: 131072,
        parameters: 'stop "x"\nnum_ctx   40000\n',
      },
      "made:8b": { capabilities: ["completion", "vision"], context: 65536 },
      "old:8b": {},
      "embed:1b": { capabilities: ["embedding"], context: 2048 },
    }),
  )
  const { found, issues } = await discover({ ollama: server })
  expect(found).toMatchObject([
    { id: "ollama", name: "Ollama", env: [], isConfigured: false, defaultModel: "loaded:8b" },
  ])
  const { models } = found[0]!
  const facts = Object.values(models).map(({ id, limit, capabilities: { toolcall, attachment, reasoning, input } }) => [
    id,
    limit.context,
    { toolcall, attachment, reasoning, image: input.image },
  ])
  expect(facts).toEqual([
    ["loaded:8b", 32768, { toolcall: true, attachment: false, reasoning: false, image: false }],
    ["set:8b", 40000, { toolcall: true, attachment: false, reasoning: true, image: false }],
    ["made:8b", 65536, { toolcall: false, attachment: true, reasoning: false, image: true }],
    ["old:8b", 0, { toolcall: true, attachment: false, reasoning: false, image: false }],
  ])
  expect(models["set:8b"]?.api).toEqual({
    id: "set:8b",
    url: `http://127.0.0.1:${server.port}/v1`,
    npm: "@ai-sdk/openai-compatible",
  })
  expect(issues).toEqual([])
})

test("LM Studio's models come with the context they were loaded with; embeddings are none", async () => {
  const server = await fakeServer(
    lmstudio({
      idle: { capabilities: ["tool_use"] },
      loaded: { state: "loaded", loaded_context_length: 20000, capabilities: ["tool_use"] },
      looks: { type: "vlm", capabilities: [] },
      embeds: { type: "embeddings", max_context_length: 2048 },
    }),
  )
  const { found } = await discover({ lmstudio: server })
  expect(found).toMatchObject([{ id: "lmstudio", name: "LM Studio", defaultModel: "loaded" }])
  expect(Object.keys(found[0]!.models)).toEqual(["idle", "loaded", "looks"])
  expect(found[0]!.models).toMatchObject({
    idle: { limit: { context: 131072 }, capabilities: { toolcall: true, attachment: false } },
    loaded: { limit: { context: 20000 } },
    looks: { capabilities: { toolcall: false, attachment: true } },
  })
})

test("LM Studio's newer API tells the same", async () => {
  const server = await fakeServer(
    lmstudioV1({
      idle: { capabilities: { vision: true, trained_for_tool_use: false } },
      loaded: { loaded_instances: [{ id: "loaded", config: { context_length: 20000 } }] },
      embeds: { type: "embedding" },
    }),
  )
  const { found } = await discover({ lmstudio: server })
  expect(found).toMatchObject([{ id: "lmstudio", defaultModel: "loaded" }])
  expect(Object.keys(found[0]!.models)).toEqual(["idle", "loaded"])
  expect(found[0]!.models).toMatchObject({
    idle: { limit: { context: 131072 }, capabilities: { toolcall: false, attachment: true } },
    loaded: { limit: { context: 20000 }, capabilities: { toolcall: true, attachment: false } },
  })
})

test("a model that a local server only passes on is not taken for a local one", async () => {
  const models = {
    "big-cloud": { capabilities: ["completion", "tools"], context: 131072, remote: "https://ollama.com" },
  }
  expect((await discover({ ollama: await fakeServer(ollama(models)) })).found).toEqual([])
  const { port } = await fakeServer(ollama({ ...models, small: {} }))
  const options = { baseURL: `http://127.0.0.1:${port}/v1` }
  expect(Object.keys((await complete({ provider: { mine: { options } } })).models ?? {})).toEqual(["small"])
  const named = await complete({ provider: { mine: { options, models: { "big-cloud": {} } } } })
  expect(named.models).toMatchObject({ "big-cloud": { limit: { context: 131072 } } })
})

test("llama.cpp tells context, images and whether its template knows tools", async () => {
  const caps = { supports_tools: true, supports_tool_calls: true }
  const server = await fakeServer(
    llamacpp("some/Model-GGUF", {
      default_generation_settings: { n_ctx: 65536, params: {} },
      modalities: { vision: true, audio: false },
      chat_template_caps: caps,
    }),
  )
  const { found } = await discover({ llamacpp: server })
  expect(found).toMatchObject([
    {
      id: "llamacpp",
      models: {
        "some/Model-GGUF": { limit: { context: 65536 }, capabilities: { toolcall: true, attachment: true } },
      },
    },
  ])
  const plain = await fakeServer(
    llamacpp("m", {
      default_generation_settings: { n_ctx: 32768 },
      chat_template_caps: { supports_tools: false, supports_tool_calls: false },
    }),
  )
  const second = await discover({ llamacpp: plain })
  expect(second.found[0]?.models.m).toMatchObject({ capabilities: { toolcall: false, attachment: false } })
})

test("vLLM tells the length; what it does not tell stays a sensible default", async () => {
  const server = await fakeServer(vllm({ "org/model": 40960 }))
  const { found } = await discover({ vllm: server })
  expect(found).toMatchObject([
    {
      id: "vllm",
      name: "vLLM",
      models: { "org/model": { limit: { context: 40960 }, capabilities: { toolcall: true } } },
    },
  ])
})

test("of several servers, the one comes first that has a model in memory which can use tools", async () => {
  const toolless = { capabilities: ["completion"], loaded: 32768 }
  const { found } = await discover({
    ollama: await fakeServer(ollama({ a: toolless })),
    lmstudio: await fakeServer(lmstudio({ b: { capabilities: ["tool_use"] } })),
    vllm: await fakeServer(vllm({ c: 32768 })),
  })
  expect(found.map(({ id, defaultModel }) => `${id}/${defaultModel}`)).toEqual(["vllm/c", "lmstudio/b", "ollama/a"])
})

test("a provider that is disabled is not asked", async () => {
  const server = await fakeServer(ollama({ a: {} }))
  expect((await discover({ ollama: server }, ["ollama"])).found).toEqual([])
  expect(server.asked).toEqual([])
})

test("a server that has answered is heard, even if this process was kept from listening until it was late", async () => {
  const server = await fakeServer(ollama({ a: { capabilities: ["completion", "tools"], context: 131072 } }))
  const finding = discover({ ollama: server })
  // Longer than the deadline, again and again, as on a machine that has other things to do.
  const stall = setInterval(() => {
    const until = performance.now() + 320
    while (performance.now() < until);
  }, 1)
  const { found } = await finding.finally(() => clearInterval(stall))
  expect(found).toMatchObject([{ id: "ollama", defaultModel: "a" }])
})

test("nothing on any port is known within milliseconds", async () => {
  const times: number[] = []
  for (let n = 0; n < 20; n++) {
    const before = performance.now()
    expect(await discover({})).toEqual({ found: [], issues: [] })
    times.push(performance.now() - before)
  }
  // Others may have the machine most of the time; nothing here waits.
  expect(Math.min(...times)).toBeLessThan(100)
})

const KINDS = ["ollama", "lmstudio", "llamacpp", "vllm"]
/** What every one of them may be asked, in shapes that are nearly right. */
const nearly = (answer: unknown): Answers =>
  Object.fromEntries(
    ["GET /api/tags", "GET /api/ps", "GET /api/v0/models", "GET /api/v1/models", "GET /props", "GET /v1/models"].map(
      (name) => [name, answer],
    ),
  )

test.each<[string, Answers]>([
  [
    "an API with other lists",
    nearly({ data: [{ id: "x", object: "model", owned_by: "openai" }], models: [{ id: 1 }] }),
  ],
  ["one with lists of something else", nearly({ data: ["x"], models: [null] })],
  ["one with objects where lists should be", nearly({ data: { id: "x" }, models: {} })],
  ["one that answers lists", nearly([{ id: "x" }])],
  ["one that answers errors", nearly({ error: "Unexpected endpoint" })],
  ["one with empty lists", nearly({ data: [], models: [] })],
])("%s is not taken for a model server", async (_, answers) => {
  const server = await fakeServer(answers)
  const { found } = await discover(Object.fromEntries(KINDS.map((id) => [id, server])))
  expect(found).toEqual([])
})

const endless = "x".repeat(64 * 1024)
test.each<[string, Parameters<typeof fakeServer>[0]]>([
  ["a web page", (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>My app</h1>")],
  ["a redirect", (_, response) => response.writeHead(302, { location: "http://127.0.0.1:9/" }).end()],
  ["a login", (_, response) => response.writeHead(401, { "content-type": "application/json" }).end("{}")],
  ["broken JSON", (_, response) => response.writeHead(200, { "content-type": "application/json" }).end('{"data": [')],
  ["silence", () => {}],
  [
    "a slow drip",
    (_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).write('{"data": [')
      const drip = setInterval(() => response.write(" "), 20)
      response.on("close", () => clearInterval(drip))
    },
  ],
  [
    "an endless answer",
    (_, response) => {
      response.writeHead(200, { "content-type": "application/json" })
      const more = (): void =>
        void (response.destroyed || (response.write(endless) ? setImmediate(more) : response.once("drain", more)))
      more()
    },
  ],
  ["a connection that breaks", (request) => request.socket.resetAndDestroy()],
])("%s on a usual port is left alone, and costs at most the deadline", async (_, handler) => {
  const server = await fakeServer(handler)
  const before = performance.now()
  const { found } = await discover(Object.fromEntries(KINDS.map((id) => [id, server])))
  expect(found).toEqual([])
  // 300 ms, and what a busy machine adds; that server would go on for ever.
  expect(performance.now() - before).toBeLessThan(10_000)
})

test("a model with too little context is said once, with what to do", async () => {
  const server = await fakeServer(
    ollama({
      a: { capabilities: ["completion", "tools"], context: 131072, loaded: 4096 },
      b: { capabilities: ["completion", "tools"], parameters: "num_ctx 8192" },
      c: { capabilities: ["completion", "tools"], context: 131072 },
    }),
  )
  const { issues } = await discover({ ollama: server })
  expect(issues).toEqual([
    {
      severity: "warning",
      kind: "local_model",
      path: ["provider", "ollama"],
      message:
        "Ollama gives a (and 1 more) a context of 4096 tokens, too few to work with tools: start it with " +
        "OLLAMA_CONTEXT_LENGTH=32768 or more, or give the model `PARAMETER num_ctx 32768` in its Modelfile.",
    },
  ])
})

async function complete(config: Config) {
  const result = await completeLocal(config, { ...asker(), ids: Object.keys(config.provider ?? {}) })
  return { ...result, models: Object.values(result.config.provider ?? {})[0]?.models }
}

test("a configured server is asked for what the configuration leaves out, whatever it is called, and no key is sent", async () => {
  const server = await fakeServer(
    ollama({ "m:8b": { capabilities: ["completion", "vision"], context: 32768 }, other: {} }),
  )
  const baseURL = `http://localhost:${server.port}/v1`
  const provider = (models: NonNullable<Config["provider"]>[string]["models"]): Config => ({
    provider: { mine: { options: { baseURL, apiKey: "sk-secret" }, models } },
  })
  const told = await complete(provider({ "m:8b": {}, alias: { id: "m:8b" } }))
  const facts = { limit: { context: 32768, output: 0 }, tool_call: false, attachment: true }
  expect(told.models).toMatchObject({ "m:8b": facts, alias: { id: "m:8b", ...facts } })
  expect(Object.keys(told.models ?? {})).toEqual(["m:8b", "alias"])
  expect(server.headers().authorization).toBeUndefined()

  const own = { limit: { context: 8000, output: 1000 }, tool_call: true, attachment: false }
  expect((await complete(provider({ "m:8b": own }))).models?.["m:8b"]).toMatchObject(own)
  // Nobody named a model: all of them.
  expect(Object.keys((await complete(provider(undefined))).models ?? {})).toEqual(["m:8b", "other"])
  // A model that the server does not have stays as it is written.
  expect((await complete(provider({ unknown: { name: "Mine" } }))).models).toEqual({ unknown: { name: "Mine" } })
})

test("llama.cpp is known for itself, although it answers Ollama's questions too", async () => {
  const server = await fakeServer(llamacpp("m", { default_generation_settings: { n_ctx: 8192 } }))
  const baseURL = `http://127.0.0.1:${server.port}/v1`
  const { issues } = await complete({ provider: { mine: { options: { baseURL }, models: { m: {} } } } })
  expect(issues[0]?.message).toContain("llama.cpp gives m a context of 8192 tokens")
})

test("a configured server that is not there is not waited for, and stays as it is written", async () => {
  const config: Config = {
    provider: { gone: { options: { baseURL: `http://127.0.0.1:${await freePort()}/v1` }, models: { m: {} } } },
  }
  expect(await completeLocal(config, { ...asker(), ids: ["gone"] })).toEqual({ config, issues: [] })
})
