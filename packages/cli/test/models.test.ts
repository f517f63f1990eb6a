import { createServer } from "node:http"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { installation } from "@opencode/testing/command.ts"
import { says, script } from "@opencode/testing/script.ts"
import { expect, onTestFinished, test } from "vitest"
import { modelScript } from "./shared.ts"

const ids = (stdout: string): string[] => stdout.trim().split("\n")
/** Nobody is asked on the ports of this machine. */
const alone = { OPENCODE_DISABLE_LOCAL_DISCOVERY: "1" }

test("without a provider the models that can be used are listed, one a line", async () => {
  await using at = installation()
  const bare = await at.run(["models"], { env: alone })
  expect(bare).toMatchObject({ stdout: "offline/rules\n", code: 0 })
  expect(bare.stderr).toContain("opencode models <provider>")
  const { stdout, code } = await at.run(["models"], { env: { ANTHROPIC_API_KEY: "k" } })
  expect(code).toBe(0)
  expect(ids(stdout)).toContain("anthropic/claude-sonnet-5")
  expect(ids(stdout).every((line) => line.startsWith("anthropic/"))).toBe(true)
})

test("with a provider its models are listed, although there is no key for it", async () => {
  await using at = installation()
  const { stdout, stderr, code } = await at.run(["models", "groq"], { env: alone })
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 })
  expect(ids(stdout)).toContain("groq/openai/gpt-oss-120b")
  expect(ids(stdout).every((line) => line.startsWith("groq/"))).toBe(true)
})

test("a provider that does not exist is told with near names", async () => {
  await using at = installation()
  const { stdout, stderr, code } = await at.run(["models", "anthropc"], { env: alone })
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
  expect(stderr).toContain("Provider not found: anthropc")
  expect(stderr).toContain("anthropic?")
})

test("--verbose prints what is known of each model as JSON", async () => {
  await using at = await modelScript([])
  const { stdout } = await at.run(["models", "mock", "--verbose"])
  const [name = "", ...json] = stdout.split("\n")
  expect(name).toBe("mock/large")
  expect(JSON.parse(json.join("\n"))).toMatchObject({ id: "large", limit: { context: 100_000 } })
})

test("--refresh fetches the catalogue, and from then on it is the one that is used", async () => {
  const body = JSON.stringify({
    acme: { env: ["ACME_KEY"], npm: "@ai-sdk/openai-compatible", api: "https://acme.example/v1", models: { one: {} } },
  })
  const server = createServer((_, response) => response.end(body)).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => void server.close())
  const env = { ...alone, OPENCODE_MODELS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api.json` }
  await using at = installation()

  const refused = await at.run(["models", "--refresh"], { env: { ...env, OPENCODE_DISABLE_MODELS_FETCH: "1" } })
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain("OPENCODE_DISABLE_MODELS_FETCH")

  const { stderr, stdout, code } = await at.run(["models", "acme", "--refresh"], { env })
  expect({ stdout, code }).toEqual({ stdout: "acme/one\n", code: 0 })
  expect(stderr).toContain("Fetched 1 models of 1 providers")
  expect((await at.run(["models"], { env: { ...alone, ACME_KEY: "k" } })).stdout).toBe("acme/one\n")
  expect((await at.run(["models", "groq"], { env: alone })).code).toBe(1)
})

test("a catalogue that cannot be used stops nothing", async () => {
  await using at = installation({ files: { "broken.json": "{" } })
  const env = { ...alone, OPENCODE_MODELS_PATH: `${at.project}/broken.json` }
  const { stdout, code } = await at.run(["models", "anthropic"], { env })
  expect(code).toBe(0)
  expect(ids(stdout)).toContain("anthropic/claude-sonnet-5")
})

const thinking = {
  config: {
    provider: {
      mock: { models: { large: { variants: { high: { reasoningEffort: "high" }, odd: { disabled: true } } } } },
    },
  },
}

test.each([
  ["a flag", ["run", "--variant", "high", "go"]],
  ["the model's name", ["run", "-m", "mock/large#high", "go"]],
])("a variant is asked for by %s, and reaches the provider", async (_, args) => {
  await using at = await modelScript(script(says("ok")))
  const { code, stderr } = await at.run(args)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(at.model.requests.at(-1)?.body).toMatchObject({ reasoning_effort: "high" })
})

test("a variant that the model does not have is told with those it has", async () => {
  await using at = await modelScript(script(says("ok")), thinking)
  const { code, stderr } = await at.run(["run", "-m", "mock/large#hihg", "go"])
  expect(code).toBe(1)
  expect(stderr).toContain('mock/large has no "hihg". Did you mean high?')
  expect(at.model.requests).toEqual([])
})
