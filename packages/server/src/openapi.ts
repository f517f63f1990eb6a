import { SessionBusyError } from "@opencode/protocol/error.ts"
import type { Schema } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import {
  BadRequestError,
  NotFoundError,
  PermissionNotFoundError,
  ProjectNotFoundError,
  ProviderAuthError,
  PtyForbiddenError,
  PtyNotFoundError,
  QuestionNotFoundError,
  ServiceUnavailableError,
  VcsApplyError,
  WorktreeError,
} from "./errors.ts"
import type { ErrorName, Route } from "./route.ts"

/** The OpenAPI 3.1 document of a table of routes. The same table gives the same document, byte for byte. */

type Json = Record<string, unknown>

const ERRORS: Record<ErrorName, { status: number; shape: Schema }> = {
  NotFoundError: { status: 404, shape: NotFoundError },
  PermissionNotFoundError: { status: 404, shape: PermissionNotFoundError },
  QuestionNotFoundError: { status: 404, shape: QuestionNotFoundError },
  ProjectNotFoundError: { status: 404, shape: ProjectNotFoundError },
  VcsApplyError: { status: 400, shape: VcsApplyError },
  WorktreeError: { status: 400, shape: WorktreeError },
  ProviderAuthError: { status: 400, shape: ProviderAuthError },
  PtyNotFoundError: { status: 404, shape: PtyNotFoundError },
  PtyForbiddenError: { status: 403, shape: PtyForbiddenError },
  SessionBusyError: { status: 409, shape: SessionBusyError },
  ServiceUnavailableError: { status: 503, shape: ServiceUnavailableError },
}

/** Every route can answer it, in one shape at least. */
const BAD_REQUEST = 400
const JSON_TYPE = "application/json"
const PLACE = ["directory", "workspace"].map((name) => ({
  name,
  in: "query",
  schema: { type: "string" },
  required: false,
}))

export function openapi(routes: readonly Route[]): object {
  const shown = routes.filter(({ declaration }) => !declaration.isHidden)
  const { schemas, of } = describe(shown)
  const paths: Record<string, Json> = {}
  for (const route of shown) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}")
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, of) }
  }
  return {
    openapi: "3.1.0",
    info: { title: "opencode", version: "1.0.0", description: "opencode api" },
    paths: sorted(paths),
    components: { schemas: { ...sorted(schemas, isPlain), ...sorted(schemas, (name) => !isPlain(name)) } },
  }
}

type Describe = (schema: Schema) => Json

/** All schemas in one conversion, so that each named one is written once and referred to. */
function describe(routes: readonly Route[]): { schemas: Record<string, Json>; of: Describe } {
  const used = new Set<Schema>([BadRequestError, ...Object.values(ERRORS).map(({ shape }) => shape)])
  for (const { declaration } of routes) {
    for (const schema of [declaration.params, declaration.query, bodyOf(declaration), declaration.answer]) {
      if (schema) used.add(schema)
    }
  }
  const names = new Map([...used].map((schema, index) => [schema, `s${index}`]))
  const all = z.object(Object.fromEntries([...names].map(([schema, name]) => [name, schema()])))
  const converted = tidy(z.toJSONSchema(all, { io: "input", unrepresentable: "any" })) as {
    properties: Record<string, Json>
    $defs?: Record<string, Json>
  }
  return {
    schemas: converted.$defs ?? {},
    of: (schema) => converted.properties[names.get(schema) ?? ""] ?? {},
  }
}

const bodyOf = ({ body, shownBody }: Route["declaration"]): Schema | undefined => shownBody ?? body

function operation({ declaration, isStream }: Route, of: Describe): Json {
  const { id, summary, description, tags, deprecated, params, query, isBodyOptional } = declaration
  const body = bodyOf(declaration)
  const parameters = [
    ...parametersOf(params && of(params), "path"),
    ...(declaration.isGlobal ? [] : PLACE),
    ...parametersOf(query && of(query), "query"),
  ]
  return {
    operationId: id,
    tags,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(deprecated ? { deprecated } : {}),
    parameters,
    ...(body
      ? { requestBody: { ...(isBodyOptional ? {} : { required: true }), ...content(JSON_TYPE, of(body)) } }
      : {}),
    responses: responsesOf(declaration, isStream, of),
  }
}

function parametersOf(schema: Json | undefined, where: "path" | "query"): Json[] {
  if (!schema) return []
  const required = new Set(schema.required as string[] | undefined)
  return Object.entries((schema.properties ?? {}) as Record<string, Json>).map(([name, shape]) => ({
    name,
    in: where,
    schema: shape,
    required: required.has(name),
  }))
}

function responsesOf(declaration: Route["declaration"], isStream: boolean, of: Describe): Json {
  const { answer, answers, summary, status = 200, errors = [], contentType = JSON_TYPE } = declaration
  const success = status === 204 ? {} : content(isStream ? "text/event-stream" : contentType, of(answer))
  const failures = [...new Set(errors.map((name) => ERRORS[name].status))].map((failure) => {
    const names = errors.filter((name) => ERRORS[name].status === failure)
    const shapes = names.map((name) => of(ERRORS[name].shape))
    if (failure === BAD_REQUEST) shapes.push(of(BadRequestError))
    return [failure, { description: names.join(" | "), ...content(JSON_TYPE, anyOf(shapes)) }] as const
  })
  return {
    [status]: { description: answers ?? summary, ...success },
    [BAD_REQUEST]: { description: "Bad request", ...content(JSON_TYPE, of(BadRequestError)) },
    ...Object.fromEntries(failures),
  }
}

const content = (type: string, schema: Json): Json => ({ content: { [type]: { schema } } })
const anyOf = (shapes: Json[]): Json => (shapes.length === 1 && shapes[0] ? shapes[0] : { anyOf: shapes })
/** Generators number names that are the same to them. The plain one is to be the first, as in the published document. */
const isPlain = (name: string): boolean => !name.includes(".")
const sorted = <T>(members: Record<string, T>, isWanted: (name: string) => boolean = () => true): Record<string, T> =>
  Object.fromEntries(
    Object.entries(members)
      .filter(([name]) => isWanted(name))
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  )

/** Points references at the components, and leaves out what is said twice or says nothing. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => !isIdle(key, member))
      .map(([key, member]) => [
        key,
        key === "$ref" && typeof member === "string"
          ? member.replace("#/$defs/", "#/components/schemas/")
          : tidy(member),
      ]),
  )
}

/** As a keyword: members of the same name have a shape, not a word, a number or a string's type alone. */
function isIdle(key: string, value: unknown): boolean {
  if (key === "$schema" || key === "id") return typeof value === "string"
  // What zod says of every whole number: that a double can hold it.
  if (key === "maximum" || key === "minimum")
    return value === Number.MAX_SAFE_INTEGER || value === Number.MIN_SAFE_INTEGER
  // Names are strings in JSON anyway.
  return key === "propertyNames" && JSON.stringify(value) === '{"type":"string"}'
}
