import { isPathLike } from "./scope.ts"
import { isQuoted } from "./sentence.ts"

// Wishes that sound like replacing text: "convert the project to TypeScript", "change the background to blue". To take
// them by the word would change every place where it stands. What stands in quotes is always text.

/** Things, and not text. */
const THING =
  /^(?:(?:\w+\s+)?(?:project|repo|repository|code|codebase|files?|folders?|app|application|program|tests|comments|names|functions?|class|classes|imports|everything|parser|server|database|variables|methods|formatting|style|indentation)|me|you|us|yourself|him|her|all|anyone|anything)$/i
const NEW_THING =
  /^(?:something|anything|whatever|an?\s|some\s|(?:my|your|our|its|their|the)\s|(?:better|latest|newest|correct|proper)\b|(?:lower|upper|camel|snake|kebab|pascal|title)[\s-]?case\b)/i
/** Words that limit a request: "replace a with b, unless it is in a comment". */
const LIMIT =
  /(?:^|\s)(?:unless|except|if|when|whenever|while|because|but|not|never|without|until|don't|only|please|kindly)\b/i
/** Verbs that are said of things more often than of text. */
const SOFT = /^(?:change|update|modify|convert|turn)\b/i
const EVERYWHERE =
  /\b(?:everywhere|globally|anywhere|all\s+(?:occurr?ences|instances|uses|mentions)|every\s+occurr?ence)\b/i

/** `verb`: the request, for its first word. `isPlaced`: it says where. The texts still have their marks. */
export function isWish({
  verb,
  from,
  to,
  isPlaced,
}: {
  verb: string
  from: string
  to: string
  isPlaced: boolean
}): boolean {
  const isText = isQuoted(from)
  if (!isText && THING.test(from)) return true
  if (!isQuoted(to) && (NEW_THING.test(to) || (/\s/.test(to.trim()) && LIMIT.test(to)))) return true
  if (/\s/.test(from.trim()) && LIMIT.test(from)) return true
  if (isText || !SOFT.test(verb)) return false
  return isPathLike(from) || /^(?:it|this|that|them)$/i.test(from) || !(isPlaced || EVERYWHERE.test(verb))
}

const PROSE = /\.(?:txt|md|mdx|csv|log|env|ini|gitignore)\b|\.(?:env|gitignore|npmrc)\b/i

/** "add logging to src/a.ts" is about code, not about the word. */
export const isWishToAdd = (text: string, content: string): boolean =>
  !isQuoted(content) &&
  /^add\b/i.test(text) &&
  !/\b(?:the\s+line|the\s+text|a\s+line|end|bottom)\b/i.test(text) &&
  !PROSE.test(text)
