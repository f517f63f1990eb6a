import { readFileSync, statSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { installation } from "@opencode/testing/command.ts"
import { expect, test } from "vitest"

/** What a command loads is what its start costs. A module that comes to a row was put there, or is a mistake. */
const PRELOAD = new URL("loads.mjs", import.meta.url).href
const DIST = fileURLToPath(new URL("../dist/", import.meta.url))

/** The database on Node 20, which has none of its own. */
const SQLITE = process.getBuiltinModule("node:sqlite") ? [] : ["@photostructure/sqlite", "node-gyp-build"]
const START = ["bin", "chunks/command-line", "chunks/start", "main"]

interface Loaded {
  /** Without the hashes of the build, and without the pieces that several of them share. */
  names: string[]
  kilobytes: number
}

async function loadedBy(args: string[], stopsAt?: RegExp): Promise<Loaded> {
  await using at = installation()
  const file = at.folder.join("loads")
  const env = { NODE_OPTIONS: `--import ${PRELOAD}`, LOADS_FILE: file }
  const started = at.start(args, { env })
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

test.each<{ args: string[]; stopsAt?: RegExp; names: string[]; kilobytes: number }>([
  { args: ["--version"], names: ["bin", "main"], kilobytes: 5 },
  { args: ["--help"], names: START, kilobytes: 120 },
  { args: ["completion", "bash"], names: [...START, "chunks/completion"], kilobytes: 150 },
  {
    args: ["run", "-m", "offline/rules", "hello"],
    names: [...START, ...SQLITE, "chunks/answer", "chunks/customize.prompt", "chunks/program", "chunks/run"],
    kilobytes: 1_400,
  },
  {
    args: ["serve", "--port", "0"],
    stopsAt: /listening on/,
    names: [...START, ...SQLITE, "chunks/program", "chunks/serve"],
    kilobytes: 1_200,
  },
])("$args loads these modules and no others", async ({ args, stopsAt, names, kilobytes }) => {
  const loaded = await loadedBy(args, stopsAt)
  expect(loaded.names).toEqual([...names].sort())
  expect(loaded.kilobytes).toBeLessThan(kilobytes)
})
