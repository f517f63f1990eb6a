/** What is read of the OpenAPI document to show it to people. */
export interface ApiDocument {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Shape> }
}

export interface Operation {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  deprecated?: boolean
  parameters: Parameter[]
  requestBody?: { required?: boolean; content: Content }
  responses: Record<string, { description: string; content?: Content }>
}

export interface Parameter {
  name: string
  in: string
  required: boolean
  schema: Shape
}

export type Content = Record<string, { schema: Shape }>

export interface Shape {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: Shape[]
  oneOf?: Shape[]
  properties?: Record<string, Shape>
  required?: string[]
  items?: Shape
  prefixItems?: Shape[]
  additionalProperties?: boolean | Shape
  description?: string
  default?: unknown
  pattern?: string
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
}

/** One call, with the words that people look for it by. */
export interface Call {
  method: string
  path: string
  operation: Operation
}

/** The calls about one thing. */
export interface Chapter {
  tag: string
  title: string
  calls: Call[]
}

/** In the order in which a newcomer needs them. A tag that is not named comes last, under its own name. */
export const TITLES: Record<string, string> = {
  session: "Sessions and messages",
  event: "Events",
  permission: "Permissions",
  question: "Questions",
  trust: "Trust",
  config: "Settings",
  provider: "Providers and models",
  control: "Credentials and the log",
  instance: "The folder",
  file: "Files and search",
  project: "Projects",
  pty: "Terminals",
  tui: "Screens",
  global: "The server",
  stats: "What it took",
  storage: "What is kept on disk",
  experimental: "Experimental",
}

export function chaptersOf({ paths }: ApiDocument): Chapter[] {
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  const tagOf = ({ operation }: Call): string => operation.tags[0] ?? "other"
  const tags = new Set([...Object.keys(TITLES), ...calls.map(tagOf)])
  return [...tags]
    .map((tag) => ({ tag, title: TITLES[tag] ?? tag, calls: calls.filter((call) => tagOf(call) === tag) }))
    .filter((chapter) => chapter.calls.length > 0)
}

/** Parameters that nearly every call takes, told once. */
const PLACE = new Set(["directory", "workspace"])

export const ownParameters = ({ parameters }: Operation): Parameter[] =>
  parameters.filter((one) => one.in !== "query" || !PLACE.has(one.name))
