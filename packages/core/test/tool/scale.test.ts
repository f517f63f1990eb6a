import { execFile } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { appendFile, mkdir, mkdtemp, open, rm, symlink, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { afterAll, beforeAll, expect, test } from "vitest"

/**
 * What is too large for memory does not go into it. Each call runs in a process of its own, bundled as the program is,
 * so that nothing but the call grows.
 */
const MEGABYTE = 1024 * 1024
const MAX_GROWTH = 100 * MEGABYTE
const FILES = 50_000
/** Seconds of this process and its children together. */
const LISTING_CPU = 0.3
const repository = resolve(import.meta.dirname, "../../../..")

interface Measured {
  /** Bytes that the process was larger at its largest than before the call. */
  growth: number
  /** Seconds of processor time: ours and that of children. */
  cpu: number
  output: string
  failure?: string
}

let top = ""
let program = ""
const at = (name: string) => join(top, "work", name)

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "scale-"))
  await mkdir(at("tree"), { recursive: true })
  program = join(top, "measure.mjs")
  await symlink(join(repository, "node_modules"), join(top, "node_modules"), "dir")
  await build({
    entryPoints: [fileURLToPath(new URL("scale-program.ts", import.meta.url))],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["@vscode/ripgrep", "turndown", "diff", "unbash", "picomatch", "ignore"],
  })
  for (let folder = 0; folder < FILES / 500; folder++) {
    const path = at(`tree/${folder}`)
    await mkdir(path)
    await Promise.all(
      Array.from({ length: 500 }, async (_, index) => (await open(join(path, `file-${index}.ts`), "w")).close()),
    )
  }
  await writeFile(at("tree/7/file-7.ts"), "export const needle = 1\n")
}, 60_000)

afterAll(() => rm(top, { recursive: true, force: true }))

async function measured(tool: string, input: object): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, top, tool, JSON.stringify(input)], {
    maxBuffer: 10 * MEGABYTE,
  })
  return JSON.parse(stdout) as Measured
}

/** Grows on disk only where something is in it. */
async function sparse(name: string, start: string, size: number): Promise<string> {
  await writeFile(at(name), start)
  await truncate(at(name), size)
  return at(name)
}

test("the first page of a file of 1 GB", async () => {
  const filePath = await sparse("huge.log", "a line of text\n".repeat(20_000), 1024 * MEGABYTE)
  const { growth, output } = await measured("read", { filePath })
  expect(output).toContain("2000: a line of text")
  expect(growth).toBeLessThan(MAX_GROWTH)
})

test("a line far down in a file of 1 GB", async () => {
  const filePath = await sparse("far.log", "a line of text\n".repeat(20_000), 1024 * MEGABYTE)
  const { growth, failure } = await measured("read", { filePath, offset: 1_000_000 })
  expect(failure).toMatch(/out of range|too large/)
  expect(growth).toBeLessThan(MAX_GROWTH)
})

test.each(["read", "grep"])("a single line of 10 MB, by %s", async (tool) => {
  await writeFile(at("wide.js"), "needle")
  for (let part = 0; part < 10; part++) await appendFile(at("wide.js"), "x".repeat(MEGABYTE))
  const input = tool === "read" ? { filePath: at("wide.js") } : { pattern: "needle", path: at("wide.js") }
  const { growth, output } = await measured(tool, input)
  expect(output).toContain("needlexxx")
  expect(output.length).toBeLessThan(60_000)
  expect(growth).toBeLessThan(MAX_GROWTH)
})

const change = { oldString: "needle\n", newString: "pin\n" }
const patchText = "*** Begin Patch\n*** Update File: large.txt\n-needle\n+pin\n*** End Patch"

test.each([
  ["edit", () => ({ filePath: at("large.txt"), ...change })],
  ["apply_patch", () => ({ patchText })],
] as const)("a change of a file of 10 MB, by %s", async (tool, input) => {
  await writeFile(at("large.txt"), `needle\n${"some more text\n".repeat(650_000)}`)
  const { growth, output } = await measured(tool, input())
  expect(output).toMatch(/success/i)
  // It is held as bytes and as text, before and after, and line by line.
  expect(growth).toBeLessThan(1.5 * MAX_GROWTH)
})

test("100 MB of output", async () => {
  const { growth, output } = await measured("bash", {
    command: "yes 'some output' | head -c 100000000; echo; echo end",
  })
  expect(output).toMatch(/saved to[^]*end\n$/)
  expect(growth).toBeLessThan(MAX_GROWTH)
})

test("the first listing of a tree of 50,000 files", async () => {
  const { growth, cpu, output } = await measured("glob", { pattern: "**/*.ts", path: at("tree") })
  expect(output.split("\n")).toHaveLength(102)
  expect(growth).toBeLessThan(MAX_GROWTH)
  expect(cpu).toBeLessThan(LISTING_CPU)
})

test("a search in a tree of 50,000 files", async () => {
  const { growth, output } = await measured("grep", { pattern: "needle", path: at("tree") })
  expect(output).toContain("Found 1 matches")
  expect(growth).toBeLessThan(MAX_GROWTH)
})

test.each(["an endless page", "a gzip bomb"])("%s", async (what) => {
  const bomb = gzipSync(Buffer.alloc(200 * MEGABYTE))
  const server = createServer((_, response) => {
    response.writeHead(200, {
      "content-type": "text/html",
      ...(what === "a gzip bomb" && { "content-encoding": "gzip" }),
    })
    if (what === "a gzip bomb") return void response.end(bomb)
    const piece = Buffer.alloc(MEGABYTE, "x")
    const more = () => {
      while (!response.destroyed && response.write(piece));
    }
    response.on("drain", more)
    more()
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const { port } = server.address() as AddressInfo
  const { growth, failure } = await measured("webfetch", { url: `http://127.0.0.1:${port}/` })
  expect(failure).toContain("larger than 5 MB")
  expect(growth).toBeLessThan(MAX_GROWTH)
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})
