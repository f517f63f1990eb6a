import type { Proxy } from "./proxy-rule.ts"
import { RequestError } from "./request-error.ts"

/**
 * Errors of the system that need more than their code: a certificate that nobody vouches for, and whatever happens on the
 * way to a proxy, where "nothing answers" would be said of the wrong machine. Any other stays what it is.
 */
export function explained(error: NodeJS.ErrnoException, { url, proxy, isProxys }: Way): Error {
  if (error instanceof RequestError) return error
  const code = error.code ?? "no code"
  // To an `http:` target, whatever is wrong with TLS is wrong with the proxy's.
  const subject = proxy && (isProxys || url.protocol === "http:") ? `the proxy ${proxy.name}` : url.host
  if (UNTRUSTED.has(code))
    return new RequestError(
      "certificate",
      `The certificate of ${subject} is signed by nobody this program knows (${code}): if that is your company's or ` +
        "your own authority, start with NODE_EXTRA_CA_CERTS=/path/to/authority.pem.",
      url,
    )
  const fault = CERTIFICATE_FAULTS[code]
  if (fault) return new RequestError("certificate", `The certificate of ${subject} ${fault} (${code}).`, url)
  if (!proxy) return error
  const words = PROXY_WORDS[code] ?? "The connection breaks at"
  return new RequestError("proxy", `${words} the proxy ${proxy.name} (${code}).`, url)
}

export interface Way {
  url: URL
  /** It went, or was to go, through this one. */
  proxy?: Proxy | undefined
  /** Before there was a tunnel: nobody but the proxy can be to blame. */
  isProxys?: boolean
}

const UNTRUSTED = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
])

const CERTIFICATE_FAULTS: Record<string, string> = {
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet; is the clock of this machine right?",
  CERT_REVOKED: "was revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "is for another name",
}

const PROXY_WORDS: Record<string, string> = {
  ECONNREFUSED: "Nothing answers at",
  ENOTFOUND: "No address is known for",
  EAI_AGAIN: "The name service did not answer for",
  ETIMEDOUT: "No connection comes about to",
}

/** What a proxy said instead of passing on. What is wrong with the request or the account does not change by waiting. */
export function refusal(status: number, { proxy, url }: { proxy: Proxy; url: URL }): RequestError {
  if (status === 407) {
    const wish = proxy.authorization
      ? `does not accept the name and password in ${proxy.variable}`
      : `wants a name and a password: write them into ${proxy.variable}, as http://name:password@host:port`
    return new RequestError("proxy_refused", `The proxy ${proxy.name} ${wish} (407).`, url)
  }
  const sentence = `The proxy ${proxy.name} does not connect to ${url.host} (${status}).`
  return new RequestError(status >= 500 ? "proxy" : "proxy_refused", sentence, url)
}
