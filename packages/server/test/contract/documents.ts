import { readFileSync } from "node:fs"
import { openapi } from "../../src/openapi.ts"
import { routes } from "../../src/routes/routes.ts"
import { createComparison, type Shape, type Shapes } from "./compare-shapes.ts"

/** The document that we give out beside that of OpenCode 1.18.33, which is stored without its sentences. */
export interface ApiDocument {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Shapes }
}

export interface Operation {
  operationId: string
  parameters?: { name: string; in: string; required?: boolean; schema: Shape }[]
  requestBody?: { required?: boolean; content: Record<string, { schema: Shape }> }
  responses: Record<string, { content?: Record<string, { schema: Shape }> }>
}

const PUBLISHED = new URL("../../../sdk/contract.json", import.meta.url)

export const published = JSON.parse(readFileSync(PUBLISHED, "utf8")) as ApiDocument
export const ours = JSON.parse(JSON.stringify(openapi(routes))) as ApiDocument

/** By method and path: `GET /session`. */
export function operationsOf({ paths }: ApiDocument): Map<string, Operation> {
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
    ),
  )
}

/** One line for each difference in a call that both documents have, or in a shape that such a call leads to. */
export function differences(): string[] {
  const { compare, differences: found } = createComparison(ours.components.schemas, published.components.schemas)
  const others = operationsOf(published)
  const lines: string[] = []
  for (const [name, operation] of operationsOf(ours)) {
    const other = others.get(name)
    if (!other) continue
    if (operation.operationId !== other.operationId) lines.push(`${name}: id ${operation.operationId}`)
    const [mine, theirs] = [parametersOf(operation), parametersOf(other)]
    for (const key of new Set([...mine.keys(), ...theirs.keys()])) {
      const [one, two] = [mine.get(key), theirs.get(key)]
      if (one && two && (one.required ?? false) !== (two.required ?? false))
        lines.push(`${name} ${key}: ${one.required ? "required" : "optional"}`)
      compare(`${name} ${key}`, one?.schema, two?.schema)
    }
    compareBodies(name, operation, other)
    for (const status of new Set([...Object.keys(operation.responses), ...Object.keys(other.responses)])) {
      const [one, two] = [operation.responses[status], other.responses[status]]
      if (!one || !two) lines.push(`${name} ${status}: ${one ? "ours only" : "published only"}`)
      else compareContent(`${name} ${status}`, one.content, two.content)
    }
  }
  // Shapes of both that no common place leads to.
  for (const name of Object.keys(ours.components.schemas)) {
    const reference = { $ref: `#/components/schemas/${name}` }
    if (name in published.components.schemas) compare(name, reference, reference)
  }
  return [...lines, ...found()].sort()

  function compareBodies(name: string, one: Operation, two: Operation): void {
    const [mine, theirs] = [one.requestBody, two.requestBody]
    if (mine && theirs && (mine.required ?? false) !== (theirs.required ?? false))
      lines.push(`${name} body: ${mine.required ? "required" : "optional"}`)
    compareContent(`${name} body`, mine?.content, theirs?.content)
  }

  function compareContent(where: string, one: Content, two: Content): void {
    const [mine, theirs] = [Object.keys(one ?? {}), Object.keys(two ?? {})].map((types) => types.map(typeOnly).join())
    if (mine !== theirs) lines.push(`${where}: ${mine || "nothing"} instead of ${theirs || "nothing"}`)
    compare(where, Object.values(one ?? {})[0]?.schema, Object.values(two ?? {})[0]?.schema)
  }
}

type Content = Operation["responses"][string]["content"]

const parametersOf = ({ parameters = [] }: Operation) =>
  new Map(parameters.map((one) => [`${one.in} ${one.name}`, one]))
const typeOnly = (type: string): string => type.split(";")[0] ?? type
