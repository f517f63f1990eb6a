import { createHash } from "node:crypto"
import { lstat, readlink } from "node:fs/promises"
import { join } from "node:path"
import { isBinary, readAllBytes } from "./files.ts"

/** A file that git does not know, as git would show it: without a process for each. */
export interface NewFile {
  additions: number
  patch: Buffer
}

/** Larger new files are shown as binary ones are, as git does with very large ones: a program made them. */
const MAX_BYTES = 1024 * 1024

/** @param path relative to the worktree, as git lists it. @returns undefined when it is gone by now */
export async function newFilePatch(worktree: string, path: string): Promise<NewFile | undefined> {
  const found = await contentOf(join(worktree, path))
  if (!found) return undefined
  const { mode, bytes } = found
  const head = `diff --git ${quoted(`a/${path}`)} ${quoted(`b/${path}`)}\nnew file mode ${mode}\n${indexOf(bytes)}`
  if (bytes?.length === 0) return { additions: 0, patch: Buffer.from(head) }
  if (!bytes || isBinary(bytes)) {
    return { additions: 0, patch: Buffer.from(`${head}Binary files /dev/null and ${quoted(`b/${path}`)} differ\n`) }
  }
  const { additions, lines } = plusLines(bytes)
  const range = additions === 1 ? "1" : `1,${additions}`
  // A name with a blank is followed by a tab, which tells where it ends.
  const name = quoted(`b/${path}`) + (path.includes(" ") ? "\t" : "")
  const patch = Buffer.concat([Buffer.from(`${head}--- /dev/null\n+++ ${name}\n@@ -0,0 +${range} @@\n`), lines])
  return { additions, patch }
}

function indexOf(bytes: Buffer | undefined): string {
  if (!bytes) return ""
  const hash = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")
  return `index 0000000..${hash.slice(0, 7)}\n`
}

/** Without bytes when they are too many, or not to be read. */
async function contentOf(file: string): Promise<{ mode: string; bytes?: Buffer } | undefined> {
  const stat = await lstat(file).catch(() => undefined)
  if (!stat) return undefined
  const mode = stat.isSymbolicLink() ? "120000" : stat.mode & 0o100 ? "100755" : "100644"
  const reading = stat.isSymbolicLink() ? readlink(file, { encoding: "buffer" }) : readAllBytes(file, MAX_BYTES)
  const bytes = await reading.catch(() => undefined)
  return { mode, ...(bytes ? { bytes } : {}) }
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
