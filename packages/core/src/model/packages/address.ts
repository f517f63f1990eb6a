import { fault } from "../../lib/fault.ts"
import { asText } from "../wire/json.ts"
import { awsRegion } from "./aws-credentials.ts"
import { googleCredentials } from "./google-credentials.ts"

/** Where requests go when the configuration names no address: the service's own, or made of a region or a resource. */
export interface AddressInput {
  npm: string
  providerID: string
  /** As configured or catalogued; may hold `${NAME}`. Empty: what the package speaks to by itself. */
  url: string
  options: Record<string, unknown>
  env: Readonly<Record<string, string | undefined>>
  hasKey: boolean
}

const SERVICES: Readonly<Record<string, string>> = {
  "@ai-sdk/anthropic": "https://api.anthropic.com/v1",
  "@ai-sdk/openai": "https://api.openai.com/v1",
  "@ai-sdk/google": "https://generativelanguage.googleapis.com/v1beta",
  "@ai-sdk/groq": "https://api.groq.com/openai/v1",
  "@ai-sdk/mistral": "https://api.mistral.ai/v1",
  "@ai-sdk/xai": "https://api.x.ai/v1",
  "@ai-sdk/cohere": "https://api.cohere.com/v2",
  "@ai-sdk/gateway": "https://ai-gateway.vercel.sh/v3/ai",
  "@ai-sdk/cerebras": "https://api.cerebras.ai/v1",
  "@ai-sdk/deepinfra": "https://api.deepinfra.com/v1",
  "@ai-sdk/togetherai": "https://api.together.xyz/v1",
  "@ai-sdk/perplexity": "https://api.perplexity.ai",
  "@openrouter/ai-sdk-provider": "https://openrouter.ai/api/v1",
}

/** Options that decide, or help to decide, where requests go and in whose name. Whoever sets one chooses the address. */
export const ADDRESS_OPTIONS = [
  "region",
  "profile",
  "endpoint",
  "resourceName",
  "project",
  "location",
  "keyFile",
  "credentials",
  "googleAuthOptions",
]

/** Whether the package finds credentials of the user's by itself when it gets no key: the chains of Amazon and Google. */
export const findsOwnCredentials = (npm: string, url: string): boolean =>
  npm.startsWith("@ai-sdk/amazon-bedrock") || npm.startsWith("@ai-sdk/google-vertex") || isVertex(url)

/** Vertex serves models of others by the wire of OpenAI, too, with Google's own credentials. */
export const isVertex = (url: string): boolean =>
  URL.canParse(url) && /(^|[-.])aiplatform\.([a-z]+\.rep\.)?googleapis\.com$/.test(new URL(url).hostname)

/** Whether an address is one of the service's own: then it gets no key that it was not meant to have. */
export function isServicesOwn(url: URL, known: { npm: string; api?: string } | undefined): boolean {
  if (!known || url.protocol !== "https:" || url.port !== "") return false
  if (known.npm.startsWith("@ai-sdk/amazon-bedrock"))
    return /^bedrock-(?:runtime|mantle)\.[a-z\d-]+\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws)$/.test(
      url.hostname,
    )
  if (known.npm.startsWith("@ai-sdk/google-vertex")) return isVertex(url.href)
  const own = known.api ?? SERVICES[known.npm]
  return own !== undefined && URL.canParse(own) && new URL(own).host === url.host
}

/** @returns the address, or "" when there is none. @throws Fault `config_invalid` when a part of it is missing */
export function addressOf(input: AddressInput): string {
  const { npm, url, options, env } = input
  const endpoint = asText(options.endpoint)
  if (url) return filled(url, input)
  if (npm.startsWith("@ai-sdk/amazon-bedrock"))
    return trimmed(endpoint ?? env.AWS_ENDPOINT_URL_BEDROCK_RUNTIME ?? "") || bedrockAddress(npm, awsRegion(input))
  if (npm.startsWith("@ai-sdk/google-vertex")) return vertexAddress(input)
  if (npm === "@ai-sdk/azure") return azureAddress(input)
  return SERVICES[npm] ?? ""
}

/** Regions of their own network have names of their own. */
const PARTITIONS: readonly (readonly [prefix: string, domain: string])[] = [
  ["cn-", "amazonaws.com.cn"],
  ["eusc-", "amazonaws.eu"],
]

function bedrockAddress(npm: string, region: string): string {
  if (npm.endsWith("/mantle")) return `https://bedrock-mantle.${region}.api.aws/v1`
  const domain = PARTITIONS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "amazonaws.com"
  return `https://bedrock-runtime.${region}.${domain}`
}

function vertexAddress(input: AddressInput): string {
  const isAnthropic = input.npm.endsWith("/anthropic")
  const host = vertexHost(input)
  if (input.hasKey && !isAnthropic) return "https://aiplatform.googleapis.com/v1/publishers/google"
  const place = `projects/${vertexProject(input)}/locations/${vertexLocation(input)}`
  return isAnthropic
    ? `https://${host}/v1/${place}/publishers/anthropic/models`
    : `https://${host}/v1beta1/${place}/publishers/google`
}

function vertexHost(input: AddressInput): string {
  const location = vertexLocation(input)
  if (location === "global") return "aiplatform.googleapis.com"
  // The jurisdictions, against the regions inside them.
  if (location === "eu" || location === "us") return `aiplatform.${location}.rep.googleapis.com`
  return `${location}-aiplatform.googleapis.com`
}

const vertexLocation = ({ options, env }: AddressInput): string =>
  named(
    asText(options.location) ||
      env.GOOGLE_VERTEX_LOCATION ||
      env.VERTEX_LOCATION ||
      env.GOOGLE_CLOUD_LOCATION ||
      "global",
    "Vertex location",
    LABEL,
  )

function vertexProject(input: AddressInput): string {
  const { options, env, providerID } = input
  const project =
    asText(options.project) ||
    env.GOOGLE_VERTEX_PROJECT ||
    env.GOOGLE_CLOUD_PROJECT ||
    env.GCP_PROJECT ||
    env.GCLOUD_PROJECT ||
    asText(googleCredentials(input)?.project_id) ||
    asText(googleCredentials(input)?.quota_project_id)
  if (project) return named(project, "Google Cloud project", SEGMENT)
  throw missing(providerID, "a project: set options.project or GOOGLE_VERTEX_PROJECT")
}

function azureAddress(input: AddressInput): string {
  const name = azureResource(input, azureVariable(input))
  const host = input.providerID === COGNITIVE ? "cognitiveservices.azure.com" : "openai.azure.com"
  return `https://${name}.${host}/openai`
}

const COGNITIVE = "azure-cognitive-services"

const azureVariable = ({ providerID }: AddressInput): string =>
  providerID === COGNITIVE ? "AZURE_COGNITIVE_SERVICES_RESOURCE_NAME" : "AZURE_RESOURCE_NAME"

function azureResource({ options, env, providerID }: AddressInput, variable: string): string {
  const name = asText(options.resourceName) || env[variable]
  if (name) return named(name, "Azure resource", LABEL)
  throw missing(providerID, `the name of its resource: set options.resourceName or ${variable}`)
}

/** What a catalogue's address may hold, and from where it comes. No other variable is ever put into an address. */
const PLACES: Readonly<Record<string, (input: AddressInput) => string>> = {
  AWS_REGION: awsRegion,
  GOOGLE_VERTEX_ENDPOINT: vertexHost,
  GOOGLE_VERTEX_PROJECT: vertexProject,
  GOOGLE_VERTEX_LOCATION: vertexLocation,
  AZURE_RESOURCE_NAME: (input) => azureResource(input, "AZURE_RESOURCE_NAME"),
  AZURE_COGNITIVE_SERVICES_RESOURCE_NAME: (input) => azureResource(input, "AZURE_COGNITIVE_SERVICES_RESOURCE_NAME"),
  ...Object.fromEntries(
    [
      "CLOUDFLARE_ACCOUNT_ID",
      "DATABRICKS_HOST",
      "SNOWFLAKE_ACCOUNT",
      "NEON_AI_GATEWAY_BASE_URL",
      "INFOMANIAK_PRODUCT_ID",
    ].map((name) => [name, (input: AddressInput) => input.env[name] || nothing(input, name)]),
  ),
}

const filled = (url: string, input: AddressInput): string =>
  url.replaceAll(/\$\{([A-Z0-9_]+)\}/g, (whole, name: string) => PLACES[name]?.(input) ?? whole)

function nothing({ providerID }: AddressInput, variable: string): never {
  throw missing(providerID, `the variable ${variable} for its address`)
}

/** Part of a host name, and part of a path: nothing in either may end it. */
const LABEL = /^[A-Za-z0-9-]+$/
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9.:_-]*$/

function named(value: string, what: string, pattern: RegExp): string {
  if (pattern.test(value)) return value
  throw fault("config_invalid", `"${value}" is not the name of a ${what}.`, { value })
}

const trimmed = (url: string): string => url.replace(/\/+$/, "")

const missing = (providerID: string, what: string) =>
  fault("config_invalid", `Provider ${providerID} needs ${what}.`, { providerID })
