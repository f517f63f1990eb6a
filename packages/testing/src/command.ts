import { spawn, type ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Config } from "@opencode/protocol/config.ts"
import { freePort } from "./free-port.ts"
import { tempFolder, type TempFolder } from "./temp-folder.ts"

const BIN = fileURLToPath(new URL("../../cli/bin/opencode.mjs", import.meta.url))

/** The built command in a home of its own, as a person or a script starts it. */
export interface Installation {
  folder: TempFolder
  project: string
  env: Record<string, string>
  run(args: string[], options?: RunOptions): Promise<Finished>
  /** Starts without waiting. */
  start(args: string[], options?: RunOptions): Started
  /** `serve`, once it listens. */
  serve(args?: string[], options?: RunOptions): Promise<Started & { url: string }>
  [Symbol.asyncDispose](): Promise<void>
}

export interface RunOptions {
  input?: string
  /** Standard input stays open, for whoever talks to the child. */
  isTalkedTo?: true
  cwd?: string
  env?: Record<string, string | undefined>
}

export interface Finished {
  stdout: string
  stderr: string
  /** Null when a signal ended it. */
  code: number | null
}

export interface Started {
  child: ChildProcess
  finished: Promise<Finished>
  /** Resolves when the text was printed, on either stream. */
  printed(text: string | RegExp): Promise<string>
}

/** No command of a test may take longer, sixteen of them beside each other on a busy machine. */
const DEADLINE_MS = 60_000

export function installation(
  options: {
    config?: Config
    files?: Record<string, string | Uint8Array>
    /** What runs it. Default: the Node that runs the tests. */
    node?: string
  } = {},
): Installation {
  const folder = tempFolder()
  const project = folder.join("project")
  folder.write({ "project/.keep": "", "home/.keep": "", "tmp/.keep": "" })
  for (const [file, content] of Object.entries(options.files ?? {})) folder.write({ [`project/${file}`]: content })
  if (options.config) folder.write({ "config/opencode/opencode.json": JSON.stringify(options.config) })
  const env = {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: folder.join("home"),
    XDG_DATA_HOME: folder.join("data"),
    XDG_CONFIG_HOME: folder.join("config"),
    XDG_STATE_HOME: folder.join("state"),
    XDG_CACHE_HOME: folder.join("cache"),
    TMPDIR: folder.join("tmp"),
    SHELL: "/bin/bash",
    // What runs on the machine of whoever runs the tests is no part of them.
    OPENCODE_DISABLE_LOCAL_DISCOVERY: "1",
  }
  const running = new Set<ChildProcess>()

  function start(args: string[], { input, isTalkedTo, cwd = project, env: more = {} }: RunOptions = {}): Started {
    const child = spawn(options.node ?? process.execPath, [BIN, ...args], {
      cwd,
      env: { ...env, ...more },
      stdio: [input === undefined && !isTalkedTo ? "ignore" : "pipe", "pipe", "pipe"],
      timeout: DEADLINE_MS,
      killSignal: "SIGKILL",
    })
    running.add(child)
    const said = { stdout: "", stderr: "" }
    const watchers = new Set<() => void>()
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (text: string) => {
        said[name] += text
        for (const watch of watchers) watch()
      })
    }
    if (input !== undefined) child.stdin?.end(input)
    const finished = new Promise<Finished>((resolve) => {
      child.on("close", (code) => {
        running.delete(child)
        resolve({ ...said, code })
        for (const watch of watchers) watch()
      })
    })
    return {
      child,
      finished,
      printed: (text) =>
        new Promise((resolve, reject) => {
          const watch = (): void => {
            const all = said.stdout + said.stderr
            if (typeof text === "string" ? all.includes(text) : text.test(all)) resolve(all)
            else if (!running.has(child)) reject(new Error(`ended without printing ${text}: ${all}`))
          }
          watchers.add(watch)
          watch()
        }),
    }
  }

  return {
    folder,
    project,
    env,
    start,
    run: (args, more) => start(args, more).finished,
    async serve(args = [], more) {
      const started = start(["serve", "--port", String(await freePort()), ...args], more)
      const said = await started.printed(/listening on http\S+\n/)
      return { ...started, url: /listening on (\S+)/.exec(said)?.[1] ?? "" }
    },
    async [Symbol.asyncDispose]() {
      const ending = [...running].map((child) => new Promise((resolve) => child.once("close", resolve)))
      for (const child of running) child.kill("SIGTERM")
      await Promise.all(ending)
      folder[Symbol.dispose]()
    },
  }
}
