/** What a call throws that is asked to throw: an error with a sentence, and with the answer as its cause. */
export function asError(error: unknown, response: Response | undefined, request: Request | undefined): unknown {
  if (error instanceof Error || !response) return error
  const { status, statusText } = response
  const body = error === undefined ? "" : error
  const message = sentenceOf(body) ?? `opencode server ${about(request)} → ${status} ${statusText}: ${shown(body)}`
  return new Error(message, { cause: { body, status } })
}

function sentenceOf(body: unknown): string | undefined {
  if (typeof body === "string") return body || undefined
  if (typeof body !== "object" || body === null) return undefined
  const { message, data } = body as { message?: unknown; data?: { message?: unknown } }
  return [message, data?.message].find((text): text is string => typeof text === "string" && text !== "")
}

/** Without the query, in which a password may stand. */
function about(request: Request | undefined): string {
  if (!request) return ""
  const { origin, pathname } = new URL(request.url)
  return `${request.method} ${origin}${pathname}`
}

const shown = (body: unknown): string => (body === "" ? "(empty response body)" : JSON.stringify(body))
