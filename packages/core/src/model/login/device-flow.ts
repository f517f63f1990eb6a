import { loginFault, type LoginTools } from "./login.ts"
import { asNumber, asText, parseRecord, type Json } from "../wire/json.ts"

/** A login for programs without a browser (RFC 8628): the person types a code somewhere else while we ask again. */
export interface DeviceFlow {
  codeURL: string
  tokenURL: string
  clientID: string
  scope: string
}

export interface DeviceCode {
  /** Where the person types the other one. */
  url: string
  userCode: string
  /** Asks until the person has decided. @returns what the server answers then */
  token(signal: AbortSignal): Promise<Json>
}

/** What the RFC says for a server that names no interval, and for how much longer one asks that wants it slower. */
const INTERVAL_SECONDS = 5
const SLOWER_SECONDS = 5
/** A longer one is a mistake: the code would be over before we ask again. */
const MAX_INTERVAL_SECONDS = 60
/** Such servers answer at once. */
const DEADLINES = { headerTimeoutMs: 30_000, timeoutMs: 30_000 }
/** The line may be away for a moment while the person types. */
const MAX_FAILURES = 5

export async function beginDeviceFlow(flow: DeviceFlow, tools: LoginTools): Promise<DeviceCode> {
  const { codeURL, clientID, scope } = flow
  for (const url of [codeURL, flow.tokenURL]) tools.allowHost(new URL(url).host)
  const answer = await post(codeURL, { client_id: clientID, scope }, tools)
  const deviceCode = asText(answer.device_code)
  const userCode = asText(answer.user_code)
  const url = asText(answer.verification_uri)
  if (!deviceCode || !userCode || !url) throw failed(`${new URL(codeURL).host} gave no code`)
  return {
    url,
    userCode,
    async token(signal) {
      let seconds = asNumber(answer.interval) ?? INTERVAL_SECONDS
      let failures = 0
      for (;;) {
        await tools.host.sleep(Math.min(seconds, MAX_INTERVAL_SECONDS) * 1_000, signal)
        const grant = { grant_type: GRANT, client_id: clientID, device_code: deviceCode }
        const given = await post(flow.tokenURL, grant, tools).catch((error: unknown) => {
          if (++failures >= MAX_FAILURES) throw error
          return { error: PENDING } as Json
        })
        if (asText(given.access_token)) return given
        const error = asText(given.error)
        if (error === "slow_down") seconds = asNumber(given.interval) ?? seconds + SLOWER_SECONDS
        else if (error !== PENDING) throw failed(REASONS[error ?? ""] ?? "the login was refused")
      }
    },
  }
}

const GRANT = "urn:ietf:params:oauth:grant-type:device_code"
const PENDING = "authorization_pending"
const REASONS: Readonly<Record<string, string>> = {
  access_denied: "the login was refused",
  expired_token: "the code is too old: begin again",
}

const failed = (why: string) => loginFault("ProviderAuthOauthCallbackFailed", `Not logged in: ${why}.`)

async function post(url: string, body: Json, { request }: LoginTools): Promise<Json> {
  const response = await request(url, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(body),
    deadlines: DEADLINES,
  })
  const text = await response.text()
  const answer = parseRecord(text)
  // Some servers refuse with a status, some with a member.
  if (answer && (response.ok || asText(answer.error))) return answer
  throw failed(`${new URL(url).host} answered with status ${response.status}`)
}
