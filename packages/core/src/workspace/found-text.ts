import type { FoundText } from "@opencode/protocol/file.ts"
import { wholeLines } from "../lib/lines.ts"

/** Text of ripgrep's JSON; what is not UTF-8 comes as base64. */
interface Text {
  text?: string
  bytes?: string
}

interface Told {
  type?: string
  data?: {
    path?: Text
    lines?: Text
    line_number?: number | null
    absolute_offset?: number
    submatches?: { match?: Text; start?: number; end?: number }[]
  }
}

/** A match in a line of what ripgrep tells with `--json`. Undefined for what is none, and for one that was cut. */
export function foundText(line: string): FoundText | undefined {
  const data = matchIn(line)
  if (!data) return undefined
  return {
    path: { text: textOf(data.path).replace(/^\.\//, "") },
    lines: { text: textOf(data.lines) },
    line_number: data.line_number ?? 0,
    absolute_offset: data.absolute_offset ?? 0,
    submatches: (data.submatches ?? []).map(({ match, start = 0, end = 0 }) => ({
      match: { text: textOf(match) },
      start,
      end,
    })),
  }
}

function matchIn(line: string): Told["data"] {
  if (!line.startsWith('{"type":"match"')) return undefined
  try {
    return (JSON.parse(line) as Told).data
  } catch {
    return undefined // the end of a line that was too long to be kept
  }
}

const textOf = ({ text, bytes = "" }: Text = {}): string => text ?? Buffer.from(bytes, "base64").toString()

/** The lines of a text that fit, in the same words. @param fits by line, then by where in it, in characters */
export function foundIn(
  path: string,
  text: string,
  fits: readonly (readonly [line: number, at: number, text: string])[],
): FoundText[] {
  const byLine = new Map<number, (typeof fits)[number][]>()
  for (const fit of fits) byLine.set(fit[0], [...(byLine.get(fit[0]) ?? []), fit])
  const found: FoundText[] = []
  let offset = 0
  for (const [index, whole] of wholeLines(text).entries()) {
    const submatches = (byLine.get(index) ?? []).map(([, at, match]) => {
      const start = Buffer.byteLength(whole.slice(0, at))
      return { match: { text: match }, start, end: start + Buffer.byteLength(match) }
    })
    if (submatches.length > 0)
      found.push({
        path: { text: path },
        lines: { text: whole },
        line_number: index + 1,
        absolute_offset: offset,
        submatches,
      })
    offset += Buffer.byteLength(whole)
  }
  return found
}
