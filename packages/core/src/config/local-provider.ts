import type { ProviderConfig } from "@opencode/protocol/provider.ts"
import type { Environment } from "./folders.ts"

/** These come with the program; any other package would be code that the configuration brings in. */
const OWN_PACKAGES = new Set(["@ai-sdk/openai-compatible", "@ai-sdk/openai", "@ai-sdk/anthropic"])

/**
 * Whether a provider sends to this machine alone and carries no key of the user's. A repository may name such a server
 * (a model that runs locally) without being trusted.
 */
export function isSelfContainedLocal(
  provider: ProviderConfig,
  id: string,
  below: { config: { provider?: Record<string, unknown> | undefined }; hasCredential(id: string): boolean },
): boolean {
  const addresses = [provider.options?.baseURL, provider.api, provider.options?.enterpriseUrl]
  const packages = [provider.npm]
  for (const model of Object.values(provider.models ?? {})) {
    addresses.push(model.provider?.api)
    packages.push(model.provider?.npm)
  }
  const given = addresses.filter((address) => address !== undefined)
  return (
    provider.options?.baseURL !== undefined &&
    given.every(isLoopback) &&
    packages.every((name) => name === undefined || OWN_PACKAGES.has(name)) &&
    !provider.env?.length &&
    below.config.provider?.[id] === undefined &&
    !below.hasCredential(provider.id ?? id) &&
    !below.hasCredential(id)
  )
}

function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, hostname } = new URL(address)
  const isLocal = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname)
  return isLocal && (protocol === "http:" || protocol === "https:")
}

/** Without better knowledge: a variable such as `ANTHROPIC_API_KEY` is the key of `anthropic`. */
export function hasKeyVariable(env: Environment, providerID: string): boolean {
  const prefix = providerID.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_") + "_"
  return Object.entries(env).some(([name, value]) => value && name.startsWith(prefix) && /KEY|TOKEN|SECRET/.test(name))
}
