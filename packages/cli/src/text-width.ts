/** Characters that take two columns in a terminal: the scripts of East Asia, and pictures. */
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u

/** The columns that one visible character takes. */
const columnsOf = (character: string): number => (WIDE.test(character) ? 2 : 1)

/** One line of at most so many columns; what is longer ends with an ellipsis. */
export function fitted(text: string, columns: number): string {
  const line = text.replaceAll(/\s+/g, " ").trim()
  let width = 0
  let kept = ""
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    width += columnsOf(segment)
    // The last column is the ellipsis's, unless the text ends there.
    if (width > columns) return `${withoutLast(kept, columns)}…`
    kept += segment
  }
  return kept
}

function withoutLast(text: string, columns: number): string {
  const characters = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment)
  let width = characters.reduce((sum, character) => sum + columnsOf(character), 0)
  while (width >= columns && characters.length) width -= columnsOf(characters.pop() ?? "")
  return characters.join("")
}
