import type { LanguageModelV3 } from "@ai-sdk/provider"
import type { Config } from "@opencode/protocol/config.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { fault, type Fault } from "../lib/fault.ts"
import type { Auth } from "./auth.ts"
import type { CatalogProvider } from "./catalog.ts"
import { credentialOf, hasOwnAuthorization, isKeyVariable, sendingObjection, type OriginOf } from "./credential.ts"
import { isLoopback } from "./custody.ts"
import type { CatalogData } from "./catalog-data.ts"
import { addressOf, findsOwnCredentials, isServicesOwn } from "./packages/address.ts"
import type { LoginUse } from "./login/login.ts"
import type { LanguageInput } from "./packages/package.ts"
import type { ApiShape } from "./models-dev.ts"
import type { Request } from "./request.ts"
import { asRecord } from "./wire/json.ts"

/** What must hold before a model is spoken to: it has an address, what is sent may go there, and the key is there. */
export interface Access {
  config: Config
  auth: Pick<Auth, "key"> & Partial<Pick<Auth, "entry">>
  /** What requests need of a login that is no key. */
  loginUse?(providerID: string): LoginUse | undefined
  /** Has a login renewed that is about to end. */
  freshen?(providerID: string): Promise<void>
  env: Readonly<Record<string, string | undefined>>
  request: Request
  /** Carries what is said to models, where that is another way: a recording listens to it, and to nothing else. */
  modelRequest?: Request
  /** Told what a model is opened with, keys included, before its first request. */
  opened?(input: LanguageInput): void
  /** Who set a value; without it, everything is the user's. */
  origin?: OriginOf
  /** Whether the user allowed this project to decide where things are sent, keys included. */
  isTrusted?(destination: { providerID: string; host: string }): boolean
  /** Whether somebody approved what the project says of this provider. */
  isApproved?(providerID: string): boolean
  /** What is known of services without being configured. */
  known?: Pick<CatalogData, "provider">
  /** Called with `host[:port]` before a model is used there. */
  allowHost?(host: string): void
  userAgent?: string
}

/** @throws Fault `provider_auth` without a key, `forbidden` when the key may not go there, `config_invalid` */
export type OpenLanguage = (provider: CatalogProvider, model: Model) => Promise<LanguageModelV3>

/** Checks at every use, and keeps what it opened: a step costs no more than the look at the key. */
export function languages(access: Access): OpenLanguage {
  const opened = new Map<string, { key: string | undefined; language: Promise<LanguageModelV3> }>()
  return async (provider, model) => {
    const owner = provider.basedOn ?? provider.id
    if (access.loginUse?.(owner)?.refresh) await access.freshen?.(owner)
    const { input, key } = check(provider, model, access)
    const name = `${provider.id}/${model.id}`
    const known = opened.get(name)
    if (known && known.key === key) return known.language
    access.opened?.(input)
    const language = import("./language.ts").then(({ openLanguage }) => openLanguage(input))
    opened.set(name, { key, language })
    language.catch(() => opened.delete(name))
    return language
  }
}

function check(
  provider: CatalogProvider,
  model: Model,
  access: Access,
): { input: LanguageInput; key: string | undefined } {
  const { id: providerID } = provider
  const { npm } = model.api
  const credential = credentialOf(provider, access)
  const login = credential?.source === "api" ? loginOf(provider, access) : {}
  const options = { ...login.options, ...provider.options }
  const given = (isOwnAddress(provider, model, access) ? undefined : login.baseURL) ?? model.api.url
  const env = { ...access.env, ...login.env }
  const place = { npm, providerID, url: given, options, env, hasKey: credential?.key !== undefined }
  const baseURL = addressOf(place)
  if (!URL.canParse(baseURL))
    throw fault("config_invalid", `Provider ${providerID} has no address: set its options.baseURL.`, { providerID })
  const url = new URL(baseURL)
  const findsOwn = !credential?.key && findsOwnCredentials(npm, baseURL)
  const headers = { ...textMembers(options.headers), ...model.headers }
  const objection = sendingObjection(
    { providerID, modelID: model.id, url, config: access.config.provider?.[providerID], credential, findsOwn },
    {
      origin: access.origin,
      isTrusted: access.isTrusted?.({ providerID, host: url.host }) ?? false,
      isApproved: access.isApproved?.(providerID) ?? false,
      isServicesOwn: isServicesOwn(url, access.known?.provider(provider.basedOn ?? providerID)),
    },
  )
  if (objection)
    throw fault("forbidden", `Model ${providerID}/${model.id} ${objection}.`, {
      providerID,
      host: url.host,
    })
  // A server on this machine rarely has a key, and says so itself when it wants one.
  const needsKey = provider.env.length > 0 && !findsOwn && !isLoopback(url)
  if (!credential && needsKey && !hasOwnAuthorization(options, headers)) throw missingKey(provider)

  access.allowHost?.(url.host)
  const input: LanguageInput = {
    npm,
    providerID,
    modelID: model.api.id,
    baseURL,
    ...(credential?.key && { key: credential.key }),
    headers: { ...(access.userAgent && { "user-agent": access.userAgent }), ...headers },
    options: { ...callOf(provider.shapes?.[model.id]), ...options },
    deadlines: {
      headerTimeoutMs: options.headerTimeout,
      chunkTimeoutMs: options.chunkTimeout,
      timeoutMs: options.timeout,
    },
    request: access.request,
    ...((login.send ?? access.modelRequest) && {
      modelRequest: (login.send ?? plain)(access.modelRequest ?? access.request),
    }),
    env,
    // A small one, perhaps: it runs on this machine, or no catalogue lists it.
    mayWriteCalls: isLoopback(url) || model.release_date === "",
    ...(access.allowHost && { allowHost: access.allowHost }),
  }
  return { input, key: credential?.key?.reveal() }
}

const plain = (request: Request): Request => request

interface StoredLogin extends Pick<LoginUse, "send"> {
  baseURL?: string | undefined
  options?: Record<string, string>
  env?: Record<string, string>
}

/** What was stored beside the key decides of the address, too. */
function loginOf({ id, basedOn }: CatalogProvider, { auth, loginUse }: Access): StoredLogin {
  const owner = auth.key(id) ? id : (basedOn ?? id)
  const entry = auth.entry?.(owner) ?? {}
  const use = entry.type === "oauth" ? loginUse?.(basedOn ?? id) : undefined
  const { resourceName, accountId } = textMembers(entry.metadata)
  return {
    ...(use?.send && { send: use.send }),
    baseURL: use?.baseURL?.(entry),
    ...(resourceName ? { options: { resourceName } } : {}),
    ...(accountId ? { env: { CLOUDFLARE_ACCOUNT_ID: accountId } } : {}),
  }
}

/** Whether somebody configured where this model's requests go. */
function isOwnAddress({ id }: CatalogProvider, model: Model, { config }: Access): boolean {
  const given = config.provider?.[id]
  return (given?.models?.[model.id]?.provider?.api ?? given?.options?.baseURL ?? given?.api) !== undefined
}

/** What the packages call the two ways. */
const callOf = (shape: ApiShape | undefined): Record<string, boolean> =>
  shape === undefined ? {} : shape === "responses" ? { useResponses: true } : { useChat: true }

const missingKey = ({ id, name, env }: CatalogProvider): Fault =>
  fault(
    "provider_auth",
    `${name} needs a key: set ${env.filter(isKeyVariable).join(" or ")}, or run \`opencode auth login\`.`,
    {
      providerID: id,
      env,
    },
  )

const textMembers = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(asRecord(value) ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  )
