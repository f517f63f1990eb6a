// What the tools' answers say. They are made for a model to read, so reading them is guessing: each of these gives
// something harmless for text that looks otherwise.

/** What came back for one call. */
export interface Outcome {
  text: string
  /** The call did not do what it was for. */
  failed: boolean
  /** Nothing of the kind will work in this turn: refused by a person or a rule, or not offered. */
  refused?: boolean
}

export interface FoundLine {
  file: string
  line: number
  text: string
}

/** Names with line ends are written as JSON strings. */
function nameIn(line: string): string {
  if (!/^".*\\.*"$/.test(line)) return line
  try {
    const name: unknown = JSON.parse(line)
    return typeof name === "string" ? name : line
  } catch {
    // A name that has quotes of its own.
    return line
  }
}

const isNote = (line: string) => /^\(.*\)$/.test(line.trim())

/** The paths that `glob` gave. */
export function pathsIn({ text }: Outcome): { paths: string[]; isCut: boolean } {
  if (/^No files found/i.test(text)) return { paths: [], isCut: false }
  const lines = text.split("\n").filter((line) => line.trim())
  return { paths: [...new Set(lines.filter((line) => !isNote(line)).map(nameIn))], isCut: lines.some(isNote) }
}

/** The lines that `grep` gave. */
export function linesIn({ text }: Outcome): { lines: FoundLine[]; isCut: boolean } {
  const lines: FoundLine[] = []
  let file = ""
  let isCut = false
  for (const line of text.split("\n")) {
    const found = /^ {2}Line (\d+): ?(.*)$/.exec(line)
    if (found) lines.push({ file, line: Number(found[1]), text: found[2] ?? "" })
    else if (line.endsWith(":")) file = nameIn(line.slice(0, -1))
    else if (isNote(line)) isCut = true
  }
  return { lines, isCut }
}

/** What `read` gave: a file's lines without their numbers, or the names in a folder. */
export function contentIn({ text }: Outcome): { kind: "file" | "directory"; lines: string[]; isCut: boolean } {
  const kind = text.includes("<type>directory</type>") ? "directory" : "file"
  const body = /<(content|entries)>\n([\s\S]*)\n<\/\1>/.exec(text)?.[2]
  if (body === undefined) return { kind, lines: text.split("\n"), isCut: false }
  const lines = body.split("\n")
  const note = lines.at(-1) ?? ""
  const rest = isNote(note) ? lines.slice(0, -1) : lines
  const content = rest.at(-1) === "" ? rest.slice(0, -1) : rest
  return {
    kind,
    lines: kind === "directory" ? content.map(nameIn) : content.map((line) => line.replace(/^\s*\d+: ?/, "")),
    isCut: /Use offset \d+/.test(note),
  }
}

/** What a command printed, and its exit code: 0 when nothing else was said, none when it was stopped. */
export function commandIn({ text }: Outcome): { output: string; code: number | undefined; note: string | undefined } {
  const note = /<shell_metadata>\n([\s\S]*?)\n<\/shell_metadata>\s*$/.exec(text)
  const code = /exited with code (\d+)/.exec(note?.[1] ?? "")?.[1]
  const output = (note ? text.slice(0, note.index) : text).replace(/^\(no text\)$/, "").trimEnd()
  if (!note) return { output, code: 0, note: undefined }
  return { output, code: code === undefined ? undefined : Number(code), note: note[1] }
}

/** The line at which `read` says to go on. */
export const nextLine = ({ text }: Outcome): number | undefined => {
  const offset = /Use offset (\d+) to go on\.\)\n<\/content>\s*$/.exec(text)?.[1]
  return offset === undefined ? undefined : Number(offset)
}

/** How many lines `read` says a file has. */
export const totalLines = ({ text }: Outcome): number | undefined => {
  const total = /\((?:End of file - total|Showing lines \d+-\d+ of) (\d+)[^\n]*\)\n<\/content>\s*$/.exec(text)?.[1]
  return total === undefined ? undefined : Number(total)
}

/** Places that overlap count as two: an edit could mean either. */
export const isOnce = (text: string, part: string): boolean =>
  part !== "" && text.includes(part) && text.indexOf(part) === text.lastIndexOf(part)

export const occurrences = (text: string, part: string): number => (part ? text.split(part).length - 1 : 0)
