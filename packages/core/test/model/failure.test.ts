import { expect, test } from "vitest"
import { fault } from "@opencode/core/lib/fault.ts"
import { failureFrom, fromStream, ProviderFailure } from "@opencode/core/model/failure.ts"
import { toMessageError } from "@opencode/core/model/message-error.ts"
import { isOverflow } from "@opencode/core/model/quirks/overflow.ts"
import { retryAfter } from "@opencode/core/model/retry-after.ts"

const NOW = Date.parse("2026-11-20T12:00:00Z")
const apiCall = (facts: Record<string, unknown>) =>
  Object.assign(new Error("Some Status"), {
    name: "AI_APICallError",
    url: "https://api.example/v1/chat?key=k",
    ...facts,
  })
const body = (error: unknown) => JSON.stringify({ error })

test.each([
  [
    { statusCode: 401, responseBody: body({ message: "bad key" }) },
    { kind: "auth", isRetryable: false, message: "bad key" },
  ],
  [{ statusCode: 402 }, { kind: "bad_request", isRetryable: false }],
  [
    { statusCode: 400, responseBody: body({ type: "server_error", message: "oops" }) },
    { kind: "server", isRetryable: true },
  ],
  [{ statusCode: 400, responseBody: body({ code: "context_length_exceeded" }) }, { kind: "overflow" }],
  [
    { statusCode: 400, responseBody: body({ code: "content_filter" }) },
    { kind: "content_filter", isRetryable: false },
  ],
  [
    { statusCode: 500, responseBody: body({ message: "Context size has been exceeded.", type: "server_error" }) },
    { kind: "overflow" },
  ],
  [{ statusCode: 413 }, { kind: "overflow" }],
  [{ statusCode: 408 }, { kind: "timeout", isRetryable: true }],
  [{ statusCode: 529 }, { kind: "overloaded", isRetryable: true }],
  [{ statusCode: 503, responseBody: body({ type: "server_error" }) }, { kind: "overloaded" }],
  [
    { statusCode: 500, responseHeaders: { "x-should-retry": "false" } },
    { kind: "server", isRetryable: false },
  ],
  [
    { statusCode: 502, responseBody: "<html>bad gateway</html>" },
    { message: "The provider answered 502 Some Status." },
  ],
  [{ statusCode: 502, responseBody: "upstream connect error" }, { message: "upstream connect error" }],
  [
    { statusCode: 200, responseBody: "nonsense {" },
    { kind: "protocol", isRetryable: true },
  ],
  [{ statusCode: 400, responseBody: JSON.stringify({ detail: "why" }) }, { message: "why" }],
  [{ statusCode: 400, responseBody: JSON.stringify({ error: "why" }) }, { message: "why" }],
  // The length of a conversation is no reason for a rate limit, whatever the words are.
  [{ statusCode: 429, responseBody: body({ message: "prompt is too long for your tier" }) }, { kind: "rate_limit" }],
])("a refused request %j", (facts, expected) => {
  expect(failureFrom(apiCall(facts), NOW)).toMatchObject(expected)
})

test("neither the key in an address nor cookies stay in a failure", () => {
  const headers = { "set-cookie": "session=1", date: "today" }
  const failure = failureFrom(apiCall({ statusCode: 500, responseHeaders: headers }), NOW)
  expect(failure.url).toBe("https://api.example/v1/chat")
  expect(failure.responseHeaders).toEqual({ date: "today" })
})

test("long words and bodies are cut", () => {
  const failure = failureFrom(apiCall({ statusCode: 400, responseBody: body({ message: "x".repeat(100_000) }) }), NOW)
  expect(failure.message.length).toBeLessThanOrEqual(600)
  expect(failure.responseBody?.length).toBeLessThanOrEqual(8_000)
})

test.each([
  [
    { type: "overloaded_error", message: "Overloaded" },
    { kind: "overloaded", isRetryable: true, message: "Overloaded" },
  ],
  [{ type: "rate_limit_error" }, { kind: "rate_limit", isRetryable: true }],
  [
    { type: "invalid_request_error", message: "prompt is too long: 3 > 2" },
    { kind: "overflow", isRetryable: false },
  ],
  [
    { type: "invalid_request_error", message: "no" },
    { kind: "bad_request", isRetryable: false },
  ],
  [{ code: "insufficient_quota" }, { kind: "rate_limit", isRetryable: false }],
  [
    { code: 429, message: "slow down" },
    { kind: "rate_limit", isRetryable: true },
  ],
  [
    { code: 500, type: "exceed_context_size_error" },
    { kind: "overflow", isRetryable: false },
  ],
  ["went wrong", { kind: "server", isRetryable: true, message: "went wrong" }],
  [undefined, { kind: "server", isRetryable: true }],
])("an error event %j in a stream", (error, expected) => {
  expect(fromStream(error)).toMatchObject(expected)
})

test("errors of the connection are found below what wraps them", () => {
  const system = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
  const wrapped = apiCall({ cause: new Error("fetch failed", { cause: system }) })
  expect(failureFrom(wrapped, NOW)).toMatchObject({ kind: "network", isRetryable: true })
  const certificate = Object.assign(new Error("self-signed"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" })
  expect(failureFrom(certificate, NOW)).toMatchObject({ kind: "network", isRetryable: false })
  const loop = new Error("loop")
  loop.cause = loop
  expect(failureFrom(loop, NOW)).toMatchObject({ kind: "protocol", isRetryable: false })
})

test.each([
  [{ "retry-after": "2" }, 2_000],
  [{ "retry-after": "0.5" }, 500],
  [{ "retry-after": "-3" }, 0],
  [{ "retry-after-ms": "150", "retry-after": "9" }, 150],
  [{ "retry-after": "Fri, 20 Nov 2026 12:01:00 GMT" }, 60_000],
  [{ "retry-after": "Fri, 20 Nov 2026 11:00:00 GMT" }, 0],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "" }, undefined],
  [undefined, undefined],
])("the provider's hint %j means %s ms", (headers, expected) => {
  expect(retryAfter(headers as Record<string, string> | undefined, NOW)).toBe(expected)
})

test.each([
  "prompt is too long: 214735 tokens > 200000 maximum",
  "This model's maximum context length is 128000 tokens. However, your messages resulted in 130172 tokens.",
  "request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it",
  "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= n_ctx: 4096).",
  "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
])("%s: is an overflow", (sentence) => {
  expect(isOverflow(sentence, [])).toBe(true)
})

test("a failure becomes the message error that clients know", () => {
  const of = (kind: ProviderFailure["kind"]) =>
    toMessageError(
      new ProviderFailure({ kind, message: "m", isRetryable: false, statusCode: 401, url: "https://a" }),
      "p",
    )
  expect(of("auth")).toEqual({
    name: "APIError",
    data: { message: "m", isRetryable: false, statusCode: 401, metadata: { url: "https://a" } },
  })
  expect(of("aborted").name).toBe("MessageAbortedError")
  expect(of("overflow").name).toBe("ContextOverflowError")
  expect(of("content_filter").name).toBe("ContentFilterError")
  expect(toMessageError(fault("provider_auth", "no key"), "p")).toEqual({
    name: "ProviderAuthError",
    data: { providerID: "p", message: "no key" },
  })
  expect(toMessageError(fault("model_not_found", "none"), "p").name).toBe("UnknownError")
})
