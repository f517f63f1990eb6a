// `npm run test:clients`: runs ours beside programs of others, which are installed into clients/node_modules first (700 MB).
// With `--install` it does only that.
import { spawnSync } from "node:child_process"
import { statSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

const run = (command, args, cwd = root) => {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
}

const writtenAt = (file) => statSync(`${root}clients/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0
/** npm writes this file when everything else is there. */
const isInstalled = writtenAt("node_modules/.package-lock.json") > writtenAt("package.json")

// No lock file: one made here would lack what is built for other systems, and `npm ci` refuses such a lock.
const QUIET = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
if (!isInstalled) run("npm", ["install", ...QUIET], `${root}clients`)
const args = process.argv.slice(2)
if (args[0] !== "--install") run("npx", ["vitest", "run", "--config", "clients/vitest.config.ts", ...args])
