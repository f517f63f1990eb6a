// `npm run test:clients`: runs ours beside programs of others, which are installed into clients/node_modules first (700 MB).
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

const run = (command, args, cwd = root) => {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
}

// No lock file: one made here would lack what is built for other systems, and `npm ci` refuses such a lock.
const QUIET = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
run("npm", ["install", ...QUIET], `${root}clients`)
run("npx", ["vitest", "run", "--config", "clients/vitest.config.ts", ...process.argv.slice(2)])
