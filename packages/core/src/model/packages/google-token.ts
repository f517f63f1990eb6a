import { fault } from "../../lib/fault.ts"
import { ProviderFailure } from "../failure.ts"
import { asNumber, asText, parseRecord, type Json } from "../wire/json.ts"
import { googleCredentials } from "./google-credentials.ts"
import type { LanguageInput } from "./package.ts"

/**
 * Access tokens for Google's cloud, without its library: an own token, a service account's key or what `gcloud auth
 * application-default login` left. A key goes only to the address that its own file names.
 */
type TokenInput = Pick<LanguageInput, "providerID" | "options" | "env" | "request" | "allowHost" | "now">

const SCOPE = "https://www.googleapis.com/auth/cloud-platform"
const TOKEN_URL = "https://oauth2.googleapis.com/token"
/** Google's longest. */
const ASSERTION_SECONDS = 3_600
/** A token is not used in its last minutes: the answer may take that long to start. */
const SPARE_MS = 5 * 60_000

export function googleToken(input: TokenInput): () => Promise<string> {
  const given = asText(input.options.accessToken)
  if (given) return () => Promise.resolve(given)
  // Says at once what is missing, instead of at the first request.
  usableCredentials(input)
  const now = input.now ?? Date.now
  let current: { token: Promise<string>; until: number } | undefined
  return () => {
    if (current && now() < current.until) return current.token
    // Until its life is known, everybody waits for the same one.
    const fresh = { token: Promise.resolve(""), until: Infinity }
    fresh.token = askForToken(input, now()).then(({ token, lifeMs }) => {
      fresh.until = now() + lifeMs - SPARE_MS
      return token
    })
    current = fresh
    fresh.token.catch(() => {
      if (current === fresh) current = undefined
    })
    return fresh.token
  }
}

async function askForToken(input: TokenInput, now: number): Promise<{ token: string; lifeMs: number }> {
  const credentials = usableCredentials(input)
  const url = asText(credentials.token_uri) ?? TOKEN_URL
  const grant = await grantOf(credentials, { url, now })
  input.allowHost?.(new URL(url).host)
  const response = await input.request(url, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(grant).toString(),
  })
  const answer = parseRecord(await response.text())
  const token = asText(answer?.access_token)
  if (response.ok && token) return { token, lifeMs: (asNumber(answer?.expires_in) ?? ASSERTION_SECONDS) * 1_000 }
  const said = asText(answer?.error_description) ?? asText(answer?.error) ?? `status ${response.status}`
  throw new ProviderFailure({
    kind: response.status >= 500 ? "server" : "auth",
    message: `Google gave no access token: ${said}.`,
    isRetryable: response.status >= 500,
    statusCode: response.status,
    url: response.url,
  })
}

/** @throws Fault `provider_auth` when there are none, or of a kind that needs more than a request */
function usableCredentials(input: TokenInput): Json {
  const { providerID } = input
  const credentials = googleCredentials(input)
  if (!credentials) throw missing(providerID)
  const type = asText(credentials.type) || SERVICE_ACCOUNT
  if (MEMBERS[type]?.every((name) => asText(credentials[name]))) return credentials
  throw fault(
    "provider_auth",
    `Google credentials of the type ${type} are not supported: use the key of a service account, or give ` +
      "`gcloud auth print-access-token` as the option accessToken.",
    { providerID, type },
  )
}

const SERVICE_ACCOUNT = "service_account"
const MEMBERS: Readonly<Record<string, string[]>> = {
  [SERVICE_ACCOUNT]: ["client_email", "private_key"],
  authorized_user: ["client_id", "client_secret", "refresh_token"],
}

/** The members of the request for a token. */
async function grantOf(credentials: Json, { url, now }: { url: string; now: number }): Promise<Record<string, string>> {
  const text = (name: string): string => asText(credentials[name]) ?? ""
  if (text("type") === "authorized_user")
    return {
      grant_type: "refresh_token",
      client_id: text("client_id"),
      client_secret: text("client_secret"),
      refresh_token: text("refresh_token"),
    }
  return {
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: await assertion(credentials, { audience: url, seconds: Math.floor(now / 1_000) }),
  }
}

/** A JSON web token, signed by the service account (RFC 7523). */
async function assertion(
  credentials: Json,
  { audience, seconds }: { audience: string; seconds: number },
): Promise<string> {
  const { createSign } = await import("node:crypto")
  const keyID = asText(credentials.private_key_id)
  const header = { alg: "RS256", typ: "JWT", ...(keyID && { kid: keyID }) }
  const claims = {
    iss: credentials.client_email,
    scope: SCOPE,
    aud: audience,
    iat: seconds,
    exp: seconds + ASSERTION_SECONDS,
  }
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")
  const signature = createSign("RSA-SHA256").update(signed).sign(String(credentials.private_key), "base64url")
  return `${signed}.${signature}`
}

const missing = (providerID: string) =>
  fault(
    "provider_auth",
    "Google Vertex needs credentials: set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account, or run " +
      "`gcloud auth application-default login`. The metadata server of a machine is not asked.",
    { providerID },
  )
