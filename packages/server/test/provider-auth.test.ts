import { readFileSync } from "node:fs"
import type { Login } from "@opencode/core/model/login/login.ts"
import { loginServer, type LoginScript } from "@opencode/testing/login-server.ts"
import { says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { dataOf, served, type Served } from "./served.ts"

const CODE = { device_code: "dc", user_code: "ABCD-1234", verification_uri: "https://x/login/device", interval: 0.01 }
const TOKEN = "gho_very_secret_token"

const github = (tokens: LoginScript[string]) =>
  loginServer({ "/login/device/code": [{ body: CODE }], "/login/oauth/access_token": tokens })

const stored = (door: Served) =>
  JSON.parse(readFileSync(door.world.folder.join("data/opencode/auth.json"), "utf8")) as Record<string, unknown>

const inputs = (url: string) => ({ deploymentType: "enterprise", enterpriseUrl: url })
const refused = async (asked: Promise<Response>) => {
  const answer = await asked
  return [answer.status, await answer.json()] as const
}
const begin = (door: Served, providerID: string, body: unknown) =>
  door.post(`/provider/${providerID}/oauth/authorize`, body)
const finish = (door: Served, providerID: string, body: unknown) =>
  door.post(`/provider/${providerID}/oauth/callback`, body)

test("the ways to log in are told by provider, without what belongs to this program", async () => {
  await using door = await served()
  const methods = await dataOf(door.v2.provider.auth())
  expect(await dataOf(door.v1.provider.auth())).toEqual(methods)
  expect(methods["github-copilot"]).toMatchObject([
    {
      type: "oauth",
      label: "Login with GitHub Copilot",
      prompts: [{ key: "deploymentType" }, { key: "enterpriseUrl" }],
    },
  ])
  expect(methods.azure).toMatchObject([{ type: "api", prompts: [{ key: "resourceName" }] }])
  expect(Object.values(methods).flatMap((list) => list.flatMap(Object.keys))).not.toContain("begin")
})

test("a login at GitHub waits for the person, is stored for its owner, and authorizes requests from then on", async () => {
  await using hub = await github([
    { body: { error: "authorization_pending" } },
    { body: { error: "slow_down", interval: 0.02 } },
    { body: { access_token: TOKEN, token_type: "bearer" } },
  ])
  await using door = await served({ model: script(says("hello")) })
  // As an organisation has it whose requests go through a place of its own.
  const models = { "claude-x": { limit: { context: 1_000, output: 100 } } }
  door.world.folder.write({
    "project/opencode.json": JSON.stringify({}),
    "config/opencode/opencode.json": JSON.stringify({
      agent: { title: { disable: true } },
      provider: { "github-copilot": { options: { baseURL: `${door.world.model.url}/v1` }, models } },
    }),
  })
  await door.restart()
  const before = await dataOf(door.v2.config.providers())
  expect(before.providers.map(({ id }) => id)).toContain("github-copilot")
  const started = await dataOf(
    door.v2.provider.oauth.authorize({ providerID: "github-copilot", method: 0, inputs: inputs(hub.url) }),
  )
  expect(started).toEqual({ url: CODE.verification_uri, method: "auto", instructions: "Enter code: ABCD-1234" })
  const done = await dataOf(door.v2.provider.oauth.callback({ providerID: "github-copilot", method: 0 }))
  expect(done).toBe(true)
  expect(stored(door)).toEqual({
    "github-copilot": {
      type: "oauth",
      access: TOKEN,
      refresh: TOKEN,
      expires: 0,
      enterpriseUrl: new URL(hub.url).host,
    },
  })
  expect(hub.heard.map(({ body }) => body.grant_type)).toEqual([undefined, ...Array(3).fill(expect.any(String))])

  const session = await dataOf(door.v2.session.create({}))
  const model = { providerID: "github-copilot", modelID: "claude-x" }
  await dataOf(door.v2.session.prompt({ sessionID: session.id, model, parts: [{ type: "text", text: "hi" }] }))
  const [heard] = door.world.model.requests
  expect(heard?.headers).toMatchObject({
    authorization: `Bearer ${TOKEN}`,
    "openai-intent": "conversation-edits",
    "x-initiator": "user",
  })
  // It is no answer of any route.
  for (const path of ["/provider", "/config/providers", "/provider/auth", "/config"])
    expect(await (await door.fetch(path)).text()).not.toContain(TOKEN)
})

test.each([
  ["the person says no", { error: "access_denied" }, "the login was refused"],
  ["the code is too old", { error: "expired_token" }, "the code is too old"],
  ["nobody knows what it is", { error: "whatever" }, "the login was refused"],
])("a login that comes to nothing is told, and stores nothing: %s", async (_, body, sentence) => {
  await using hub = await github([{ body }])
  await using door = await served()
  await begin(door, "github-copilot", { method: 0, inputs: inputs(hub.url) })
  const [status, error] = await refused(finish(door, "github-copilot", { method: 0 }))
  expect([status, error]).toMatchObject([
    400,
    { name: "ProviderAuthOauthCallbackFailed", data: { providerID: "github-copilot" } },
  ])
  expect(JSON.stringify(error)).toContain(sentence)
  expect(door.world.home.auth.list()).toEqual({})
  const [, again] = await refused(finish(door, "github-copilot", { method: 0 }))
  expect(again).toMatchObject({ name: "ProviderAuthOauthMissing" })
})

test("whoever stops waiting can ask again: the login goes on", async () => {
  const tokens: { body: unknown }[] = [{ body: { error: "authorization_pending" } }]
  await using hub = await github(tokens)
  await using door = await served()
  await begin(door, "github-copilot", { method: 0, inputs: inputs(hub.url) })
  const leaving = new AbortController()
  const left = door.fetch("/provider/github-copilot/oauth/callback", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ method: 0 }),
    signal: leaving.signal,
  })
  await expect.poll(() => hub.heard.length).toBeGreaterThan(2)
  leaving.abort()
  await expect(left).rejects.toThrow()
  tokens.push({ body: { access_token: TOKEN } })
  expect(await (await finish(door, "github-copilot", { method: 0 })).json()).toBe(true)
})

test.each([
  ["nope", { method: 0 }, "ProviderAuthOauthMissing"],
  ["azure", { method: 0 }, "ProviderAuthOauthMissing"],
  ["github-copilot", { method: 7 }, "ProviderAuthValidationFailed"],
  ["github-copilot", { method: -1 }, "ProviderAuthValidationFailed"],
  ["github-copilot", { method: 0.5 }, "ProviderAuthValidationFailed"],
  ["github-copilot", { method: 0, inputs: { deploymentType: "elsewhere" } }, "ProviderAuthValidationFailed"],
  ["github-copilot", { method: 0, inputs: inputs("::bad::") }, "ProviderAuthValidationFailed"],
  ["github-copilot", { method: 0, inputs: inputs("http://company.ghe.com") }, "ProviderAuthValidationFailed"],
  ["github-copilot", { method: 0, inputs: inputs("https://user:pw@company.ghe.com") }, "ProviderAuthValidationFailed"],
  ["github-copilot", { method: 0, inputs: inputs("company.ghe.com/path") }, "ProviderAuthValidationFailed"],
  ["github-copilot", { method: 0, inputs: inputs("") }, "ProviderAuthValidationFailed"],
  ["github-copilot", { method: 0, inputs: inputs("http://127.0.0.1:1") }, "ProviderAuthOauthCallbackFailed"],
  ["__proto__", { method: 0 }, "ProviderAuthOauthMissing"],
])("a login at %s with %j is refused: %s", async (providerID, body, name) => {
  await using door = await served()
  expect(await refused(begin(door, providerID, body))).toMatchObject([400, { name }])
})

test("a body that is none is refused", async () => {
  await using door = await served()
  for (const body of [{}, { method: "0" }, { method: 0, inputs: { a: 1 } }, [], { method: 0, inputs: "x" }])
    expect(await refused(begin(door, "github-copilot", body))).toMatchObject([400, { name: "BadRequest" }])
  expect(await refused(finish(door, "github-copilot", {}))).toMatchObject([400, { name: "BadRequest" }])
})

/** As others will add one: by a code that the person brings, with tokens that end. */
const custom = (url: string): Login => ({
  providerID: "mock",
  methods: [
    {
      type: "oauth",
      label: "Mock",
      begin: async () => ({
        url: `${url}/agree`,
        method: "code",
        instructions: "Bring the code.",
        finish: async (code) => {
          if (code !== "right") throw new Error("that is not the code")
          return { type: "oauth", access: "access-1", refresh: "refresh-1", expires: 1 }
        },
      }),
    },
  ],
  use: {
    key: ({ access }) => String(access),
    isOld: ({ expires }, now) => Number(expires) < now,
    async refresh(entry, { request, allowHost }) {
      allowHost(new URL(url).host)
      const answer = await request(`${url}/token`, { method: "POST", body: JSON.stringify({ refresh: entry.refresh }) })
      if (!answer.ok) throw new Error(`status ${answer.status}`)
      return { ...entry, type: "oauth", ...((await answer.json()) as object) }
    },
  },
})

test("methods of others come beside; a code is asked for; what is about to end is renewed once", async () => {
  const fresh = { access: "access-2", refresh: "refresh-2", expires: 9_999_999_999_999 }
  await using server = await loginServer({ "/token": [{ body: fresh }] })
  await using door = await served({ model: script(says("a"), says("b")), moreLogins: [custom(server.url)] })
  door.world.folder.write({
    "config/opencode/opencode.json": JSON.stringify({
      model: "mock/large",
      agent: { title: { disable: true } },
      provider: {
        mock: {
          npm: "@ai-sdk/openai-compatible",
          env: ["MOCK_KEY"],
          options: { baseURL: `${door.world.model.url}/v1` },
          models: { large: {} },
        },
      },
    }),
  })
  await door.restart()
  expect(await refused(finish(door, "mock", { method: 0 }))).toMatchObject([400, { name: "ProviderAuthOauthMissing" }])
  expect(await (await begin(door, "mock", { method: 0 })).json()).toMatchObject({ method: "code" })
  const missing = await refused(finish(door, "mock", { method: 0 }))
  expect(missing).toMatchObject([400, { name: "ProviderAuthOauthCodeMissing" }])
  expect(await refused(finish(door, "mock", { method: 0, code: "wrong" }))).toMatchObject([
    400,
    { name: "ProviderAuthOauthCallbackFailed", data: { message: "Not logged in: that is not the code." } },
  ])
  await begin(door, "mock", { method: 0 })
  expect(await (await finish(door, "mock", { method: 0, code: "right" })).json()).toBe(true)
  const session = await dataOf(door.v2.session.create({}))
  for (const text of ["one", "two"])
    await dataOf(door.v2.session.prompt({ sessionID: session.id, parts: [{ type: "text", text }] }))
  expect(door.world.model.requests.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer access-2",
    "Bearer access-2",
  ])
  expect(server.heard).toEqual([{ path: "/token", body: { refresh: "refresh-1" } }])
  expect(stored(door)).toEqual({ mock: { type: "oauth", ...fresh } })
})

test("a second login at a provider ends the first", async () => {
  const ended: string[] = []
  const one = custom("http://127.0.0.1:1")
  const [method] = one.methods
  const counted: Login = {
    ...one,
    methods: [
      {
        ...method!,
        type: "oauth",
        begin: async () => ({
          url: "https://x",
          method: "auto",
          instructions: "",
          finish: (_, signal) =>
            new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
          close: () => ended.push("closed"),
        }),
      },
    ],
  }
  await using door = await served({ moreLogins: [counted] })
  await begin(door, "mock", { method: 0 })
  const waiting = refused(finish(door, "mock", { method: 0 }))
  await begin(door, "mock", { method: 0 })
  expect(await waiting).toMatchObject([400, { name: "ProviderAuthOauthCallbackFailed" }])
  expect(ended).toEqual(["closed"])
})
