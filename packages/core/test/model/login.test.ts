import { secret } from "@opencode/core/lib/secret.ts"
import { languages, type Access } from "@opencode/core/model/access.ts"
import type { CatalogProvider } from "@opencode/core/model/catalog.ts"
import { copilotLogin } from "@opencode/core/model/login/copilot.ts"
import type { LanguageInput } from "@opencode/core/model/packages/package.ts"
import { copilotPackage } from "@opencode/core/model/quirks/copilot.ts"
import { createRequest, type RequestInit } from "@opencode/core/model/request.ts"
import { expect, test } from "vitest"
import { modelOf } from "../turn/history.ts"

const use = copilotLogin.use!

async function headersFor(body: unknown, headers: RequestInit["headers"] = {}): Promise<Record<string, string>> {
  let sent: RequestInit = {}
  const request = Object.assign(
    async (_: string | URL, init?: RequestInit) => {
      sent = init ?? {}
      throw new Error("not sent")
    },
    { close() {} },
  )
  await use.send!(request)("https://x", { headers, body: JSON.stringify(body) }).catch(() => {})
  return sent.headers as Record<string, string>
}

test.each([
  ["a prompt", { messages: [{ role: "system" }, { role: "user" }] }, "user"],
  ["the result of a call", { messages: [{ role: "user" }, { role: "assistant" }, { role: "tool" }] }, "agent"],
  ["a prompt, as responses", { input: [{ role: "developer" }, { role: "user" }] }, "user"],
  ["a result, as responses", { input: [{ role: "user" }, { type: "function_call_output" }] }, "agent"],
  ["nothing", {}, "agent"],
])("Copilot is told who asks: %s", async (_, body, who) => {
  expect(await headersFor(body, { "x-own": "1" })).toMatchObject({ "x-initiator": who, "x-own": "1" })
})

test.each([
  [{ messages: [{ role: "user", content: [{ type: "image_url" }] }] }, "true"],
  [{ input: [{ role: "user", content: [{ type: "input_image" }] }] }, "true"],
  [{ messages: [{ role: "user", content: "image_url" }] }, undefined],
])("Copilot is told of pictures: %j", async (body, said) => {
  expect((await headersFor(body))["copilot-vision-request"]).toBe(said)
})

test.each([
  ["gpt-5.4", "@ai-sdk/openai"],
  ["gpt-5.3-codex", "@ai-sdk/openai"],
  ["gpt-6-sol", "@ai-sdk/openai"],
  ["gpt-5-mini", undefined],
  ["gpt-4.1", undefined],
  ["claude-sonnet-4.6", undefined],
])("Copilot's model %s is reached by %s", (modelID, npm) => {
  expect(copilotPackage("github-copilot", modelID)).toBe(npm)
  expect(copilotPackage("openai", modelID)).toBeUndefined()
})

interface Place {
  provider: Partial<CatalogProvider> & Pick<CatalogProvider, "id">
  npm: string
  url: string
  entry: Record<string, unknown>
  config?: Access["config"]
}

/** What a model would be opened with. */
async function openedWith({ provider, npm, url, entry, config = {} }: Place): Promise<LanguageInput> {
  const opened: LanguageInput[] = []
  const usual = modelOf("@ai-sdk/openai-compatible", { id: "m", providerID: provider.id })
  const model = { ...usual, api: { id: "m", npm, url } }
  const open = languages({
    config,
    env: { AZURE_RESOURCE_NAME: "", CLOUDFLARE_ACCOUNT_ID: "other" },
    request: createRequest(),
    auth: { key: () => secret(String(entry.key ?? entry.refresh)), entry: () => entry },
    loginUse: () => use,
    opened: (input) => opened.push(input),
  })
  await open({ name: "", env: [], options: {}, models: { m: model }, isConfigured: false, ...provider }, model)
  return opened[0]!
}

test("what was stored beside a key is part of the address", async () => {
  const azure = await openedWith({
    provider: { id: "azure" },
    npm: "@ai-sdk/azure",
    url: "",
    entry: { type: "api", key: "k", metadata: { resourceName: "acme" } },
  })
  expect(azure.baseURL).toBe("https://acme.openai.azure.com/openai")
  const workers = await openedWith({
    provider: { id: "cloudflare-workers-ai" },
    npm: "@ai-sdk/openai-compatible",
    url: "https://api.cloudflare.com/client/v4/accounts/${CLOUDFLARE_ACCOUNT_ID}/ai/v1",
    entry: { type: "api", key: "k", metadata: { accountId: "abc" } },
  })
  expect(workers.baseURL).toBe("https://api.cloudflare.com/client/v4/accounts/abc/ai/v1")
})

test("an enterprise's login has requests go to its own Copilot, unless the configuration says where", async () => {
  const copilot = {
    provider: { id: "github-copilot" },
    npm: "@ai-sdk/openai-compatible",
    url: "https://api.githubcopilot.com",
    entry: { type: "oauth", refresh: "t", enterpriseUrl: "company.ghe.com" },
  }
  expect((await openedWith(copilot)).baseURL).toBe("https://copilot-api.company.ghe.com")
  const { enterpriseUrl: _, ...plain } = copilot.entry
  expect((await openedWith({ ...copilot, entry: plain })).baseURL).toBe("https://api.githubcopilot.com")
  const config = { provider: { "github-copilot": { options: { baseURL: "https://proxy.example" } } } }
  const own = { ...copilot, url: "https://proxy.example", config }
  expect((await openedWith(own)).baseURL).toBe("https://proxy.example")
})
