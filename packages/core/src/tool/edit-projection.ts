/**
 * A text without what is forgiven, and where each character that remains came from. Searching in it is `indexOf`, so
 * no input can make it slow the way a regular expression would be. Pure.
 */
export interface Projection {
  text: string
  /** For each character of the projection, its index in the original. Takes four times its size: only when needed. */
  from(): Uint32Array
  /** Something was left out behind the last character. */
  isOpenEnded: boolean
}

/** How many characters are left out at an index; a negative number keeps a blank in their place. */
export type Skip = (text: string, index: number) => number

export function project(text: string, skip: Skip): Projection {
  // Not in pieces: a text with many blanks would be millions of them.
  const units = new Uint16Array(text.length)
  let length = 0
  let end = 0
  for (let index = 0; index < text.length;) {
    const skipped = skip(text, index)
    if (skipped === 0) {
      units[length++] = text.charCodeAt(index++)
      end = index
      continue
    }
    if (skipped < 0) {
      units[length++] = BLANK
      end = index - skipped
    }
    index += Math.abs(skipped)
  }
  const kept = Buffer.from(units.buffer, 0, length * units.BYTES_PER_ELEMENT).toString("utf16le")
  return { text: kept, from: () => origins(text, skip, length), isOpenEnded: end < text.length }
}

const BLANK = 32

function origins(text: string, skip: Skip, length: number): Uint32Array {
  const from = new Uint32Array(length)
  let at = 0
  for (let index = 0; index < text.length;) {
    const skipped = skip(text, index)
    if (skipped <= 0) from[at++] = index
    index += skipped === 0 ? 1 : Math.abs(skipped)
  }
  return from
}

/** The carriage return of a line end. */
export const carriageReturns: Skip = (text, index) => (text[index] === "\r" && text[index + 1] === "\n" ? 1 : 0)

/** Blanks at the end of lines. */
export const trailingSpace: Skip = (text, index) => {
  const run = spaceRun(text, index)
  return run > 0 && isLineEnd(text, index + run) ? run : 0
}

/** Blanks at both ends of lines. */
export const edgeSpace: Skip = (text, index) => {
  const run = spaceRun(text, index)
  if (run === 0) return 0
  return index === 0 || text[index - 1] === "\n" || isLineEnd(text, index + run) ? run : 0
}

/** Blanks at both ends of lines; inside them every run of blanks is one. */
export const anySpace: Skip = (text, index) => edgeSpace(text, index) || -spaceRun(text, index)

/** Blanks, tabs, and the carriage return of a line end. Counted at the first of them only, which keeps it linear. */
function spaceRun(text: string, index: number): number {
  if (index > 0 && isSpace(text, index - 1)) return 0
  let end = index
  while (end < text.length && isSpace(text, end)) end++
  return end - index
}

function isSpace(text: string, index: number): boolean {
  const char = text[index]
  return char === " " || char === "\t" || (char === "\r" && text[index + 1] === "\n")
}

const isLineEnd = (text: string, index: number): boolean => index >= text.length || text[index] === "\n"
