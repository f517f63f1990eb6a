import { asError } from "./failure.ts"
import { createClient } from "./v2/gen/client/client.gen.ts"
import type { Client, Config } from "./v2/gen/client/types.gen.ts"
import { mergeHeaders } from "./v2/gen/client/utils.gen.ts"

/** What requests are about, for those that do not say it themselves: a header, and on GET and HEAD a parameter. */
const ABOUT = [
  { header: "x-opencode-directory", parameter: "directory", of: "directory" },
  { header: "x-opencode-workspace", parameter: "workspace", of: "workspace" },
] as const

const DEFAULT_URL = "http://localhost:4096"

export type About = { directory?: string; workspace?: string }

/** The way to a server that both generations share. */
export function openConnection(config: Config, about: About): Client {
  const headers = mergeHeaders(entries(config.headers))
  for (const { header, of } of ABOUT) {
    const value = about[of]
    // Percent-encoded, because a header holds Latin-1 only and a path may hold anything.
    if (value !== undefined) headers.set(header, encodeURIComponent(value))
  }
  const client = createClient({ baseUrl: DEFAULT_URL, ...config, fetch: config.fetch ?? patientFetch, headers })
  client.interceptors.request.use(asParameters)
  client.interceptors.error.use((error, response, request, options) =>
    options?.throwOnError ? asError(error, response, request) : error,
  )
  return client
}

/** A list of pairs is a legal way to write headers, too. */
const entries = (headers: Config["headers"]) =>
  Array.isArray(headers) ? Object.fromEntries(headers as [string, string][]) : headers

/** Requests without a body carry what they are about where caches, logs and browsers see it: in the address. */
function asParameters(request: Request): Request {
  if (request.method !== "GET" && request.method !== "HEAD") return request
  const url = new URL(request.url)
  const present = ABOUT.filter(({ header }) => request.headers.has(header))
  if (present.length === 0) return request
  const moved = new Request(request)
  for (const { header, parameter } of present) {
    const value = decoded(request.headers.get(header) ?? "")
    if (!url.searchParams.has(parameter)) url.searchParams.set(parameter, value)
    moved.headers.delete(header)
  }
  return new Request(url, moved)
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** An answer of a model may take longer than the five minutes after which Bun gives up a request. */
const patientFetch: typeof fetch = (input, init) =>
  globalThis.fetch(input, "Bun" in globalThis ? ({ ...init, timeout: false } as RequestInit) : init)
