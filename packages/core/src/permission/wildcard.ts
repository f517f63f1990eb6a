/**
 * The wildcard of permission rules: `*` is any run of characters, separators and newlines included; `?` is one
 * character; everything else is itself. It is not a path glob and never becomes a regular expression, so no pattern
 * can make it slow: the work is at most length of text times length of pattern.
 */
export function matches(pattern: string, text: string): boolean {
  // "git status *" also means the bare "git status".
  if (pattern.endsWith(" *") && glob(pattern.slice(0, -2), text)) return true
  return glob(pattern, text)
}

/** Stands in a text for what is not known of it: any run of characters. No command can contain it. */
export const HOLE = "\0"

/** The rest of a longer text counts as not known: comparing two patterns costs their lengths multiplied. */
const MAX_OPEN = 1_000

/** Could this pattern match a text with holes, once they are filled? */
export function mayMatch(pattern: string, text: string): boolean {
  const known = text.length > MAX_OPEN ? text.slice(0, MAX_OPEN) + HOLE : text
  if (pattern.endsWith(" *") && overlap(pattern.slice(0, -2), known)) return true
  return overlap(pattern, known)
}

/** For each place in the text: the places in the pattern that the text so far may have led to. */
function overlap(wildcard: string, text: string): boolean {
  const pattern = [...wildcard]
  let reached = skipStars(new Set([0]), pattern)
  for (const char of text) {
    const next = new Set<number>()
    for (const at of reached) {
      const want = pattern[at]
      if (char === HOLE) for (let to = at; to <= pattern.length; to++) next.add(to)
      else if (want === "*") next.add(at)
      else if (want === "?" || want === char) next.add(at + 1)
    }
    if (next.size === 0) return false
    reached = skipStars(next, pattern)
  }
  return reached.has(pattern.length)
}

function skipStars(places: Set<number>, pattern: readonly string[]): Set<number> {
  for (const at of places) if (pattern[at] === "*") places.add(at + 1)
  return places
}

/** `~` and `$HOME` at the start of a pattern stand for the user's home folder. */
export function expandHome(pattern: string, home: string): string {
  const rest = /^(?:~|\$HOME)(?=\/|$)/.exec(pattern)
  return rest ? home + pattern.slice(rest[0].length) : pattern
}

function glob(pattern: string, text: string): boolean {
  let at = 0
  let from = 0
  // Where to go on when the present attempt fails: just behind the last star, one character further in the text.
  let star = -1
  let retry = 0
  while (from < text.length) {
    const want = pattern[at]
    if (want === "*") {
      star = at++
      retry = from
    } else if (want === "?") {
      from += isHighSurrogate(text, from) ? 2 : 1
      at++
    } else if (want === text[from]) {
      from++
      at++
    } else if (star >= 0) {
      at = star + 1
      from = ++retry
    } else return false
  }
  while (pattern[at] === "*") at++
  return at === pattern.length
}

const isHighSurrogate = (text: string, at: number) => (text.codePointAt(at) ?? 0) > 0xffff
