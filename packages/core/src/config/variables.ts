import { isAbsolute, join, resolve } from "node:path"
import type { Environment } from "./folders.ts"
import { dotted, type ConfigIssue } from "./issue.ts"
import { isObject, type JsonObject } from "./json.ts"
import { readSmallFile } from "./read.ts"

export interface VariableSources {
  env: Environment
  home: string
  /** What `{file:…}` is relative to. */
  folder: string
  /** The text means what it says. */
  isPlain?: boolean
  /** Asked for each where the text was written by somebody who may not read the user's environment and files. */
  judge?: ((variable: Variable) => Promise<"fill" | "keep" | "drop">) | undefined
  /** Told of each file that was looked for. */
  seen?(path: string): void
}

export interface Variable {
  /** Of the member it stands in; elements of lists by their place. */
  path: string[]
  /** The same with elements of lists by what they are: their places change. */
  key: string[]
  /** As it is written: `{env:NAME}`. */
  whole: string
  /** The file it names, resolved. */
  file?: string
}

const DROPPED = Symbol("dropped")
const VARIABLE = /\{(env|file):([^{}]+)\}/g

/**
 * Fills in `{env:NAME}` and `{file:path}` inside strings; what they bring in is not looked at again. A missing variable
 * is empty. A member whose file is missing, or which is held back, is dropped, so that its default holds and not "".
 */
export async function substitute(
  value: unknown,
  sources: VariableSources,
): Promise<{ value: unknown; issues: ConfigIssue[] }> {
  const issues: ConfigIssue[] = []
  if (sources.isPlain) return { value, issues }
  const filled = await fill(value, { path: [], key: [] }, sources, issues)
  return { value: filled === DROPPED ? {} : filled, issues }
}

interface At {
  path: string[]
  key: string[]
}

async function fill(value: unknown, at: At, sources: VariableSources, issues: ConfigIssue[]): Promise<unknown> {
  const { path, key } = at
  if (typeof value === "string") return value.includes("{") ? fillText(value, at, sources, issues) : value
  if (Array.isArray(value)) {
    const filled: unknown[] = []
    for (const [index, item] of value.entries()) {
      const place = { path: [...path, String(index)], key: [...key, elementKey(item, index)] }
      const member = await fill(item, place, sources, issues)
      if (member !== DROPPED) filled.push(member)
      // A command line without one of its words is another command.
      else if (path.at(-1) === "command") return DROPPED
    }
    return filled
  }
  if (!isObject(value)) return value
  const filled: JsonObject = {}
  for (const [name, item] of Object.entries(value)) {
    const member = await fill(item, { path: [...path, name], key: [...key, name] }, sources, issues)
    if (member !== DROPPED) filled[name] = member
  }
  return filled
}

/** The name of an element of a list that does not depend on its place. */
export const elementKey = (element: unknown, index: number): string =>
  typeof element === "string" ? element : (JSON.stringify(element) ?? String(index))

async function fillText(text: string, { path, key }: At, sources: VariableSources, issues: ConfigIssue[]) {
  const pieces: string[] = []
  let end = 0
  for (const match of text.matchAll(VARIABLE)) {
    const [whole, kind, name = ""] = match
    const file = kind === "file" ? pathOf(name, sources) : undefined
    if (file !== undefined) sources.seen?.(file)
    const judged = (await sources.judge?.({ path, key, whole, ...(file === undefined ? {} : { file }) })) ?? "fill"
    if (judged === "keep") continue
    if (judged === "drop") {
      const message = `${dotted(path)} uses ${whole}, which this project may do once you trust it; it is left out.`
      issues.push({ severity: "warning", kind: "held_back", message, path })
      return DROPPED
    }
    const content = file === undefined ? sources.env[name] : await contentOf(file)
    if (content === undefined) {
      const what = kind === "env" ? `the variable ${name} is not set` : `the file ${name} cannot be read`
      issues.push({ severity: "warning", kind: "variable", message: `${dotted(path)}: ${what}.`, path })
      if (kind === "file") return DROPPED
    }
    pieces.push(text.slice(end, match.index), content ?? "")
    end = match.index + whole.length
  }
  return pieces.join("") + text.slice(end)
}

function pathOf(name: string, { home, folder }: VariableSources): string {
  return /^~(?=[/\\]|$)/.test(name) ? join(home, name.slice(1)) : isAbsolute(name) ? name : resolve(folder, name)
}

async function contentOf(path: string): Promise<string | undefined> {
  const file = await readSmallFile(path)
  return "text" in file ? file.text.trim() : undefined
}
