// Everything that can be said about the code without running it. Under 30 s; prints what fails, and nothing else.
import { spawn } from "node:child_process"
import { once } from "node:events"

const checks = [
  ["types", "node", ["node_modules/tsc7/bin/tsc", "-p", "."]],
  ["lint", "npx", ["oxlint", "--deny-warnings"]],
  ["format", "npx", ["oxfmt", "--check"]],
  ["import order and size", "npx", ["vitest", "run", "scripts"]],
  ["unused code and dependencies", "npx", ["knip"]],
]

// Beside each other: each has stretches in which it keeps one core busy, or none.
await Promise.all(
  checks.map(async ([name, command, args]) => {
    const started = performance.now()
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] })
    let said = ""
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text))
    const [status] = await once(child, "close")
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`)
    if (status === 0) return
    process.exitCode = 1
    console.log(said)
  }),
)
