import { openapi } from "../../src/openapi.ts"
import type { Route } from "../../src/route.ts"
import type { Json } from "./values.ts"

/** One call of the API, as the document tells programs of it. */
export interface Operation {
  id: string
  tag: string
  method: string
  /** With parameters as `{name}`. */
  path: string
  parameters: { name: string; in: "path" | "query"; schema: Json; required: boolean }[]
  body: Json | undefined
  statuses: number[]
}

interface Document {
  paths: Record<string, Record<string, Declared>>
  components: { schemas: Record<string, Json> }
}
interface Declared {
  operationId: string
  tags: string[]
  parameters: Operation["parameters"]
  requestBody?: { content: Record<string, { schema: Json }> }
  responses: Record<string, unknown>
}

export interface Described {
  operations: Operation[]
  component(reference: string): Json
}

export function describeAll(routes: readonly Route[]): Described {
  const { paths, components } = openapi(routes) as Document
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, declared]) => ({
      id: declared.operationId,
      tag: declared.tags[0] ?? "",
      method: method.toUpperCase(),
      path,
      parameters: declared.parameters,
      body: declared.requestBody?.content["application/json"]?.schema,
      statuses: Object.keys(declared.responses).map(Number),
    })),
  )
  return {
    operations,
    component: (reference) => components.schemas[reference.replace("#/components/schemas/", "")] ?? {},
  }
}
