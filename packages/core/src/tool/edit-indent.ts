/**
 * Writes a replacement with the indentation of the file it goes into. Pure.
 *
 * The quoted lines and the lines found say which indentation of the quote stands for which one of the file. The two
 * must correspond one to one: a quote that is nested differently is another program, and is not taken for the same.
 */

/** `found` are the file's lines, `quoted` the model's. Undefined when their indentations do not correspond. */
export function reindent(found: string, quoted: string, replacement: string): string | undefined {
  const pairs = indentPairs(found.split("\n"), quoted.split("\n"))
  const [first, ...rest] = pairs
  if (first === undefined) return undefined

  // A quote that starts behind the indentation of its first line, and is right in all others: a part of a line.
  if (first.quoted === "" && rest.length > 0 && rest.every((pair) => pair.quoted === pair.found)) {
    return first.found + replacement
  }
  const there = new Map<string, string>()
  const back = new Map<string, string>()
  for (const pair of pairs) {
    if ((there.get(pair.quoted) ?? pair.found) !== pair.found) return undefined
    if ((back.get(pair.found) ?? pair.quoted) !== pair.quoted) return undefined
    there.set(pair.quoted, pair.found)
    back.set(pair.found, pair.quoted)
  }
  return replacement
    .split("\n")
    .map((line) => translate(line, there))
    .join("\n")
}

interface IndentPair {
  quoted: string
  found: string
}

function indentPairs(found: string[], quoted: string[]): IndentPair[] {
  return quoted.flatMap((line, index) => {
    const other = found[index]
    if (line.trim() === "" || other === undefined) return []
    return [{ quoted: indentOf(line), found: indentOf(other) }]
  })
}

function translate(line: string, known: Map<string, string>): string {
  if (line.trim() === "") return line
  const indent = indentOf(line)
  return (known.get(indent) ?? derive(indent, known)) + line.slice(indent.length)
}

/** An indentation that was not quoted: measured from the nearest one that was, in units of the file. */
function derive(indent: string, known: Map<string, string>): string {
  let nearest: [string, string] | undefined
  for (const pair of known) {
    const closer =
      nearest === undefined || Math.abs(pair[0].length - indent.length) < Math.abs(nearest[0].length - indent.length)
    if (closer) nearest = pair
  }
  if (nearest === undefined) return indent
  const [quoted, found] = nearest
  if (indent.startsWith(quoted)) return found + deeper(indent.slice(quoted.length), known)
  if (!quoted.startsWith(indent)) return indent
  const less = deeper(quoted.slice(indent.length), known)
  return found.endsWith(less) ? found.slice(0, found.length - less.length) : ""
}

/** What a step further in looks like in the file: as the known indentations show it, else as it was written. */
function deeper(step: string, known: Map<string, string>): string {
  const scale = unitOf(known)
  if (scale === undefined || step.length % scale.quoted.length !== 0) return step
  return scale.found.repeat(step.length / scale.quoted.length)
}

/** The smallest step between two known indentations, in both spellings. */
function unitOf(known: Map<string, string>): IndentPair | undefined {
  const sorted = [...known].sort((a, b) => a[0].length - b[0].length)
  let unit: IndentPair | undefined
  sorted.forEach(([quoted, found], index) => {
    const [before, beforeFound] = index === 0 ? ["", ""] : sorted[index - 1]!
    if (!quoted.startsWith(before) || !found.startsWith(beforeFound)) return
    const step = { quoted: quoted.slice(before.length), found: found.slice(beforeFound.length) }
    if (step.quoted === "" || step.found === "") return
    if (unit === undefined || step.quoted.length < unit.quoted.length) unit = step
  })
  return unit
}

const indentOf = (line: string): string => /^[ \t]*/.exec(line)![0]
