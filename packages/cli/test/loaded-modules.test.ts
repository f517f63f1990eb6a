import { readFileSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import { installation } from "@opencode/testing/command.ts"
import { expect, test } from "vitest"

/** What a command loads is what its start costs. A module that comes to a row was put there, or is a mistake. */
const PRELOAD = new URL("loads.mjs", import.meta.url).href
const DIST = fileURLToPath(new URL("../dist/", import.meta.url))

/** The database on Node 20, which has none of its own. */
const SQLITE = process.getBuiltinModule("node:sqlite") ? [] : ["@photostructure/sqlite", "node-gyp-build"]
const PROGRAM = ["chunks/program", "chunks/schemas"]
const START = ["bin", "chunks/command-line", "chunks/start", "main"]

interface Loaded {
  /** Without the hashes of the build, and without the pieces that several of them share. */
  names: string[]
  kilobytes: number
}

interface Starting {
  /** Printed when it has begun: it is then told to stop. */
  stopsAt?: RegExp
  /** What it is asked on its standard input, which stays open until then. */
  asked?: object[]
}

async function loadedBy(args: string[], { stopsAt, asked }: Starting): Promise<Loaded> {
  await using at = installation()
  const file = at.folder.join("loads")
  const env = { NODE_OPTIONS: `--import ${PRELOAD}`, LOADS_FILE: file }
  const started = at.start(args, { env, ...(asked ? { isTalkedTo: true } : {}) })
  for (const message of asked ?? []) started.child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
  if (stopsAt) {
    await started.printed(stopsAt)
    started.child.kill("SIGTERM")
  }
  expect(await started.finished).toMatchObject({ code: 0 })
  const paths = [
    ...new Set(
      readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((url) => fileURLToPath(url)),
    ),
  ]
  const bytes = paths.filter((path) => path.startsWith(DIST)).reduce((sum, path) => sum + statSync(path).size, 0)
  return {
    names: paths
      .map(nameOf)
      .filter((name) => name !== "chunks/chunk")
      .sort(),
    kilobytes: bytes / 1000,
  }
}

function nameOf(path: string): string {
  if (path.startsWith(DIST)) return path.slice(DIST.length).replace(/(?:-[A-Z0-9]{8})?\.js$/, "")
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "bin"
}

const INITIALIZE = { id: 1, method: "initialize", params: { protocolVersion: 1 } }
const NEW_SESSION = { id: 2, method: "session/new", params: { cwd: tmpdir(), mcpServers: [] } }

test.each<Starting & { args: string[]; names: string[]; kilobytes: number }>([
  { args: ["--version"], names: ["bin", "main"], kilobytes: 5 },
  { args: ["--help"], names: START, kilobytes: 120 },
  { args: ["completion", "bash"], names: [...START, "chunks/completion"], kilobytes: 150 },
  {
    args: ["run", "-m", "offline/rules", "hello"],
    names: [...START, ...SQLITE, ...PROGRAM, "chunks/answer", "chunks/customize.prompt", "chunks/run"],
    kilobytes: 1_400,
  },
  {
    args: ["serve", "--port", "0"],
    stopsAt: /listening on/,
    names: [...START, ...SQLITE, ...PROGRAM, "chunks/serve"],
    kilobytes: 1_200,
  },
  {
    // An editor that only asks what we can do.
    args: ["acp"],
    asked: [INITIALIZE],
    stopsAt: /agentInfo/,
    names: [...START, "chunks/acp", "chunks/schemas"],
    kilobytes: 330,
  },
  {
    args: ["acp", "--cwd", "."],
    asked: [INITIALIZE, NEW_SESSION],
    stopsAt: /available_commands_update/,
    names: [...START, ...SQLITE, ...PROGRAM, "chunks/acp", "chunks/customize.prompt", "chunks/door"],
    kilobytes: 1_250,
  },
])("$args loads these modules and no others", async ({ args, names, kilobytes, ...starting }) => {
  const loaded = await loadedBy(args, starting)
  expect(loaded.names).toEqual([...names].sort())
  expect(loaded.kilobytes).toBeLessThan(kilobytes)
})
