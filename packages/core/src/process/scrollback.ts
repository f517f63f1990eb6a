/**
 * The last of what a terminal showed, for clients that come later. A cursor counts what was shown since the beginning, in
 * the units of a JavaScript string, as clients count what they received.
 */

/** Thousands of full lines: what a client shows when it is opened again. */
const MAX_LENGTH = 512 * 1024
/** Small pieces are joined up to this, so that a program that writes single characters does not cost one object each. */
const PIECE_LENGTH = 4 * 1024

export interface Scrollback {
  push(text: string): void
  /** How much there was. */
  readonly cursor: number
  /** What came after a cursor, as far as it is kept. */
  since(cursor: number): string
}

export function createScrollback(): Scrollback {
  const pieces: string[] = []
  let held = 0
  let end = 0

  return {
    push(text) {
      const last = pieces.length - 1
      const piece = pieces[last]
      if (piece !== undefined && piece.length + text.length <= PIECE_LENGTH) pieces[last] = piece + text
      else pieces.push(text)
      held += text.length
      end += text.length
      while (pieces[0] && held - pieces[0].length >= MAX_LENGTH) held -= pieces.shift()?.length ?? 0
    },
    get cursor() {
      return end
    },
    since(cursor) {
      const count = Math.min(Math.max(0, end - cursor), held, MAX_LENGTH)
      return count === 0 ? "" : pieces.join("").slice(-count)
    },
  }
}
