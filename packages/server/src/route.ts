import type { Bus } from "@opencode/core/bus/bus.ts"
import type { Folders } from "@opencode/core/config/folders.ts"
import type { Engine } from "@opencode/core/engine.ts"
import type { Engines } from "@opencode/core/engines.ts"
import type { Host } from "@opencode/core/lib/host.ts"
import type { Log } from "@opencode/core/lib/log.ts"
import type { Auth } from "@opencode/core/model/auth.ts"
import type { Logins } from "@opencode/core/model/login/logins.ts"
import type { Peers } from "@opencode/core/peer/peers.ts"
import type { Boundary } from "@opencode/core/recording/boundary.ts"
import type { Infer, Schema } from "@opencode/protocol/schema.ts"
import type { Incoming, Source } from "./exchange.ts"
import { readJson } from "./guard/limits.ts"
import type { Place } from "./place.ts"
import type { JsonText } from "./json-text.ts"
import { validate } from "./validate.ts"

/** What all routes share. */
export interface ServerParts {
  engines: Engines
  bus: Bus
  /** Other processes on the same data. */
  peers: Pick<Peers, "questions" | "reply" | "questionRequests" | "answer" | "follow" | "openParts">
  log: Log
  host: Host
  auth: Pick<Auth, "set" | "remove">
  logins: Pick<Logins, "methods" | "begin" | "finish">
  folders: Pick<Folders, "home" | "state" | "config">
  version: string
  /** Told of requests that may change a session, when somebody listens. */
  boundary?: Pick<Boundary, "input">
  /** The OpenAPI document, made when it is first asked for. */
  document(): Promise<object>
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

export interface Declaration<Params extends Schema, Query extends Schema, Body extends Schema, Answer extends Schema> {
  /** Names the call in the document, and with it the method of the SDK: `session.abort`. */
  id: string
  summary: string
  description?: string
  tags: string[]
  deprecated?: true
  params?: Params
  query?: Query
  body?: Body
  /** What the document shows of a body that is also taken in older spellings. */
  shownBody?: Schema
  /** Bytes that the body may have, where that is not what all others may. */
  maxBodyBytes?: number
  /** How many may be at it at the same time; others wait. For what takes much of the machine. Default: any number. */
  atOnce?: number
  /** An empty body counts as an empty object. */
  isBodyOptional?: true
  answer: Answer
  /** What the answer is, in the document. Default: the summary. */
  answers?: string
  /** 204 answers without a body. Default: 200. */
  status?: 200 | 204
  /** Of an answer that is no JSON, and comes as bytes. */
  contentType?: string
  /** What can go wrong besides a request that is not valid. */
  errors?: readonly ErrorName[]
  /** Whether the answer may come after minutes: then the client is told meanwhile that it still will. */
  mayTakeLong?: true
  /** Whether the route speaks of the whole server and so takes no `directory`. */
  isGlobal?: true
  /** Left out of the document. */
  isHidden?: true
}

/** Error shapes a route declares, by their names in the document. */
export type ErrorName =
  | "NotFoundError"
  | "PermissionNotFoundError"
  | "QuestionNotFoundError"
  | "ProjectNotFoundError"
  | "VcsApplyError"
  | "WorktreeError"
  | "ProviderAuthError"
  | "PtyNotFoundError"
  | "PtyForbiddenError"
  | "SessionBusyError"
  | "ServiceUnavailableError"

export interface Context<Params = unknown, Query = unknown, Body = unknown> {
  params: Params
  query: Query
  body: Body
  /** The folder the request speaks of. */
  place: Place
  /** The engine of the session in the path, else of the folder. */
  engine(): Promise<Engine>
  server: ServerParts
  /** Aborts when the client goes away. */
  signal(): AbortSignal
  /** @param name in lower case */
  header(name: string): string | undefined
  /** Adds a header to the answer. */
  setHeader(name: string, value: string): void
}

type Promised<T> = T | Promise<T>
type Handler<P extends Schema, Q extends Schema, B extends Schema, Returned> = (
  context: Context<Infer<P>, Infer<Q>, Infer<B>>,
) => Promised<Returned>

export interface Route {
  method: Method
  /** With parameters as `:name`. */
  path: string
  declaration: Declaration<Schema, Schema, Schema, Schema>
  isStream: boolean
  /** @returns what becomes JSON, or the source of a stream */
  run(request: RouteRequest): Promise<unknown>
}

/** A request that a route was found for. */
export interface RouteRequest {
  incoming: Incoming
  params: Record<string, string>
  search: URLSearchParams
  place: Place
  server: ServerParts
  setHeader(name: string, value: string): void
}

/**
 * One call of the API: data in, data out, and its entry in the document from the same lines. Schemas are built when the
 * route is first used; answers are typed and not checked again. An answer that is too long to be made at once comes as
 * the source of its JSON; what is JSON already, as `JsonText`.
 */
export function route<P extends Schema, Q extends Schema, B extends Schema, A extends Schema>(
  method: Method,
  path: string,
  declaration: Declaration<P, Q, B, A>,
  handler: Handler<P, Q, B, Infer<A> | JsonText | Source | Uint8Array>,
): Route {
  return { method, path, declaration, isStream: false, run: (request) => run(request, declaration, handler) }
}

/** A call whose answer is a stream of events; `answer` describes one of them. */
export function streamRoute<P extends Schema, Q extends Schema, B extends Schema, A extends Schema>(
  path: string,
  declaration: Declaration<P, Q, B, A>,
  handler: Handler<P, Q, B, Source>,
): Route {
  return { method: "GET", path, declaration, isStream: true, run: (request) => run(request, declaration, handler) }
}

async function run<P extends Schema, Q extends Schema, B extends Schema>(
  request: RouteRequest,
  declaration: Declaration<P, Q, B, Schema>,
  handler: Handler<P, Q, B, unknown>,
): Promise<unknown> {
  const { incoming, search, place, server, setHeader } = request
  const params = validate(declaration.params, request.params, "Params")
  const query = validate(declaration.query, Object.fromEntries(search), "Query")
  const body = declaration.body && (await bodyOf(incoming, declaration))
  return handler({
    params: params as Infer<P>,
    query: query as Infer<Q>,
    body: body as Infer<B>,
    place,
    engine: () => engineOf(request),
    server,
    signal: incoming.signal,
    header: incoming.header,
    setHeader,
  })
}

async function bodyOf(incoming: Incoming, declaration: Declaration<Schema, Schema, Schema, Schema>) {
  const { body, isBodyOptional, maxBodyBytes } = declaration
  const given = await readJson(incoming, maxBodyBytes)
  return validate(body, given ?? (isBodyOptional ? {} : given), "Payload")
}

/** What is below a session works from any folder. */
function engineOf({ params, place, server }: RouteRequest): Promise<Engine> {
  return params.sessionID === undefined ? server.engines.at(place.directory) : server.engines.of(params.sessionID)
}
