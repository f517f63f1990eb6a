/**
 * The lines of a text, each with its end. Not by an expression: in a process that has compiled many of them V8 takes one
 * step of its stack for each letter of a line, and a line of 8 MB is too long for that.
 */
export function wholeLines(text: string): string[] {
  const lines: string[] = []
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start)
    const next = end < 0 ? text.length : end + 1
    lines.push(text.slice(start, next))
    start = next
  }
  return lines
}
