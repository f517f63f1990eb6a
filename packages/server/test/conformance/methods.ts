import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { createOpencodeClient as createV1 } from "published-sdk"
import { createOpencodeClient as createV2 } from "published-sdk/v2"
import { operationsOf, published } from "../contract/documents.ts"

/** The methods of the published SDKs, found by walking their clients: a new one cannot be forgotten. */
export interface Method {
  /** As a program writes it: `session.create`. */
  name: string
  /** The call it makes, as the document names it: `POST /session`. */
  call: string
}

export type Sdk = "v1" | "v2"
export const createClient = { v1: createV1, v2: createV2 }

/** How a method is called on a client of any of the two versions. */
export type Callable = (...parameters: unknown[]) => Promise<Answered>
interface Answered {
  data?: unknown
  error?: unknown
  response?: Response
  stream?: AsyncGenerator<unknown>
}

/** Every method of a client, with the call that it makes of a server that only writes down what it is asked. */
export async function methodsOf(sdk: Sdk): Promise<Method[]> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split("?")[0]}`)
    response.setHeader("content-type", "application/json").end("{}")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  try {
    const client = createClient[sdk]({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    const methods: Method[] = []
    for (const name of namesOf(client)) {
      asked.length = 0
      const { stream } = (await callable(client, name)(sdk === "v1" ? { path: ANY } : ANY, ONCE)) ?? {}
      if (stream) await stream.next()
      methods.push({ name, call: callOf(asked[0] ?? "") ?? `${name} makes no call that is published: ${asked[0]}` })
    }
    return methods
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

export function callable(client: object, name: string): Callable {
  const path = name.split(".")
  const owner = path.slice(0, -1).reduce((at, key) => Reflect.get(at, key) as object, client)
  return (Reflect.get(owner, path.at(-1)!) as Callable).bind(owner)
}

/** A value for each name that stands in a path. */
const ANY_VALUE = "some"
const ANY = Object.fromEntries(
  ["id", "sessionID", "messageID", "partID", "permissionID", "requestID", "ptyID", "providerID", "projectID", "name"]
    .concat(["location", "integrationID", "attemptID", "skillID", "key"])
    .map((name) => [name, ANY_VALUE]),
)
/** A stream that ended is not opened again. */
const ONCE = { sseMaxRetryAttempts: 1 }

/** Names of the SDK's own that make no call. */
const OWN = new Set(["constructor", "client"])

function namesOf(node: object, prefix = "", seen = new Set<object>()): string[] {
  if (seen.has(node)) return []
  seen.add(node)
  const names = new Set<string>()
  for (let at: object | null = node; at && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null)
    for (const name of Object.getOwnPropertyNames(at)) if (!OWN.has(name) && !name.startsWith("_")) names.add(name)
  return [...names].flatMap((name) => {
    const member: unknown = Reflect.get(node, name)
    if (typeof member === "function") return [prefix + name]
    return typeof member === "object" && member !== null ? namesOf(member, `${prefix}${name}.`, seen) : []
  })
}

function callOf(asked: string): string | undefined {
  const calls = [...operationsOf(published).keys()]
  const pattern = (call: string): RegExp => new RegExp(`^${call.replaceAll(/\{\w+\}/g, "[^/]+")}$`)
  return calls.find((call) => call === asked) ?? calls.find((call) => pattern(call).test(asked))
}
