import type { MessageError } from "@opencode/protocol/error.ts"
import type { Fault } from "../lib/fault.ts"
import { ProviderFailure } from "./failure.ts"

/** What is stored in the message for a failed answer. A fault is what `resolve` throws: a missing key, an unknown model. */
export function toMessageError(error: ProviderFailure | Fault, providerID: string): MessageError {
  const { message } = error
  if (!(error instanceof ProviderFailure))
    return error.code === "provider_auth"
      ? { name: "ProviderAuthError", data: { providerID, message } }
      : { name: "UnknownError", data: { message } }

  const { kind, statusCode, isRetryable, responseHeaders, responseBody, url } = error
  if (kind === "aborted") return { name: "MessageAbortedError", data: { message } }
  if (kind === "content_filter") return { name: "ContentFilterError", data: { message } }
  if (kind === "overflow")
    return { name: "ContextOverflowError", data: { message, ...(responseBody === undefined ? {} : { responseBody }) } }
  return {
    name: "APIError",
    data: {
      message,
      isRetryable,
      ...(statusCode === undefined ? {} : { statusCode }),
      ...(responseHeaders === undefined ? {} : { responseHeaders }),
      ...(responseBody === undefined ? {} : { responseBody }),
      ...(url === undefined ? {} : { metadata: { url } }),
    },
  }
}
