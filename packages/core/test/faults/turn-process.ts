/** Prompts in a process of its own, which can be killed. It works on the data of a world that stays here. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdir, symlink } from "node:fs/promises"
import path from "node:path"
import { createInterface } from "node:readline"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import type { World } from "@opencode/testing/world.ts"
import { build } from "esbuild"

const repository = path.resolve(import.meta.dirname, "../../../..")
const CATALOG = path.join(repository, "packages/cli/dist/catalog")

/**
 * Arguments: folder of the world, session, text, number of the commit to die before (0: none), the catalogue. What it does
 * with the engine is the function `begin`, which comes after it.
 */
const SOURCE = `
  import { join } from "node:path"
  import { createEngines } from "./packages/core/src/engines.ts"
  import { openHome } from "./packages/core/src/home.ts"
  import { silentLog } from "./packages/core/src/lib/log.ts"

  const [folder, sessionID, text, dieBefore, catalogFolder] = process.argv.slice(2)
  let watched = false
  let count = 0
  const home = await openHome({
    home: join(folder, "home"),
    env: {
      PATH: process.env.PATH,
      SHELL: "/bin/bash",
      XDG_DATA_HOME: join(folder, "data"),
      XDG_CONFIG_HOME: join(folder, "config"),
      XDG_STATE_HOME: join(folder, "state"),
      XDG_CACHE_HOME: join(folder, "cache"),
      TMPDIR: join(folder, "tmp"),
      OPENCODE_DISABLE_LOCAL_DISCOVERY: "1",
    },
    catalogFolder,
    log: silentLog,
    pid: process.pid,
    platform: process.platform,
    version: "1.20.0",
    trusted: false,
    beforeCommit() {
      if (watched && ++count === Number(dieBefore)) process.kill(process.pid, "SIGKILL")
    },
  })
  // A server stays although nothing happens, and so does this while it waits for a person.
  setInterval(() => {}, 60_000)
  const engines = createEngines(home)
  const engine = await engines.at(join(folder, "project"))
  watched = true
  process.stdout.write("ready\\n")
  const { answer } = await begin(engine)
  process.stdout.write("admitted\\n")
  await answer
  process.stdout.write("answered\\n")
  await engines.close()
  await home.close()
  process.exit(0)
`

export interface TurnProcess {
  /** What it said so far: `ready`, `admitted`, `answered`. */
  said: string[]
  /** Resolves when it says this, or has ended. */
  says(word: string): Promise<void>
  kill(): Promise<void>
  /** As Ctrl-Z does. */
  suspend(): void
  /** As `fg` does. */
  resume(): void
  ended: Promise<void>
  errors(): string
}

export interface TurnProgram extends AsyncDisposable {
  start(w: World, sessionID: string, options: { text: string; dieBefore?: number }): TurnProcess
}

const PROMPT = `(engine) => engine.sessions.prompt(sessionID, { parts: [{ type: "text", text }] })`

/**
 * Bundles the program once; each start is a process of its own.
 * @param begin what it does with the engine: a function, as source; `sessionID` and `text` are there. Default: prompts
 */
export async function turnProgram(begin = PROMPT): Promise<TurnProgram> {
  const folder = tempFolder()
  await mkdir(folder.path, { recursive: true })
  await symlink(path.join(repository, "node_modules"), folder.join("node_modules"), "dir")
  await build({
    stdin: {
      contents: `${SOURCE}\nasync function begin(engine) { return await (${begin})(engine) }`,
      resolveDir: repository,
      loader: "ts",
    },
    outdir: folder.path,
    entryNames: "turn",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // What is loaded when it is needed is not read by each of the many that start.
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    mainFields: ["module", "main"],
    external: ["@photostructure/sqlite", "@vscode/ripgrep", "sharp"],
    banner: { js: 'import{createRequire as r}from"node:module";const require=r(import.meta.url);' },
    logLevel: "error",
  })
  return {
    start: (w, sessionID, { text, dieBefore = 0 }) =>
      run([folder.join("turn.mjs"), w.folder.path, sessionID, text, String(dieBefore), CATALOG]),
    async [Symbol.asyncDispose]() {
      folder[Symbol.dispose]()
    },
  }
}

function run(args: string[]): TurnProcess {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
  const said: string[] = []
  let errors = ""
  child.stderr.on("data", (chunk) => (errors += chunk))
  const lines = createInterface({ input: child.stdout })
  lines.on("line", (line) => void said.push(line))
  const ended = once(child, "close").then(() => undefined)
  return {
    said,
    ended,
    errors: () => errors,
    async says(word) {
      const heard = new Promise<void>((resolve) => {
        lines.on("line", (line) => line === word && resolve())
      })
      if (!said.includes(word)) await Promise.race([heard, ended])
    },
    suspend: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async kill() {
      child.kill("SIGKILL")
      await ended
    },
  }
}
