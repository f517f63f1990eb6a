import type { ProviderConfig } from "@opencode/protocol/provider.ts"
import { secret, type Secret } from "../lib/secret.ts"
import type { Auth } from "./auth.ts"
import type { CatalogProvider } from "./catalog.ts"
import { objection, type Custody } from "./custody.ts"
import { ADDRESS_OPTIONS } from "./packages/address.ts"
import { hasAwsCredentials } from "./packages/aws-credentials.ts"

/** Who set a value of the configuration. */
export type OriginOf = (path: readonly string[]) => { layer: string } | undefined

export interface Credential {
  /** Undefined: it is not one text, and the provider's package finds it (Amazon's and Google's). */
  key?: Secret
  source: "config" | "api" | "env"
}

/** Configuration, then the credentials file, then the provider's variables. */
export function credentialOf(
  { id, basedOn, options, env: names }: Pick<CatalogProvider, "id" | "basedOn" | "options" | "env">,
  { auth, env }: { auth: Pick<Auth, "key">; env: Readonly<Record<string, string | undefined>> },
): Credential | undefined {
  if (options.apiKey) return { key: secret(options.apiKey), source: "config" }
  const stored = auth.key(id) ?? (basedOn === undefined ? undefined : auth.key(basedOn))
  if (stored) return { key: stored, source: "api" }
  const value = names
    .filter(isKeyVariable)
    .map((name) => env[name])
    .find((text) => text)
  if (value) return { key: secret(value), source: "env" }
  return hasOwnCredentials(names, env) ? { source: "env" } : undefined
}

/** Catalogues list with the keys of a provider what else it wants to know: where, which account, whose files. */
export const isKeyVariable = (name: string): boolean =>
  !/_(RESOURCE_NAME|REGION|PROJECT|PROJECT_ID|LOCATION|ACCOUNT|ACCOUNT_ID|GATEWAY_ID|PRODUCT_ID|BASE_URL|HOST|ENDPOINT|APPLICATION_CREDENTIALS|ACCESS_KEY_ID|SECRET_ACCESS_KEY)$/.test(
    name,
  )

function hasOwnCredentials(names: string[], env: Readonly<Record<string, string | undefined>>): boolean {
  if (names.includes("AWS_SECRET_ACCESS_KEY")) return hasAwsCredentials(env)
  return (
    names.includes("GOOGLE_APPLICATION_CREDENTIALS") &&
    !!(env.GOOGLE_APPLICATION_CREDENTIALS || env.GOOGLE_VERTEX_PROJECT)
  )
}

/** Headers that stand in for a key. */
const AUTHORIZING = new Set(["authorization", "x-api-key", "api-key"])

export const hasOwnAuthorization = (options: CatalogProvider["options"], headers: Record<string, string>): boolean =>
  typeof options.authToken === "string" || Object.keys(headers).some((name) => AUTHORIZING.has(name.toLowerCase()))

export interface Destination {
  providerID: string
  modelID: string
  url: URL
  /** As configured; undefined when the provider is only known to the program. */
  config: ProviderConfig | undefined
  credential: Credential | undefined
  /** Whether credentials of the user's go along that no setting names. */
  findsOwn: boolean
}

/** Looks up who chose the address and who supplied what goes along. @returns why nothing may be sent, or undefined */
export function sendingObjection(
  { providerID, modelID, url, config, credential, findsOwn }: Destination,
  { origin, ...trust }: Pick<Custody, "isTrusted" | "isApproved" | "isServicesOwn"> & { origin?: OriginOf | undefined },
): string | undefined {
  if (!origin || !config) return undefined
  const isProjects = (...path: string[]): boolean => origin(["provider", providerID, ...path])?.layer === "project"
  const isForeign = (value: unknown, ...path: string[]): boolean =>
    typeof value === "object" && value !== null
      ? Object.entries(value).some(([name, member]) => isForeign(member, ...path, name))
      : value !== undefined && !isProjects(...path)

  const model = config.models?.[modelID]
  const isProjectsAnywhere = (value: unknown, ...path: string[]): boolean =>
    isProjects(...path) ||
    (typeof value === "object" &&
      value !== null &&
      Object.entries(value).some(([name, member]) => isProjectsAnywhere(member, ...path, name)))
  const address = addressPath(config, modelID)
  const isProjectsAddress =
    ADDRESS_OPTIONS.some((name) => isProjectsAnywhere(config.options?.[name], "options", name)) ||
    (address
      ? isProjects(...address)
      : // The address follows from the package.
        isProjects("npm") || isProjects("models", modelID, "provider", "npm"))
  const carriesCredential =
    findsOwn ||
    (credential !== undefined && (credential.source !== "config" || !isProjects("options", "apiKey"))) ||
    SENT_ALONG.some((name) => isForeign(config.options?.[name], "options", name)) ||
    isForeign(model?.headers, "models", modelID, "headers")
  return objection({ url, isProjectsAddress, carriesCredential, ...trust })
}

/** Options of a provider that may hold a credential of their own. */
const SENT_ALONG = ["authToken", "headers", "queryParams"]

/** The setting that decides the address. */
function addressPath(config: ProviderConfig, modelID: string): string[] | undefined {
  if (config.models?.[modelID]?.provider?.api !== undefined) return ["models", modelID, "provider", "api"]
  if (config.options?.baseURL !== undefined) return ["options", "baseURL"]
  return config.api === undefined ? undefined : ["api"]
}
