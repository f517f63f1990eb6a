// What the SDK is generated from: our own document, with what programs of 1.x were compiled against where the two differ.

/** Paths have other members beside these. */
const METHODS = ["get", "put", "post", "delete", "patch"]

/** Shapes that the contract knows more of than ours do: the tools by their names, and what a client publishes has no id. */
const OF_THE_CONTRACT = [
  "PermissionConfig",
  "EventTuiPromptAppend",
  "EventTuiCommandExecute",
  "EventTuiToastShow",
  "EventTuiSessionSelect",
]

/** Settings whose known names the contract spells out, for us any name is as good as another. */
const NAMED_MORE_IN_CONFIG = ["agent", "mode"]

/**
 * Our document, in which every operation, event and named shape of the contract is present: what this server leaves out
 * keeps its methods and types, so that programs compile. Answers of failures are those of the contract, and a body is
 * demanded only where it demands one, because a program may have been written without.
 */
export function documentOfV2(ours, contract) {
  const paths = structuredClone(ours.paths)
  for (const { path, method, operation } of operations(contract))
    paths[path] = { ...paths[path], [method]: asCompiled(paths[path]?.[method], operation) }
  const published = contract.components.schemas
  const schemas = { ...published, ...ours.components.schemas }
  for (const name of OF_THE_CONTRACT) schemas[name] = published[name]
  schemas.Config = withMembers(schemas.Config, published.Config, NAMED_MORE_IN_CONFIG)
  const events = allEvents(ours, contract)
  schemas.Event = { anyOf: events }
  schemas.GlobalEvent = {
    ...published.GlobalEvent,
    properties: { ...published.GlobalEvent.properties, payload: { anyOf: [...events, ...copies(contract)] } },
  }
  return { ...ours, paths, components: { ...ours.components, schemas } }
}

const withMembers = (schema, from, names) => ({
  ...schema,
  properties: { ...schema.properties, ...Object.fromEntries(names.map((name) => [name, from.properties[name]])) },
})

function asCompiled(mine, published) {
  if (!mine) return published
  const { requestBody, responses, ...rest } = mine
  const answers = Object.entries(responses).filter(([status]) => !isFailure(status))
  const failures = Object.entries(published.responses).filter(([status]) => isFailure(status))
  return {
    ...rest,
    ...(requestBody ? { requestBody: { ...requestBody, required: published.requestBody?.required ?? false } } : {}),
    responses: Object.fromEntries([...answers, ...failures]),
  }
}

const isFailure = (status) => !status.startsWith("2")

/** What a program may compare the type of an event with: ours, and those that this server never sends. */
function allEvents(ours, contract) {
  const known = contract.components.schemas.Event.anyOf
  const types = new Set(known.map((reference) => typeOf(reference, contract)))
  const own = ours.components.schemas.Event.anyOf.filter((reference) => !types.has(typeOf(reference, ours)))
  return [...known, ...own]
}

/** The contract's global stream carries some events a second time, for machines that follow each other. */
const copies = (contract) =>
  contract.components.schemas.GlobalEvent.properties.payload.anyOf.filter(({ $ref }) => $ref?.includes("/SyncEvent"))

function typeOf({ $ref }, { components }) {
  const { type } = components.schemas[$ref.slice("#/components/schemas/".length)].properties
  return type.const ?? type.enum[0]
}

/** The contract of v1, in which nothing changes any more, with our words for what each operation does. */
export function documentOfV1(ours, contract) {
  const words = new Map(
    operations(ours).map(({ path, method, operation: { summary, description } }) => [
      shape(method, path),
      { summary, description },
    ]),
  )
  const paths = structuredClone(contract.paths)
  for (const { path, method, operation } of operations(contract))
    paths[path][method] = { ...words.get(shape(method, path)), ...operation }
  return { ...contract, paths }
}

/** The two generations name the same parameter differently. */
const shape = (method, path) => `${method} ${path.replace(/\{[^}]*\}/g, "{}")}`

export const operations = ({ paths }) =>
  Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => ({ path, method, operation: item[method] })),
  )
