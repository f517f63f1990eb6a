import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { findFolders } from "../../src/config/folders.ts"
import { loadConfig, type LoadOptions } from "../../src/config/load.ts"

export interface Place extends AsyncDisposable {
  root: string
  write(files: Record<string, unknown>): Promise<void>
  load(options?: Partial<LoadOptions>): ReturnType<typeof loadConfig>
}

/** A home, a project inside it, and an environment that knows of nothing else. */
export async function place(files: Record<string, unknown> = {}): Promise<Place> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "config-")))
  const write = async (entries: Record<string, unknown>) => {
    for (const [name, content] of Object.entries(entries)) {
      await mkdir(dirname(join(root, name)), { recursive: true })
      await writeFile(join(root, name), typeof content === "string" ? content : JSON.stringify(content))
    }
  }
  await mkdir(join(root, "project", "sub"), { recursive: true })
  await write(files)
  return {
    root,
    write,
    load({ env = {}, ...options } = {}) {
      return loadConfig({
        env,
        folders: findFolders({ env, home: join(root, "home") }),
        worktree: join(root, "project"),
        directory: join(root, "project", "sub"),
        managedFolder: join(root, "managed"),
        ...options,
      })
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

export const USER = "home/.config/opencode/opencode.json"
export const PROJECT = "project/opencode.json"
