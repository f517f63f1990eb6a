/** What stands at one place of a file before and after a change, with the lines around it. */
export interface Change {
  oldText: string
  newText: string
}

/** A patch with more places is not read in an editor's margin. */
const MAX_CHANGES = 50

/** The places of a unified patch of one file. */
export function changesIn(patch: string): Change[] {
  const changes: Change[] = []
  let last = ""
  for (const line of patch.split("\n")) {
    if (line.startsWith("@@")) {
      if (changes.length === MAX_CHANGES) break
      changes.push({ oldText: "", newText: "" })
    }
    const change = changes.at(-1)
    const mark = line[0]
    if (!change || mark === undefined || mark === "@") continue
    if (mark === "\\") {
      // The line before it, on the sides that it stands on, is a file's last and has no end.
      if (last !== "+") change.oldText = change.oldText.replace(/\n$/, "")
      if (last !== "-") change.newText = change.newText.replace(/\n$/, "")
    } else {
      const text = `${line.slice(1)}\n`
      if (mark !== "+") change.oldText += text
      if (mark !== "-") change.newText += text
    }
    last = mark
  }
  return changes
}
