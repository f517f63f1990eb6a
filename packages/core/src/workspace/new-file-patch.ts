import { createHash } from "node:crypto"
import { lstat, readlink } from "node:fs/promises"
import { join } from "node:path"
import { isBinary, readAllBytes } from "./files.ts"

/** A file that git does not know, as git would show it: without a process for each. */
export interface NewFile {
  additions: number
  /** Undefined for what is too large to be shown. */
  patch?: Buffer
}

/** Larger new files are not shown: they are data, or made by programs. */
const MAX_BYTES = 1024 * 1024

/** @param path relative to the worktree, as git lists it */
export async function newFilePatch(worktree: string, path: string): Promise<NewFile> {
  const found = await contentOf(join(worktree, path))
  if (!found) return { additions: 0 }
  const { mode, bytes } = found
  const hash = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex").slice(0, 7)
  const head = `diff --git ${quoted(`a/${path}`)} ${quoted(`b/${path}`)}\nnew file mode ${mode}\nindex 0000000..${hash}\n`
  if (bytes.length === 0) return { additions: 0, patch: Buffer.from(head) }
  if (isBinary(bytes)) {
    return { additions: 0, patch: Buffer.from(`${head}Binary files /dev/null and ${quoted(`b/${path}`)} differ\n`) }
  }
  const { additions, lines } = plusLines(bytes)
  const range = additions === 1 ? "1" : `1,${additions}`
  // A name with a blank is followed by a tab, which tells where it ends.
  const name = quoted(`b/${path}`) + (path.includes(" ") ? "\t" : "")
  const patch = Buffer.concat([Buffer.from(`${head}--- /dev/null\n+++ ${name}\n@@ -0,0 +${range} @@\n`), lines])
  return { additions, patch }
}

/** Undefined when it is gone, larger than it may be, or not to be read. */
async function contentOf(file: string): Promise<{ mode: string; bytes: Buffer } | undefined> {
  try {
    const stat = await lstat(file)
    if (stat.isSymbolicLink()) return { mode: "120000", bytes: await readlink(file, { encoding: "buffer" }) }
    const bytes = await readAllBytes(file, MAX_BYTES)
    return { mode: stat.mode & 0o100 ? "100755" : "100644", bytes }
  } catch {
    return undefined
  }
}

const NEWLINE = 10
const PLUS = Buffer.from("+")

function plusLines(bytes: Buffer): { additions: number; lines: Buffer } {
  const pieces: Buffer[] = []
  let additions = 0
  for (let start = 0; start < bytes.length; additions += 1) {
    const end = bytes.indexOf(NEWLINE, start)
    pieces.push(PLUS, bytes.subarray(start, end < 0 ? bytes.length : end + 1))
    start = end < 0 ? bytes.length : end + 1
  }
  if (bytes.at(-1) !== NEWLINE) pieces.push(Buffer.from("\n\\ No newline at end of file\n"))
  return { additions, lines: Buffer.concat(pieces) }
}

const ESCAPES: Record<string, string> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\" }

/** As git writes names that would otherwise be read as something else. */
function quoted(name: string): string {
  // eslint-disable-next-line no-control-regex
  const odd = /[\x00-\x1f\x7f"\\]/g
  if (!odd.test(name)) return name
  const escape = (character: string) =>
    ESCAPES[character] ?? `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`
  return `"${name.replaceAll(odd, escape)}"`
}
