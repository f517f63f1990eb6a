import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** A folder of its own for one test, gone with it. */
export interface TempFolder {
  path: string
  join(...names: string[]): string
  /** Writes files, folders made as needed. */
  write(files: Record<string, string | Uint8Array>): void
  [Symbol.dispose](): void
}

export function tempFolder(name = "opencode-test"): TempFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), `${name}-`)))
  return {
    path,
    join: (...names) => join(path, ...names),
    write(files) {
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(dirname(join(path, file)), { recursive: true })
        writeFileSync(join(path, file), content)
      }
    },
    // A process that was just killed may still be writing.
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 10 }),
  }
}
