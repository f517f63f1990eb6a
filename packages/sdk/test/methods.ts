/** The way to every method of a client, by walking it: a new one cannot be forgotten. */
export function methodsOf(client: object): string[][] {
  return [...members(client)].flatMap(([name, value]) => {
    if (typeof value === "function") return [[name]]
    if (typeof value !== "object" || value === null) return []
    return methodsOf(value).map((rest) => [name, ...rest])
  })
}

/** What has an underscore, and the client that sends, are nobody's business. */
const isPrivate = (name: string) => name.startsWith("_") || name === "client" || name === "constructor"

function members(object: object): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at) as object)
    for (const name of Object.getOwnPropertyNames(at))
      if (!isPrivate(name) && !found.has(name)) found.set(name, (object as Record<string, unknown>)[name])
  return found
}

/** What stands at the end of a way. */
export function methodAt(client: object, path: string[]): (...args: unknown[]) => Promise<unknown> {
  const owner = path.slice(0, -1).reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], client)
  const method = (owner as Record<string, unknown>)[path.at(-1) ?? ""]
  if (typeof method !== "function") throw new Error(`no method ${path.join(".")}`)
  return method.bind(owner) as (...args: unknown[]) => Promise<unknown>
}
