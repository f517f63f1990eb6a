// Everything that can be said about the code without running it. Under 30 s; prints what fails, and nothing else.
import { spawnSync } from "node:child_process"

const checks = [
  ["types", "node", ["node_modules/tsc7/bin/tsc", "-p", "."]],
  ["lint", "npx", ["oxlint", "--deny-warnings"]],
  ["format", "npx", ["oxfmt", "--check"]],
  ["import order and size", "npx", ["vitest", "run", "scripts"]],
  ["unused code and dependencies", "npx", ["knip"]],
]

let failed = 0
for (const [name, command, args] of checks) {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`)
  if (status !== 0) {
    failed++
    console.log(stdout + stderr)
  }
}
process.exitCode = failed ? 1 : 0
