import type { Route } from "./route.ts"

export interface Match {
  route: Route
  params: Record<string, string>
}

/** Finds the route of a request. A word in a path wins over a parameter, whatever the order of the table. */
export type Router = (method: string, path: string) => Match | undefined

interface Branch {
  words: Map<string, Branch>
  parameter?: Branch
  routes: Map<string, { route: Route; names: string[] }>
}

export function createRouter(routes: readonly Route[]): Router {
  const root = branch()
  for (const route of routes) plant(root, route)

  return (method, path) => {
    const segments = segmentsOf(path)
    return find(root, segments, 0, [], method === "HEAD" ? "GET" : method)
  }
}

const branch = (): Branch => ({ words: new Map(), routes: new Map() })

/** One slash at the end makes no difference. */
function segmentsOf(path: string): string[] {
  const [, ...segments] = path.split("/")
  if (segments.length > 1 && segments.at(-1) === "") segments.pop()
  return segments
}

function plant(root: Branch, route: Route): void {
  const names: string[] = []
  let at = root
  for (const segment of segmentsOf(route.path)) {
    if (segment.startsWith(":")) {
      names.push(segment.slice(1))
      at = at.parameter ??= branch()
    } else {
      const next = at.words.get(segment) ?? branch()
      at.words.set(segment, next)
      at = next
    }
  }
  at.routes.set(route.method, { route, names })
}

function find(at: Branch, segments: string[], index: number, values: string[], method: string): Match | undefined {
  const segment = segments[index]
  if (segment === undefined) {
    const found = at.routes.get(method)
    return (
      found && { route: found.route, params: Object.fromEntries(found.names.map((name, i) => [name, values[i] ?? ""])) }
    )
  }
  const word = at.words.get(segment)
  const match = word && find(word, segments, index + 1, values, method)
  if (match || !at.parameter || segment === "") return match
  return find(at.parameter, segments, index + 1, [...values, unescaped(segment)], method)
}

function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment // not a valid escape: the id it stands for does not exist
  }
}
