import { isFault } from "../lib/fault.ts"
import { clip } from "../lib/text.ts"
import { kindOf, needsMoney, plainWords, wordsOf, type Words } from "./classify.ts"
import { quotaReset } from "./quota-reset.ts"
import { RequestError } from "./request-error.ts"
import { retryAfter } from "./retry-after.ts"
import { asList, asNumber, asRecord, asText, parseRecord, type Json } from "./wire/json.ts"

/**
 * Whatever goes wrong with an answer is one type, with the provider's own words. Made from the error of a request, of a
 * provider package or of a stream, without a look at the text of a message (`quirks/` aside).
 */
export type FailureKind =
  | "auth"
  | "rate_limit"
  | "overloaded"
  | "server"
  | "network"
  | "overflow"
  | "bad_request"
  | "content_filter"
  | "timeout"
  | "protocol"
  | "empty"
  | "aborted"

export interface FailureFacts {
  kind: FailureKind
  /** One short sentence, the provider's own where it said one. */
  message: string
  isRetryable: boolean
  statusCode?: number
  /** Milliseconds that the provider asks to wait. */
  retryAfterMs?: number
  responseHeaders?: Record<string, string>
  responseBody?: string
  url?: string
}

export class ProviderFailure extends Error {
  override readonly name = "ProviderFailure"
  readonly kind: FailureKind
  readonly isRetryable: boolean
  readonly statusCode?: number
  readonly retryAfterMs?: number
  readonly responseHeaders?: Record<string, string>
  readonly responseBody?: string
  readonly url?: string

  constructor(facts: FailureFacts, cause?: unknown) {
    super(clip(facts.message, MAX_MESSAGE_CHARACTERS), cause === undefined ? undefined : { cause })
    this.kind = facts.kind
    this.isRetryable = facts.isRetryable
    this.statusCode = facts.statusCode
    this.retryAfterMs = facts.retryAfterMs
    this.responseHeaders = facts.responseHeaders
    this.responseBody = facts.responseBody === undefined ? undefined : clip(facts.responseBody, MAX_BODY_CHARACTERS)
    this.url = facts.url
  }
}

/** The same failure with every text in it passed through `conceal`. */
export function concealed(failure: ProviderFailure, conceal: (text: string) => string): ProviderFailure {
  const { kind, isRetryable, statusCode, retryAfterMs, responseHeaders, responseBody, url, message } = failure
  return new ProviderFailure({
    kind,
    isRetryable,
    message: conceal(message),
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(url === undefined ? {} : { url: conceal(url) }),
    ...(responseBody === undefined ? {} : { responseBody: conceal(responseBody) }),
    ...(responseHeaders === undefined
      ? {}
      : {
          responseHeaders: Object.fromEntries(
            Object.entries(responseHeaders).map(([name, value]) => [name, conceal(value)]),
          ),
        }),
  })
}

/** It is shown in one or two lines of a terminal. */
const MAX_MESSAGE_CHARACTERS = 600
/** It is stored in the message; providers that repeat the request in their error would double it. */
const MAX_BODY_CHARACTERS = 8_000
/** Errors wrap errors; a chain that is longer than this is a loop. */
const MAX_CAUSES = 8

const RETRYABLE: ReadonlySet<FailureKind> = new Set([
  "rate_limit",
  "overloaded",
  "server",
  "network",
  "timeout",
  "protocol",
  "empty",
])

/** What provider packages call an answer that they could not read; another one may be better. */
const UNREADABLE = new Set([
  "AI_InvalidResponseDataError",
  "AI_JSONParseError",
  "AI_TypeValidationError",
  "AI_EmptyResponseBodyError",
  "AI_NoContentGeneratedError",
])

/** @param now milliseconds since the epoch; a provider may name the time of a retry as a date */
export function failureFrom(error: unknown, now: number): ProviderFailure {
  for (const cause of causesOf(error)) {
    if (cause instanceof ProviderFailure) return cause
    if (cause instanceof RequestError) return fromRequest(cause)
    // Credentials are looked at again with every request.
    if (isFault(cause)) return new ProviderFailure({ kind: "auth", message: cause.message, isRetryable: false }, cause)
  }
  if (isNamed(error, "AbortError"))
    return new ProviderFailure({ kind: "aborted", message: "Aborted", isRetryable: false })
  for (const cause of causesOf(error))
    // The gateway's package wraps it once more.
    if (isNamed(cause, "AI_APICallError")) return fromApiCall(cause as Error & Json, now)
  const code = systemCode(error)
  if (code) return fromSystem(code, error)
  if (error instanceof Error)
    return new ProviderFailure(
      { kind: "protocol", message: error.message, isRetryable: UNREADABLE.has(error.name) },
      error,
    )
  return fromStream(error)
}

/** The error is what an error event of a stream carried. */
export function fromStream(error: unknown): ProviderFailure {
  const given = asRecord(error) ?? { message: error }
  const said = wordsOf(given)
  // OpenRouter and llama.cpp put the status there that the headers no longer could have.
  const kind = kindOf(said, asNumber(given.code)) ?? "server"
  return new ProviderFailure({
    kind,
    message: said.message ?? "The provider reported an error in the middle of its answer.",
    isRetryable: RETRYABLE.has(kind) && !needsMoney(said),
    responseBody: typeof error === "string" ? error : JSON.stringify(error),
  })
}

function fromApiCall(error: Error & Json, now: number): ProviderFailure {
  const headers = asRecord(error.responseHeaders) as Record<string, string> | undefined
  const statusCode = typeof error.statusCode === "number" ? error.statusCode : undefined
  const body = asText(error.responseBody)
  const said = wordsOf(parseRecord(body ?? "") ?? {})
  const url = asText(error.url)
  if (statusCode === undefined) {
    const code = systemCode(error)
    if (code) return fromSystem(code, error, url)
    return new ProviderFailure({ kind: "network", message: error.message, isRetryable: true, url }, error)
  }
  const kind = kindOf(said, statusCode) ?? "protocol"
  return new ProviderFailure(
    {
      kind,
      message: said.message ?? plainWords(body) ?? `The provider answered ${statusCode} ${error.message}`.trim() + ".",
      isRetryable: isRetryable(kind, said, headers),
      statusCode,
      retryAfterMs:
        retryAfter(headers, now) ?? retryDelay(body) ?? (statusCode === 429 ? quotaReset(headers, now) : undefined),
      responseHeaders: headers && withoutCookies(headers),
      responseBody: body,
      url: url && withoutQuery(url),
    },
    error,
  )
}

function isRetryable(kind: FailureKind, said: Words, headers: Record<string, string> | undefined): boolean {
  // What the published clients of OpenAI and Anthropic obey before anything else.
  const asked = headers?.["x-should-retry"]
  if (asked === "true" || asked === "false") return asked === "true"
  return RETRYABLE.has(kind) && !needsMoney(said)
}

function fromRequest(error: RequestError): ProviderFailure {
  const kind = REQUEST_KINDS[error.reason]
  return new ProviderFailure({ kind, message: error.message, isRetryable: RETRYABLE.has(kind), url: error.url }, error)
}

const REQUEST_KINDS: Record<RequestError["reason"], FailureKind> = {
  header_timeout: "timeout",
  chunk_timeout: "timeout",
  timeout: "timeout",
  cut: "network",
  host: "bad_request",
  redirect: "bad_request",
  too_large: "bad_request",
  encoding: "protocol",
  certificate: "bad_request",
  proxy: "network",
  proxy_refused: "bad_request",
}

function fromSystem(code: string, error: unknown, url?: string): ProviderFailure {
  const where = url ? ` (${withoutQuery(url)})` : ""
  const message = `${SYSTEM_WORDS[code] ?? "The connection to the provider failed"}${where}: ${code}.`
  const isRetryable = !FINAL_CODES.has(code)
  return new ProviderFailure({ kind: "network", message, isRetryable, url: url && withoutQuery(url) }, error)
}

const SYSTEM_WORDS: Record<string, string> = {
  ECONNREFUSED: "Nothing answers at the provider's address",
  ENOTFOUND: "The provider's host name is unknown",
  EAI_AGAIN: "The name service did not answer",
  ECONNRESET: "The provider closed the connection",
  ETIMEDOUT: "The provider did not answer",
}
/** Certificates, addresses that the system refuses and names that do not exist do not change by waiting. */
const FINAL_CODES = new Set([
  "ENOTFOUND",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_INVALID_URL",
  "ERR_INVALID_CHAR",
  "ERR_UNESCAPED_CHARACTERS",
])

/** Google says how long to wait in the body: `{error: {details: [{retryDelay: "7s"}]}}`. */
function retryDelay(body: string | undefined): number | undefined {
  const details = asList(asRecord(parseRecord(body ?? "")?.error)?.details)
  const delay = details.map((detail) => asText(asRecord(detail)?.retryDelay)).find((text) => text)
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(delay ?? "")?.[1]
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1_000)
}

/** The code of the first system error in the chain of causes, such as ECONNREFUSED. */
function systemCode(error: unknown): string | undefined {
  for (const cause of causesOf(error)) {
    const code = asText(cause.code)
    if (code && /^[A-Z][A-Z0-9_]+$/.test(code)) return code
  }
  return undefined
}

function* causesOf(error: unknown): Iterable<Json> {
  let current = error
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    const record = asRecord(current)
    if (!record) return
    yield record
    current = record.cause
  }
}

const isNamed = (error: unknown, name: string): boolean => asRecord(error)?.name === name

const withoutCookies = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "set-cookie"))

/** Some providers take the key in the query. */
const withoutQuery = (url: string): string => url.split("?")[0] ?? url
