import type { VcsFileDiff } from "@opencode/protocol/file.ts"

/** One file of a comparison, as `git diff -z --raw --numstat` and perhaps `-p` tell it. */
export type Change = Required<Omit<VcsFileDiff, "patch">> & Pick<VcsFileDiff, "patch">

/** @param isCut whether there was more, so that the last patch may be a part of one */
export function parseChanges(output: string, isCut = false): Change[] {
  const { records, patches } = split(output)
  const byFile = new Map<string, Change>()
  const shown: Change[] = []
  for (const { file, kind } of records.raw) {
    const known = byFile.get(file)
    const change = known ?? { file, ...(records.numbers.get(file) ?? NO_LINES), status: statusOf(kind) }
    byFile.set(file, change)
    // An unmerged file has a line of its own in place of a patch.
    if (kind !== "U") shown.push(change)
  }
  if (isCut) patches.pop()
  if (patches.length <= shown.length && (isCut || patches.length === shown.length))
    patches.forEach((patch, index) => Object.assign(shown[index] ?? {}, { patch }))
  return [...byFile.values()]
}

const NO_LINES = { additions: 0, deletions: 0 }

const statusOf = (kind: string): Change["status"] => (kind === "A" ? "added" : kind === "D" ? "deleted" : "modified")

interface Records {
  raw: { file: string; kind: string }[]
  numbers: Map<string, { additions: number; deletions: number }>
}

/** Records end with NUL, in names as well as in numbers; an empty one ends them, and the patches follow. */
function split(output: string): { records: Records; patches: string[] } {
  const records: Records = { raw: [], numbers: new Map() }
  let at = 0
  const next = (): string | undefined => {
    const end = output.indexOf("\0", at)
    if (end < 0) return undefined
    const field = output.slice(at, end)
    at = end + 1
    return field
  }
  for (let field = next(); field; field = next()) {
    if (field.startsWith(":")) {
      const file = next()
      if (file !== undefined) records.raw.push({ file, kind: field.slice(field.lastIndexOf(" ") + 1)[0] ?? "M" })
    } else {
      const [, added, removed, file] = field.match(/^(\S+)\t(\S+)\t([^]*)$/) ?? []
      // "-" stands for a binary file.
      if (file !== undefined)
        records.numbers.set(file, { additions: Number(added) || 0, deletions: Number(removed) || 0 })
    }
  }
  return { records, patches: patchesIn(output.slice(at)) }
}

/** Not by `^` of a regular expression, which takes more for the end of a line than git does. */
function patchesIn(text: string): string[] {
  const marked = `\n${text}`.split("\ndiff --git ").slice(1)
  return marked.map((patch, index) => `diff --git ${patch}${index < marked.length - 1 ? "\n" : ""}`)
}
