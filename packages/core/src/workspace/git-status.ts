import { join } from "node:path"
import { readAllBytes } from "./files.ts"

export interface FileStatus {
  /** Relative to the worktree. */
  path: string
  status: "added" | "deleted" | "modified"
  /** Lines; 0 for binary and very large files. */
  added: number
  removed: number
}

/** New files whose lines are counted: the number is a decoration in a list. */
const MAX_COUNTED_FILES = 500
const MAX_COUNTED_BYTES = 1024 * 1024

/**
 * @param listed output of `status --porcelain=v1 -z`
 * @param numbers output of `diff --numstat -z HEAD`; empty in a repository without commits
 */
export async function fileStatuses(worktree: string, listed: string, numbers: string): Promise<FileStatus[]> {
  const known = parseNumbers(numbers)
  const files = parseStatus(listed)
  let counted = 0
  for (const file of files) {
    const lines = known.get(file.path)
    if (lines) Object.assign(file, lines)
    else if (file.status === "added" && counted++ < MAX_COUNTED_FILES) {
      file.added = await countLines(join(worktree, file.path))
    }
  }
  return files
}

function parseStatus(listed: string): FileStatus[] {
  return listed.split("\0").flatMap((entry) => {
    if (entry.length < 4) return []
    const code = entry.slice(0, 2)
    const status = code.includes("D") ? "deleted" : code === "??" || code.includes("A") ? "added" : "modified"
    return [{ path: entry.slice(3), status, added: 0, removed: 0 } satisfies FileStatus]
  })
}

function parseNumbers(listed: string): Map<string, { added: number; removed: number }> {
  return new Map(
    listed.split("\0").flatMap((entry) => {
      const [, added, removed, path] = entry.match(/^(\S+)\t(\S+)\t([^]*)$/) ?? []
      // "-" stands for a binary file.
      return path === undefined ? [] : [[path, { added: Number(added) || 0, removed: Number(removed) || 0 }] as const]
    }),
  )
}

async function countLines(path: string): Promise<number> {
  const bytes = await readAllBytes(path, MAX_COUNTED_BYTES).catch(() => Buffer.alloc(0))
  if (bytes.length === 0 || bytes.includes(0)) return 0
  let lines = bytes.at(-1) === 10 ? 0 : 1
  for (const byte of bytes) if (byte === 10) lines += 1
  return lines
}
