import type { FormattingOptions } from "jsonc-parser"
import { parseJson } from "./document.ts"
import { isObject, valueAt, type JsonObject } from "./json.ts"

/** A member of a file that gets another value. Undefined: it is taken out. */
export interface Change {
  path: string[]
  value: unknown
}

/**
 * The text of a configuration with other values in it. Comments, order and the form of everything else stay.
 * @returns undefined when a member cannot be set for sure: it is written twice, or the text cannot be read
 */
export async function editText(text: string, changes: readonly Change[]): Promise<string | undefined> {
  const { modify, applyEdits } = await import("jsonc-parser")
  const formattingOptions = formOf(text)
  let edited = text.trim() ? text : "{}\n"
  try {
    for (const { path, value } of changes)
      edited = applyEdits(edited, modify(edited, path, value, { formattingOptions }))
  } catch {
    return undefined // the first of doubled members is no object, which only the parser's own words say
  }
  const parsed = await parseJson(edited)
  if ("problem" in parsed) return undefined
  const isSet = ({ path, value }: Change) => JSON.stringify(valueAt(parsed.value, path)) === JSON.stringify(value)
  return changes.every(isSet) ? edited : undefined
}

/** What a patch changes in a file that says `written`: objects are merged, anything else is replaced, null takes out. */
export function changesOf(patch: JsonObject, written: unknown, path: string[] = []): Change[] {
  return Object.entries(patch).flatMap(([key, wanted]): Change[] => {
    const at = [...path, key]
    const there = valueAt(written, [key])
    if (wanted === undefined) return []
    if (wanted === null) return there === undefined ? [] : [{ path: at, value: undefined }]
    // A member without members says something of a provider, say, but nothing of all providers.
    const isEmpty = isObject(wanted) && Object.keys(wanted).length === 0
    if (isEmpty && (isObject(there) || path.length === 0)) return []
    if (isObject(wanted) && !isEmpty && isObject(there)) return changesOf(wanted, there, at)
    if (isObject(wanted) && !isEmpty && there === undefined) {
      const made = withoutHollow(wanted)
      return made === undefined ? [] : [{ path: at, value: made }]
    }
    // One word stands for a rule for everything; it stays the first of the rules.
    if (isObject(wanted) && typeof there === "string" && isInRules(at))
      return [{ path: at, value: withoutNulls({ "*": there, ...wanted }) }]
    const value = withoutNulls(wanted)
    return JSON.stringify(value) === JSON.stringify(there) ? [] : [{ path: at, value }]
  })
}

const isInRules = (path: readonly string[]) => path[0] === "permission" || path[2] === "permission"

function withoutNulls(value: unknown): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  )
}

/** Of something new: what nulls would take out of it was never there, and what holds nothing else is not made for it. */
function withoutHollow(value: unknown): unknown {
  if (!isObject(value) || Object.keys(value).length === 0) return value ?? undefined
  const kept = Object.entries(value)
    .map(([key, member]) => [key, withoutHollow(member)] as const)
    .filter(([, member]) => member !== undefined)
  return kept.length ? Object.fromEntries(kept) : undefined
}

/** How the text is indented and its lines end. */
function formOf(text: string): FormattingOptions {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? "  "
  const insertSpaces = !indent.startsWith("\t")
  return {
    insertSpaces,
    tabSize: insertSpaces ? indent.length : 1,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
    insertFinalNewline: true,
  }
}
