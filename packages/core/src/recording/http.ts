import type { RequestInit } from "../model/request.ts"
import { readAll, type HttpHeaders, type HttpResponse } from "../model/response.ts"

/** What recording and replaying share of requests and their answers. */

/** Set by every turn (`turn/context.ts`): whose request it is. A request on the side, as for a title, has none. */
export const sessionOf = (headers: Record<string, string>): string | undefined => headers["x-session-id"]

export function headersIn({ headers = {} }: RequestInit): Record<string, string> {
  const entries = Symbol.iterator in headers ? [...(headers as Iterable<[string, string]>)] : Object.entries(headers)
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), value]])),
  ) as Record<string, string>
}

export const collected = (body: RequestInit["body"]): string =>
  typeof body === "string" ? body : body ? new TextDecoder().decode(body) : ""

const PRIVATE_HEADERS = /cookie|authorization|api-?key|security-token|access-token|secret/i

/** Without those that stand in for a person. */
export const openHeaders = (headers: Iterable<readonly [string, string]>): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => !PRIVATE_HEADERS.test(name)))

export interface ResponseFacts {
  status: number
  statusText: string
  url: string
  headers: HttpHeaders
}

export function responseOf(facts: ResponseFacts, body: ReadableStream<Uint8Array>): HttpResponse {
  const bytes = () => readAll(body, new URL(facts.url))
  return {
    ...facts,
    ok: facts.status >= 200 && facts.status < 300,
    body,
    text: async () => new TextDecoder().decode(await bytes()),
    json: async () => JSON.parse(new TextDecoder().decode(await bytes())) as unknown,
    arrayBuffer: async () => new Uint8Array(await bytes()).buffer,
  }
}

export function headersFrom(record: Record<string, string>): HttpHeaders {
  const map = new Map(Object.entries(record))
  return {
    get: (name) => map.get(name.toLowerCase()) ?? null,
    has: (name) => map.has(name.toLowerCase()),
    entries: () => map.entries(),
    [Symbol.iterator]: () => map.entries(),
  }
}
