import { createInterface } from "node:readline"
import { collect, cpuOf, end, residentOf, start, treeOf } from "./measure.mjs"

/** The published one needs two seconds on a quiet machine. */
const ANSWER_MS = 60_000

/**
 * Starts a side's `acp`, as an editor does.
 * @returns `request(method, params)`, and what it has cost so far
 */
export function startAcp(side) {
  const began = performance.now()
  const child = start([...side.argv, "acp"], { cwd: side.project, env: side.env, stdio: ["pipe", "pipe", "pipe"] })
  const stderr = collect(child.stderr)
  const waiting = new Map()
  let asked = 0
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, result, error } = JSON.parse(line)
    const settle = waiting.get(id)
    waiting.delete(id)
    settle?.(result, error)
  })

  function request(method, params) {
    const id = ++asked
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${side.name}: ${method} ${why}: ${stderr.text.slice(-500)}`))
      const late = setTimeout(fail, ANSWER_MS, "was not answered in time")
      child.once("exit", (code) => fail(`ended it with ${code}`))
      waiting.set(id, (result, error) => {
        clearTimeout(late)
        if (error) fail(error.message)
        else resolve(result)
      })
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`)
    })
  }

  return {
    request,
    cpuMs: () => cpuOf(treeOf(child.pid)),
    wallMs: () => performance.now() - began,
    residentMB: () => residentOf(treeOf(child.pid)),
    async stop() {
      child.stdin.end()
      await end(child)
    },
  }
}
