/** The largest message that is taken, as in the protocol's own libraries: a prompt with several images has a few megabytes. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024

/** What came between two line ends. What is too long is not kept but for how it began, and told when it ends. */
export type Line = { text: string } | { tooLong: true; head: string }

/** Enough to see which request a line is: the members before those that can be long. */
const HEAD_BYTES = 256

const NEWLINE = 10

/** The lines of a stream of bytes, without their ends (`\n`, `\r\n`) and without blank ones. Holds one line at a time. */
export async function* readLines(
  input: AsyncIterable<Uint8Array>,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<Line> {
  let pieces: Uint8Array[] = []
  let bytes = 0

  const keep = (piece: Uint8Array): void => {
    const wasKept = bytes <= maxBytes
    bytes += piece.length
    if (wasKept) pieces.push(piece)
    if (wasKept && bytes > maxBytes) pieces = [headOf(pieces)]
  }
  const take = (): Line | undefined => {
    const line = bytes > maxBytes ? { tooLong: true as const, head: textOf(pieces) } : lineOf(pieces)
    pieces = []
    bytes = 0
    return line
  }

  for await (const chunk of input) {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, at))
      const line = take()
      if (line) yield line
      from = at + 1
    }
    // A copy: the stream may use its memory again.
    if (from < chunk.length) keep(Uint8Array.from(chunk.subarray(from)))
  }
  const last = take()
  if (last) yield last
}

/** A copy, so that nothing else of them is held. */
function headOf(pieces: Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES)
  let at = 0
  for (const piece of pieces) {
    head.set(piece.subarray(0, HEAD_BYTES - at), at)
    at = Math.min(HEAD_BYTES, at + piece.length)
  }
  return head.subarray(0, at)
}

const textOf = (pieces: Uint8Array[]): string =>
  Buffer.concat(pieces)
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .trim()

function lineOf(pieces: Uint8Array[]): Line | undefined {
  const text = textOf(pieces)
  return text === "" ? undefined : { text }
}
