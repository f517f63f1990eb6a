import { didYouMean } from "@opencode/core/lib/text.ts"
import { KEPT_DAYS } from "@opencode/core/workspace/kept-names.ts"
import type { KeptWork } from "@opencode/protocol/worktree.ts"
import { StorageName, type StorageCleaned, type StorageEntry, type StorageReport } from "@opencode/protocol/storage.ts"
import { aligned } from "../aligned.ts"
import { dataOf, openDoor } from "../door.ts"
import { CommandFailure } from "../fail.ts"
import { byteSize } from "../numbers.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

export async function listStorage({ format }: { format: "table" | "json" }): Promise<void> {
  const door = await openDoor(workingFolder(undefined))
  try {
    const report = dataOf(await door.client.storage.get()) as StorageReport
    if (format === "json") return out.line(JSON.stringify(report, null, 2))
    out.line(table(report))
    showKept(dataOf(await door.client.worktree.kept()) as KeptWork[])
    out.note("`opencode storage clean --dry-run` tells what would go, `opencode storage clean` removes it.")
  } finally {
    await door.close()
  }
}

/** In the repository of this folder, not in the data folder: no cleaning of ours frees it. */
function showKept([newest, ...older]: KeptWork[]): void {
  if (!newest) return
  const from = new Date(newest.time).toISOString().slice(0, 10)
  out.line(`\nWork of removed and reset worktrees in this repository: ${older.length + 1}, the newest of ${from}:`)
  out.line(`  ${newest.ref}`)
  out.note("`git for-each-ref refs/opencode/kept` lists it, `git branch <name> <ref>` brings it back.")
  out.note(`\`git update-ref -d <ref>\` lets it go; a removal or reset of a worktree does after ${KEPT_DAYS} days.`)
}

function table({ entries, bytes, removable }: StorageReport): string {
  const rows = entries.filter((entry) => entry.bytes > 0 || entry.name !== "others").map(cells)
  const sum = ["all", byteSize(bytes), byteSize(removable), ""]
  return aligned([["Name", "Size", "Can go", "What"], ...rows, sum], [1, 2])
}

const cells = ({ name, bytes, removable, about }: StorageEntry): string[] => [
  name,
  byteSize(bytes),
  removable > 0 ? byteSize(removable) : "-",
  about,
]

/** @returns 1 when something could not be removed */
export async function cleanStorage(names: string[], { dryRun = false }: { dryRun?: boolean }): Promise<number> {
  const known: readonly string[] = StorageName().options
  const odd = names.find((name) => !known.includes(name))
  if (odd !== undefined) {
    throw new CommandFailure(
      `There is nothing called ${odd}.${didYouMean(odd, known) || ` Known: ${known.join(", ")}.`}`,
    )
  }
  const door = await openDoor(workingFolder(undefined))
  try {
    const chosen = names.length ? { names: StorageName().array().parse(names) } : {}
    const { cleaned, bytes, problems } = dataOf(
      await door.client.storage.clean({ dryRun, ...chosen }),
    ) as StorageCleaned
    for (const one of cleaned) {
      const files = one.files > 0 ? ` in ${one.files} ${one.files === 1 ? "file" : "files"}` : ""
      out.line(`${one.name}: ${byteSize(one.bytes)}${files}`)
    }
    for (const problem of problems) out.note(`Warning: ${problem}`)
    out.note(dryRun ? `${byteSize(bytes)} would be freed.` : `${byteSize(bytes)} freed.`)
    return problems.length > 0 ? 1 : 0
  } finally {
    await door.close()
  }
}
