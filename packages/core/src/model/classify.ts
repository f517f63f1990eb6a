import type { FailureKind } from "./failure.ts"
import { isOverflow } from "./quirks/overflow.ts"
import { asList, asRecord, asText, type Json } from "./wire/json.ts"

/** What a provider says of a failure, and of which kind that makes it. Pure. */
export interface Words {
  message?: string
  /** Codes and types, in the order of their precision. */
  codes: string[]
}

/** A line of text from a gateway; what is longer is a page. */
const MAX_LINE_CHARACTERS = 600

/** Codes and types of OpenAI, Anthropic and those after them. What is not listed is decided by the status. */
const KINDS: Record<string, FailureKind> = {
  authentication_error: "auth",
  permission_error: "auth",
  invalid_api_key: "auth",
  billing_error: "rate_limit",
  insufficient_quota: "rate_limit",
  rate_limit_error: "rate_limit",
  rate_limit_exceeded: "rate_limit",
  too_many_requests: "rate_limit",
  overloaded_error: "overloaded",
  overloaded: "overloaded",
  api_error: "server",
  server_error: "server",
  internal_server_error: "server",
  timeout_error: "timeout",
  content_filter: "content_filter",
  content_policy_violation: "content_filter",
  // Google's.
  UNAUTHENTICATED: "auth",
  PERMISSION_DENIED: "auth",
  API_KEY_INVALID: "auth",
  RESOURCE_EXHAUSTED: "rate_limit",
  UNAVAILABLE: "overloaded",
  DEADLINE_EXCEEDED: "timeout",
  INTERNAL: "server",
  MALFORMED_FUNCTION_CALL: "protocol",
  UNEXPECTED_TOOL_CALL: "protocol",
  // Amazon's.
  AccessDeniedException: "auth",
  UnrecognizedClientException: "auth",
  ExpiredTokenException: "auth",
  ThrottlingException: "rate_limit",
  ServiceUnavailableException: "overloaded",
  ModelTimeoutException: "timeout",
  InternalServerException: "server",
  ModelErrorException: "server",
  not_found_error: "bad_request",
  model_not_found: "bad_request",
}
/** Says only that it was refused: the status knows more. */
const VAGUE: Record<string, FailureKind> = { invalid_request_error: "bad_request" }
/** A retry does not fill an account. */
const NEEDS_MONEY = new Set(["insufficient_quota", "billing_error"])

export const needsMoney = ({ codes }: Words): boolean => codes.some((code) => NEEDS_MONEY.has(code))

export function kindOf(said: Words, status?: number): FailureKind | undefined {
  // llama.cpp says it with 500, too. The words of a rate limit may be about length; waiting helps all the same.
  if (status !== 429 && isOverflow(said.message ?? "", said.codes)) return "overflow"
  // Gateways answer these for any failure behind them; the names in the body are then less exact.
  if (status === 503 || status === 529) return "overloaded"
  const named = said.codes.map((code) => KINDS[code]).find((kind) => kind !== undefined)
  return named ?? (status === undefined ? undefined : kindOfStatus(status)) ?? said.codes.map((code) => VAGUE[code])[0]
}

function kindOfStatus(status: number): FailureKind | undefined {
  if (status === 401 || status === 403) return "auth"
  if (status === 408) return "timeout"
  if (status === 409) return "server"
  if (status === 413) return "overflow"
  if (status === 429) return "rate_limit"
  if (status >= 500) return "server"
  return status >= 400 ? "bad_request" : undefined
}

/** What an error says, in the shapes in use: `{error: {message, type, code}}`, `{error}`, `{message}`, `{detail}`. */
export function wordsOf(body: Json): Words {
  const error = asRecord(body.error) ?? body
  const message = asText(error.message) ?? asText(body.error) ?? asText(body.detail) ?? asText(body.message)
  // Google names a reason beside its status; Amazon says what it threw.
  const reasons = asList(error.details).map((detail) => asRecord(detail)?.reason)
  const codes = [...reasons, error.code, error.type, error.status, body.type, body.__type].filter(
    (code) => typeof code === "string",
  )
  return { message: message?.trim() || undefined, codes }
}

/** A body that is neither JSON nor a page: gateways answer one line of text. */
export function plainWords(body = ""): string | undefined {
  const text = body.trim()
  return text && text.length <= MAX_LINE_CHARACTERS && !/^[<{[]/.test(text) ? text : undefined
}
