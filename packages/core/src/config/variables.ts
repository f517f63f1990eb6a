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
  /** The text was written by somebody who may not read the user's environment and files. */
  heldBack: boolean
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
  const filled = await fill(value, [], sources, issues)
  return { value: filled === DROPPED ? {} : filled, issues }
}

async function fill(value: unknown, path: string[], sources: VariableSources, issues: ConfigIssue[]): Promise<unknown> {
  if (typeof value === "string") return value.includes("{") ? fillText(value, path, sources, issues) : value
  if (Array.isArray(value)) {
    const filled: unknown[] = []
    for (const [index, item] of value.entries()) {
      const member = await fill(item, [...path, String(index)], sources, issues)
      if (member !== DROPPED) filled.push(member)
      // A command line without one of its words is another command.
      else if (path.at(-1) === "command") return DROPPED
    }
    return filled
  }
  if (!isObject(value)) return value
  const filled: JsonObject = {}
  for (const [key, item] of Object.entries(value)) {
    const member = await fill(item, [...path, key], sources, issues)
    if (member !== DROPPED) filled[key] = member
  }
  return filled
}

async function fillText(text: string, path: string[], sources: VariableSources, issues: ConfigIssue[]) {
  const pieces: string[] = []
  let end = 0
  for (const match of text.matchAll(VARIABLE)) {
    const [whole, kind, name = ""] = match
    if (sources.heldBack) {
      const message = `${dotted(path)} uses ${whole}, which this project may do once you trust it; it is left out.`
      issues.push({ severity: "warning", kind: "held_back", message, path })
      return DROPPED
    }
    const content = kind === "env" ? sources.env[name] : await contentOf(name, sources)
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

async function contentOf(name: string, { home, folder }: VariableSources): Promise<string | undefined> {
  const path = /^~(?=[/\\]|$)/.test(name) ? join(home, name.slice(1)) : isAbsolute(name) ? name : resolve(folder, name)
  const file = await readSmallFile(path)
  return "text" in file ? file.text.trim() : undefined
}
