/**
 * Globs of people in a field for names of files: `*` and `?` within one name, `**` for any folders; all else is what
 * it says, brackets as well, because folders have such names. A pattern without "/" is one of names, wherever they are.
 * Takes no longer than pattern times path, whatever the pattern: it comes from clients and meets 100,000 paths.
 */
export function pathGlob(pattern: string): (path: string) => boolean {
  const wanted = (pattern.includes("/") ? pattern.replace(/^\.?\/+/, "") : `**/${pattern}`)
    .toLowerCase()
    .split("/")
    .filter((segment, at, all) => segment !== "**" || all[at - 1] !== "**")
  return (path) =>
    isFit(wanted, path.replace(/\/$/, "").toLowerCase().split("/"), {
      isAny: (segment) => segment === "**",
      fits: nameFits,
    })
}

const nameFits = (pattern: string, name: string): boolean =>
  isFit([...pattern], [...name], {
    isAny: (character) => character === "*",
    fits: (wanted, character) => wanted === "?" || wanted === character,
  })

/** Goes back only to the last wildcard: what an earlier one could take, the later one can take as well. */
function isFit(
  pattern: readonly string[],
  given: readonly string[],
  { isAny, fits }: { isAny(piece: string): boolean; fits(wanted: string, piece: string): boolean },
): boolean {
  let at = 0
  let last: { pattern: number; given: number } | undefined
  for (let index = 0; index < given.length;) {
    const wanted = pattern[at]
    if (wanted !== undefined && isAny(wanted)) {
      last = { pattern: at, given: index }
      at += 1
    } else if (wanted !== undefined && fits(wanted, given[index] ?? "")) {
      at += 1
      index += 1
    } else if (last) {
      last.given += 1
      index = last.given
      at = last.pattern + 1
    } else return false
  }
  return pattern.slice(at).every(isAny)
}
