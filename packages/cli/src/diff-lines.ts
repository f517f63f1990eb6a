/** A line of a change as a terminal shows it. */
export interface DiffLine {
  kind: "added" | "removed" | "same"
  /** With its sign. */
  text: string
}

/** The lines of a unified diff without its headings, at most so many. */
export function structuredDiff(patch: string, most: number): { lines: DiffLine[]; more: number } {
  const lines = patch
    .split("\n")
    // What stands before the first hunk names the file, which the line of the call has done.
    .slice(
      Math.max(
        0,
        patch.split("\n").findIndex((line) => line.startsWith("@@")),
      ),
    )
    .filter((line) => line !== "" && !line.startsWith("@@") && !line.startsWith("\\ No newline"))
    .map((text): DiffLine => ({ kind: kindOf(text), text }))
  return { lines: lines.slice(0, most), more: Math.max(0, lines.length - most) }
}

const kindOf = (text: string): DiffLine["kind"] =>
  text.startsWith("+") ? "added" : text.startsWith("-") ? "removed" : "same"
