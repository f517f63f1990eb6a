import { expect, test } from "vitest"
import { publicConfig } from "../../src/config/public.ts"

test("no secret leaves, and everything else does", () => {
  const shown = publicConfig({
    value: {
      model: "a/b",
      permission: { secret_tool: "ask" },
      plugin: ["p", ["q", { token: "hunter2", size: 3 }]],
      agent: { x: { prompt: "p", apiKey: "hunter2", permission: { token_tool: "deny" } } },
      provider: {
        a: {
          env: ["A_KEY"],
          options: {
            apiKey: "hunter2",
            setCacheKey: true,
            baseURL: "https://u:hunter2@h/v1?key=hunter2&v=1",
            headers: { Authorization: "hunter2", "User-Agent": "me" },
          },
          models: {
            m: { headers: { "X-Api-Key": "hunter2" }, options: { max_tokens: 5, secretAccessKey: "hunter2" } },
          },
        },
      },
      mcp: {
        l: { type: "local", command: ["npx", "x"], environment: { ANY: "hunter2" } },
        r: {
          type: "remote",
          url: "https://h/?token=hunter2",
          headers: { cookie: "hunter2" },
          oauth: { clientId: "id", clientSecret: "hunter2" },
        },
      },
      lsp: { x: { command: ["x"], env: { A: "hunter2" } } },
      enterprise: { url: "https://me:hunter2@talks.example" },
    },
  })
  expect(JSON.stringify(shown)).not.toContain("hunter2")
  expect(shown).toMatchObject({
    model: "a/b",
    permission: { secret_tool: "ask" },
    plugin: ["p", ["q", { token: "[secret]", size: 3 }]],
    agent: { x: { prompt: "p", apiKey: "[secret]", permission: { token_tool: "deny" } } },
    provider: {
      a: {
        env: ["A_KEY"],
        options: {
          apiKey: "[secret]",
          setCacheKey: true,
          baseURL: "https://[secret]@h/v1?key=[secret]&v=1",
          headers: { "User-Agent": "me" },
        },
        models: { m: { options: { max_tokens: 5 } } },
      },
    },
    mcp: {
      l: { command: ["npx", "x"], environment: { ANY: "[secret]" } },
      r: { oauth: { clientId: "id", clientSecret: "[secret]" } },
    },
  })
})

test("clients find the members they expect", () => {
  expect(publicConfig({ value: {} })).toEqual({
    $schema: "https://opencode.ai/config.json",
    agent: {},
    command: {},
    mode: {},
    plugin: [],
  })
})
