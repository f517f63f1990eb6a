import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

/** Imports go down only. What a package may import of ours; test code may import anything. */
const PACKAGES: Record<string, string[]> = {
  protocol: [],
  core: ["protocol"],
  server: ["core", "protocol"],
  sdk: [],
  acp: ["protocol", "sdk"],
  cli: ["core", "protocol", "server", "sdk", "acp"],
  testing: ["protocol", "core", "server", "sdk", "acp"],
}

/** The chapters of core, in the order of import: one may import those on its left, and its own row. */
const CHAPTERS = [
  ["lib"],
  ["process", "store", "bus"],
  ["workspace", "config", "permission", "model", "peer"],
  ["tool", "extension"],
  ["session"],
  ["turn"],
  ["recording"],
  ["home.ts"],
  ["engine"],
  ["engine.ts"],
  ["engines.ts", "peer-service.ts"],
]

const packages = fileURLToPath(new URL("../packages/", import.meta.url))

interface Import {
  file: string
  target: string
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8")
  const found = text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)"([^"]+)"/g)
  return [...found].map((match) => ({ file, target: match[1] ?? "" }))
}

const name = (file: string): string => relative(packages, file)

test("packages import downwards only", () => {
  const wrong = Object.keys(PACKAGES).flatMap((from) =>
    sources(join(packages, from, "src"))
      .flatMap(importsOf)
      .filter(({ target }) => {
        const to = /^@opencode(?:-ai)?\/([a-z]+)(?:\/|$)/.exec(target)?.[1]
        return to !== undefined && to !== from && !PACKAGES[from]?.includes(to)
      })
      .map(({ file, target }) => `${name(file)} imports ${target}`),
  )
  expect(wrong).toEqual([])
})

test("the protocol imports zod and nothing else", () => {
  const wrong = sources(join(packages, "protocol/src"))
    .flatMap(importsOf)
    .filter(({ target }) => target !== "zod" && !target.startsWith("./"))
  expect(wrong.map(({ file, target }) => `${name(file)} imports ${target}`)).toEqual([])
})

test("the chapters of core import to the left only", () => {
  const core = join(packages, "core/src")
  const rank = (file: string): number =>
    CHAPTERS.findIndex((row) => row.includes(relative(core, file).split("/")[0] ?? ""))
  const wrong = sources(core)
    .flatMap(importsOf)
    .filter(({ file, target }) => target.startsWith(".") && rank(resolve(dirname(file), target)) > rank(file))
  expect(wrong.map(({ file, target }) => `${name(file)} imports ${target}`)).toEqual([])
})

test("every chapter of core has a place in the order", () => {
  const known = new Set(CHAPTERS.flat())
  expect(readdirSync(join(packages, "core/src")).filter((entry) => !known.has(entry))).toEqual([])
})

test("a file stays under 500 lines", () => {
  const long = Object.keys(PACKAGES)
    .flatMap((pack) => sources(join(packages, pack, "src")))
    .filter((file) => !file.includes("/gen/") && readFileSync(file, "utf8").split("\n").length > 500)
  expect(long.map(name)).toEqual([])
})

/** Who may touch what there should be one of. */
const PRIMITIVES: { what: string; pattern: RegExp; allowed: RegExp }[] = [
  { what: "starts a process", pattern: /from "node:child_process"/, allowed: /core\/src\/process\/|testing\// },
  {
    what: "opens a connection",
    pattern: /from "node:https?"|import\("node:https?"\)/,
    allowed: /core\/src\/model\/(request|proxy)|server\/src\/listen|testing\/|import type/,
  },
  { what: "uses the global fetch", pattern: /(?<![.\w])fetch\((?!request: Request\))/, allowed: /sdk\/|testing\// },
  { what: "reads the environment", pattern: /process\.(env|cwd\(\))/, allowed: /cli\/|sdk\/src\/process\/|testing\// },
  {
    what: "writes to the terminal",
    pattern: /console\.|process\.(stdout|stderr)\./,
    allowed: /cli\/src\/(out|main)\.ts|testing\/|sdk\/src\/gen/,
  },
]

test.each(PRIMITIVES)("only its own place $what", ({ pattern, allowed }) => {
  const wrong = Object.keys(PACKAGES)
    .flatMap((pack) => sources(join(packages, pack, "src")))
    .filter((file) => !allowed.test(file))
    .flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => pattern.test(line) && !/^\s*(\*|\/\/|\/\*)|import type/.test(line))
        .map((line) => `${name(file)}: ${line.trim()}`),
    )
  expect(wrong).toEqual([])
})
