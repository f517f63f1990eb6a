/** Why a request of ours ended without the whole answer. Errors of the system (ECONNREFUSED) stay what they are. */
export type RequestErrorReason =
  | "header_timeout"
  | "chunk_timeout"
  | "timeout"
  | "cut"
  | "host"
  | "redirect"
  | "too_large"
  | "encoding"
  | "certificate"
  /** Passes, perhaps. */
  | "proxy"
  /** Does not. */
  | "proxy_refused"

export class RequestError extends Error {
  override readonly name = "RequestError"
  readonly reason: RequestErrorReason
  /** Without the query, which may hold a key. */
  readonly url: string

  constructor(reason: RequestErrorReason, message: string, url: URL) {
    super(message)
    this.reason = reason
    this.url = url.origin + url.pathname
  }
}
