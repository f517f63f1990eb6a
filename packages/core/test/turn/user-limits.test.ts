import { calls, says, script } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const body = (w: World): Record<string, unknown> => w.model.requests.at(-1)?.body ?? {}

test("OPENCODE_EXPERIMENTAL_OUTPUT_TOKEN_MAX limits every answer, and a model that can less keeps its own limit", async () => {
  await using w = await world({
    model: () => says("done"),
    env: { OPENCODE_EXPERIMENTAL_OUTPUT_TOKEN_MAX: "1234" },
    models: {
      small: { limit: { context: 100_000, output: 500 } },
      large: { limit: { context: 100_000, output: 8_000 } },
    },
  })
  await w.prompt("go")
  expect(body(w)).toMatchObject({ max_tokens: 1_234 })
  await w.prompt("go", { model: { providerID: "mock", modelID: "small" } })
  expect(body(w)).toMatchObject({ max_tokens: 500 })
})

test("OPENCODE_EXPERIMENTAL_BASH_DEFAULT_TIMEOUT_MS ends commands whose call names no time", async () => {
  await using w = await world({
    env: { OPENCODE_EXPERIMENTAL_BASH_DEFAULT_TIMEOUT_MS: "300" },
    permission: "allow",
    model: script(calls("bash", { command: "sleep 60" }), says("done")),
  })
  await w.prompt("go")
  expect((await w.calls())[0]?.state).toMatchObject({
    output: expect.stringContaining("after exceeding timeout 300 ms"),
  })
})

test("setCacheKey gives the requests of a session one key for the provider's cache, and no other provider gets any", async () => {
  await using w = await world({ model: () => says("done") })
  const { id } = await w.session()
  await w.prompt("go")
  expect(body(w)).not.toHaveProperty("prompt_cache_key")
  w.folder.write({
    "config/opencode/opencode.jsonc": JSON.stringify({ provider: { mock: { options: { setCacheKey: true } } } }),
  })
  await w.restart()
  await w.prompt("again")
  expect(body(w)).toMatchObject({ prompt_cache_key: id })
  expect(body(w)).not.toHaveProperty("promptCacheKey")
})
