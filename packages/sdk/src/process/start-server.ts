import type { ChildProcess } from "node:child_process"
import { builtin } from "./builtin.ts"
import { endTree } from "./end-tree.ts"
import type { StartOptions } from "./options.ts"
import { invocation } from "./program.ts"

const HOSTNAME = "127.0.0.1"
const PORT = 4096
const TIMEOUT_MS = 5000
/** What a server said before it failed; more of it does not make the reason clearer. */
const KEPT_OUTPUT = 64 * 1024

const READY = "opencode server listening"

/** A server of `opencode` from the PATH that is ended by `close`, and when this process ends. */
export function startServer(
  options: StartOptions<{ logLevel?: string }> = {},
): Promise<{ url: string; close(): void }> {
  const { hostname = HOSTNAME, port = PORT, timeout = TIMEOUT_MS, signal, config } = options
  if (signal?.aborted) return Promise.reject(signal.reason)
  const args = ["serve", `--hostname=${hostname}`, `--port=${port}`]
  if (config?.logLevel) args.push(`--log-level=${config.logLevel}`)
  const { child, end } = spawnOpencode(args, { config, signal, stdio: "pipe" })
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      stop()
      end()
      reject(error)
    }
    const output = collect(child, (line) => {
      if (!line.startsWith(READY)) return
      const url = /on\s+(https?:\/\/\S+)/.exec(line)?.[1]
      if (!url) return fail(new Error(`Failed to parse server url from output: ${line}`))
      stop()
      resolve({ url, close: end })
    })
    const timer = setTimeout(
      () => fail(new Error(withOutput(`Timeout waiting for server to start after ${timeout}ms`, output()))),
      timeout,
    )
    const onAbort = () => fail(signal?.reason)
    const onExit = (code: number | null, by: string | null) =>
      fail(new Error(withOutput(`Server exited with ${by ? `signal ${by}` : `code ${code}`}`, output())))
    const onError = (error: Error) => fail(notStarted(error))
    const stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", onAbort)
      child.off("close", onExit).off("error", onError)
      // From now on nobody reads it, and a full pipe would stop the server.
      child.on("error", () => undefined)
    }
    signal?.addEventListener("abort", onAbort, { once: true })
    child.once("close", onExit).once("error", onError)
  })
}

/** Its code stays, by which programs know that there is no opencode. */
function notStarted(cause: NodeJS.ErrnoException): Error {
  const sentence = `opencode could not be started: ${cause.message}. Is it installed, and on the PATH?`
  return Object.assign(new Error(sentence, { cause }), cause.code === undefined ? {} : { code: cause.code })
}

const withOutput = (message: string, output: string) =>
  output.trim() ? `${message}\nServer output: ${output}` : message

/** Calls `onLine` with each line of standard output; returns what was said on both ways so far. */
function collect(child: ChildProcess, onLine: (line: string) => void): () => string {
  let said = ""
  let open = ""
  const keep = (text: string) => (said = (said + text).slice(-KEPT_OUTPUT))
  child.stderr?.setEncoding("utf8").on("data", keep)
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    keep(text)
    const lines = (open + text).split("\n")
    open = (lines.pop() ?? "").slice(-KEPT_OUTPUT)
    for (const line of lines) onLine(line)
  })
  return () => said
}

interface SpawnOptions {
  config: object | undefined
  signal: AbortSignal | undefined
  stdio: "pipe" | "inherit"
}

/** `opencode` with settings of its own; `end` ends it with everything below it, as do the signal and our own end. */
export function spawnOpencode(args: string[], { config, signal, stdio }: SpawnOptions) {
  const { spawn } = builtin("node:child_process")
  const { file, args: list, verbatim } = invocation(args, process.platform)
  const child = spawn(file, list, {
    env: { ...process.env, OPENCODE_CONFIG_CONTENT: JSON.stringify(config ?? {}) },
    stdio: stdio === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"],
    windowsVerbatimArguments: verbatim,
    windowsHide: true,
  })
  const atExit = () => void child.kill("SIGTERM")
  const end = () => void endTree(child)
  process.on("exit", atExit)
  signal?.addEventListener("abort", end, { once: true })
  child.once("exit", () => {
    process.off("exit", atExit)
    signal?.removeEventListener("abort", end)
  })
  return { child, end }
}
