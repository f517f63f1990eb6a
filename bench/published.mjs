// The published OpenCode that ours is measured beside. It is installed once into a temporary folder and found again.
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const PUBLISHED_VERSION = "1.18.33"

/** It is 185 MB large. */
const INSTALL_MS = 180_000

const FIGURES = fileURLToPath(new URL("published.json", import.meta.url))

/** The path of its command, or why it cannot be had. */
export function findPublished(env = process.env) {
  const given = env.OPENCODE_BENCH_PUBLISHED
  if (given) return existsSync(given) ? { path: given } : { why: `OPENCODE_BENCH_PUBLISHED: there is no ${given}` }
  const folder = join(tmpdir(), `opencode-bench-published-${PUBLISHED_VERSION}`)
  const path = join(folder, "node_modules/.bin/opencode")
  if (existsSync(path)) return { path }
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "package.json"), '{"private":true}\n')
    const args = ["install", `opencode-ai@${PUBLISHED_VERSION}`, "--no-audit", "--no-fund"]
    execFileSync("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"], timeout: INSTALL_MS })
    return existsSync(path) ? { path } : { why: "npm installed no opencode command" }
  } catch (error) {
    return {
      why: `npm could not install it: ${
        String(error.stderr || error.message)
          .trim()
          .split("\n")[0]
      }`,
    }
  }
}

/** What it was measured at before: `{ machine, figures: { "version.cpu": 510, … } }`. */
export const readFigures = () => JSON.parse(readFileSync(FIGURES, "utf8"))

export const writeFigures = (figures) => writeFileSync(FIGURES, `${JSON.stringify(figures, undefined, 2)}\n`)
