import { asError } from "./failure.ts"
import { patientFetch } from "./patient-fetch.ts"
import { createClient } from "./v2/gen/client/client.gen.ts"
import type { Client, Config } from "./v2/gen/client/types.gen.ts"
import { mergeHeaders } from "./v2/gen/client/utils.gen.ts"

/** What requests are about, for those that do not say it themselves: a header, and on GET and HEAD a parameter. */
const ABOUT = [
  { header: "x-opencode-directory", parameter: "directory" },
  { header: "x-opencode-workspace", parameter: "workspace" },
] as const

const DEFAULT_URL = "http://localhost:4096"

export type About = { directory?: string; workspace?: string }

interface Manners {
  /** A server that cannot be reached is an exception, whatever `throwOnError` says. */
  throwsUnreachable: boolean
}

/** The way to a server that both generations share. */
export function openConnection(config: Config, about: About, { throwsUnreachable }: Manners): Client {
  const headers = mergeHeaders(entries(config.headers))
  for (const { header, parameter } of ABOUT) {
    const value = about[parameter]
    // Percent-encoded, because a header holds Latin-1 only and a path may hold anything.
    if (value) headers.set(header, encodeURIComponent(value))
  }
  const client = createClient({ baseUrl: DEFAULT_URL, ...config, fetch: config.fetch ?? patientFetch(), headers })
  client.interceptors.request.use((request) => withParameters(request, about))
  client.interceptors.error.use((error, response, request, options) => {
    if (!response && throwsUnreachable) throw error
    return options?.throwOnError ? asError(error, response, request) : error
  })
  return client
}

/** A list of pairs is a legal way to write headers, too. */
const entries = (headers: Config["headers"]) =>
  Array.isArray(headers) ? Object.fromEntries(headers as [string, string][]) : headers

/** Requests without a body carry what they are about where caches, logs and browsers see it: in the address. */
function withParameters(request: Request, about: About): Request {
  if (request.method !== "GET" && request.method !== "HEAD") return request
  const present = ABOUT.filter(({ header }) => request.headers.has(header))
  if (present.length === 0) return request
  const url = new URL(request.url)
  const moved = new Request(request)
  for (const { header, parameter } of present) {
    const value = request.headers.get(header) ?? ""
    const own = about[parameter]
    // A header that the caller wrote is taken as it is.
    const meant = own && value === encodeURIComponent(own) ? own : value
    // Routes that this server leaves out read the second name.
    const names = url.pathname.startsWith("/api/") ? [parameter, `location[${parameter}]`] : [parameter]
    for (const name of names) if (!url.searchParams.has(name)) url.searchParams.set(name, meant)
    moved.headers.delete(header)
  }
  return new Request(url, moved)
}
