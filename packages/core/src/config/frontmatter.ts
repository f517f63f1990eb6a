import type { Event } from "js-yaml"
import type { Position, Unreadable } from "./document.ts"
import { plain } from "./json.ts"

/** A Markdown text with settings before it, as agents, commands and skills are written. */
export interface Frontmatter {
  /** What stands between the `---` lines; an empty object when there is nothing. Usually an object. */
  data: unknown
  /** What follows, without the space around it. */
  body: string
  /** What follows, as it is written. */
  rest: string
  /** Where members are written, counted in the whole file. */
  locate(paths: readonly (readonly string[])[]): Promise<(Position | undefined)[]>
}

const FENCE = /^---[ \t]*\r?\n([\s\S]*?)(?<=\n)---[ \t]*(?:\r?\n|$)/

/**
 * Takes a Markdown text apart. Text without a first line of `---` has no settings. Never throws for what is written.
 * A value that holds `: ` and should have been quoted (`description: Use when: …`) is taken as it was meant.
 */
export async function parseFrontmatter(text: string): Promise<Frontmatter | Unreadable> {
  const nothing = { data: {}, locate: async (paths: readonly unknown[]) => paths.map(() => undefined) }
  if (!/^---[ \t]*\r?\n/.test(text)) return { ...nothing, body: text.trim(), rest: text }
  const match = FENCE.exec(text)
  if (!match) return { problem: "the `---` that ends the settings is missing", position: { line: 1, column: 1 } }
  const [whole, yaml = ""] = match
  const rest = text.slice(whole.length)
  const body = rest.trim()
  if (!yaml.trim()) return { ...nothing, body, rest }

  const strict = await parseYaml(yaml)
  const parsed = "problem" in strict ? await parseYaml(quoteValues(yaml)) : strict
  if ("problem" in parsed) return "problem" in strict ? strict : parsed
  return { data: parsed.value, body, rest, locate: (paths) => locateYaml(parsed.yaml, paths) }
}

/** The `---` line stands above. */
const LINES_ABOVE = 1

async function parseYaml(yaml: string): Promise<{ value: unknown; yaml: string } | Unreadable> {
  const { load, YAMLException } = await import("js-yaml")
  try {
    // A few lines of aliases unfold to gigabytes, and nobody writes them here.
    return { value: plain(load(yaml, { maxAliases: 0 }) ?? {}), yaml }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const { line = 0, column = 0 } = error.mark ?? {}
    return { problem: error.reason, position: { line: line + 1 + LINES_ABOVE, column: column + 1 } }
  }
}

/**
 * `key: some: text` is not YAML, but what people write. A value that opens a structure of YAML is left alone, and so is
 * one without a colon, which may be a number.
 */
const quoteValues = (yaml: string): string =>
  yaml.replaceAll(
    /^([A-Za-z_][\w-]*):[ \t]+(?![|>&*!"'[{#])(\S.*?:.*?)[ \t]*$/gm,
    (_, key: string, value: string) => `${key}: ${JSON.stringify(value.replace(/\r$/, ""))}`,
  )

async function locateYaml(yaml: string, paths: readonly (readonly string[])[]): Promise<(Position | undefined)[]> {
  const { parseEvents } = await import("js-yaml")
  const found = await offsets(yaml, parseEvents(yaml, {}))
  return paths.map((path) => {
    // A member that is not there is looked for where it would stand: in what is around it.
    for (let length = path.length; length > 0; length--) {
      const offset = found.get(JSON.stringify(path.slice(0, length)))
      if (offset !== undefined) return positionAt(yaml, offset)
    }
    return undefined
  })
}

/** Where each member begins: its key, or an element of a list itself. */
async function offsets(yaml: string, events: Event[]): Promise<Map<string, number>> {
  const { EVENT_ID, getScalarValue } = await import("js-yaml")
  const found = new Map<string, number>()
  /** The structures around: in a mapping the key that waits for its value, in a sequence how many came before. */
  const around: { path: string[]; key?: string; count?: number }[] = []
  const enter = (start: number): string[] => {
    const within = around.at(-1)
    if (!within) return []
    const path = [...within.path, within.key ?? String(within.count ?? 0)]
    if (within.count === undefined) delete within.key
    else {
      within.count++
      found.set(JSON.stringify(path), start)
    }
    return path
  }
  for (const event of events) {
    const within = around.at(-1)
    if (event.type === EVENT_ID.DOCUMENT) around.push({ path: [], count: Number.NaN })
    else if (event.type === EVENT_ID.POP) around.pop()
    else if (event.type === EVENT_ID.ALIAS) enter(event.anchorStart)
    else if (event.type === EVENT_ID.SCALAR) {
      if (within && within.count === undefined && within.key === undefined) {
        within.key = getScalarValue(yaml, event)
        found.set(JSON.stringify([...within.path, within.key]), event.valueStart)
      } else enter(event.valueStart)
    } else {
      const path = around.length > 1 ? enter(event.start) : []
      around.push(event.type === EVENT_ID.MAPPING ? { path } : { path, count: 0 })
    }
  }
  return found
}

function positionAt(yaml: string, offset: number): Position {
  const before = yaml.slice(0, offset).split("\n")
  return { line: before.length + LINES_ABOVE, column: (before.at(-1)?.length ?? 0) + 1 }
}
