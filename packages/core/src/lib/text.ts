/** Nobody mistypes what is longer, and comparing takes the product of both lengths. */
const MAX_NAME = 200

/** Names within two edits of the wanted one, or that contain it: nearest first, three at most. */
export function nearNames(wanted: string, known: Iterable<string>): string[] {
  if (wanted.length > MAX_NAME) return []
  const target = wanted.toLowerCase()
  return [...known]
    .map((name) => ({ name, distance: distanceOf(target, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(2, Math.floor(target.length / 3)))
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, 3)
    .map(({ name }) => name)
}

function distanceOf(a: string, b: string): number {
  if (a === b) return 0
  if (a.length >= 3 && (b.includes(a) || a.includes(b))) return 1
  return editDistance(a, b)
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** The end of a sentence that helps after a name was not found: ` Did you mean x or y?`, or nothing. */
export function didYouMean(wanted: string, known: Iterable<string>): string {
  const near = nearNames(wanted, known)
  return near.length ? ` Did you mean ${near.join(" or ")}?` : ""
}

/** Cuts to a number of characters without splitting a surrogate pair, and says so with an ellipsis. */
export function clip(text: string, characters: number): string {
  if (text.length <= characters) return text
  const end = /[\uD800-\uDBFF]/.test(text[characters - 2] ?? "") ? characters - 2 : characters - 1
  return text.slice(0, end) + "…"
}
