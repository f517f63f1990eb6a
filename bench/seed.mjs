import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { bundle } from "./bundle.mjs"

const SEED_MS = 60_000

/** Fills a session of ours with `count` messages. Its server must not run: the store is written to directly. */
export async function seed(side, { sessionID, count }) {
  const folder = mkdtempSync(join(tmpdir(), "opencode-bench-seed-"))
  try {
    const program = join(folder, "seed.mjs")
    const modules = fileURLToPath(new URL("../node_modules", import.meta.url))
    if (existsSync(modules)) symlinkSync(modules, join(folder, "node_modules"), "dir")
    await bundle(new URL("seed-process.mjs", import.meta.url), program)
    const data = join(side.env.XDG_DATA_HOME, "opencode")
    execFileSync(process.execPath, [program, data, sessionID, String(count)], { timeout: SEED_MS })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
