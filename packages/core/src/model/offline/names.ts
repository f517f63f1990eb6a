import { path } from "./intent.ts"
import { isPathLike } from "./scope.ts"
import { isQuoted } from "./sentence.ts"

export const isPronoun = (name: string): boolean =>
  /^(?:it|that|this|them|(?:that|this|the\s+same)\s+(?:file|folder|one))$/i.test(name)

const JOINT = /\s*,\s*(?:and\s+)?|\s+and\s+|\s+&\s+/i
const MARKER =
  /^(?:both\s+)?(?:the\s+|my\s+|our\s+)?(?:(files?|folders?|directory|directories)\s+)?(?:called\s+|named\s+)?/i
const MARKED_END = /\s+(?:files?|folders?|directory|directories)$/i

/**
 * Names of files and folders in a row: `a.ts, "b c.ts" and the folder src`. Nothing when a word among them is not
 * surely a name. `isSure`: what was said before makes any single word one.
 */
export function namesIn(said: string, pieces: readonly string[], isSure = false): string[] | undefined {
  let sure = isSure
  const names: string[] = []
  for (const item of said.split(JOINT)) {
    if (isPronoun(item)) {
      names.push("it")
      continue
    }
    const marker = MARKER.exec(item)
    const bare = item.slice(marker?.[0].length ?? 0)
    const word = bare.replace(MARKED_END, "")
    sure ||= marker?.[1] !== undefined || word !== bare
    const name = path(word, pieces).replace(/(?<=.)\/+$/, "")
    const isName = isQuoted(word) || (!/\s/.test(word) && (isPathLike(word) || (sure && !FILLER.test(word))))
    if (!isName || !name) return undefined
    names.push(name)
  }
  return names
}

const FILLER =
  /^(?:all|any|and|as|be|but|every|everything|files?|folders?|for|from|if|in|into|it|me|my|not|now|of|or|the|to|unless|with|without|you)$/i
