import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { promisify } from "node:util"
import { calls, says, script } from "@opencode/testing/script.ts"
import { build } from "esbuild"
import { expect, test } from "vitest"
import { served } from "./served.ts"

/** Far more than it takes: a program that waits for something that never comes shows how far it came. */
const DEADLINE_MS = 20_000

/** The code of a page, in its order, as one program of the published SDK. */
async function program(page: string, file: string, url: string): Promise<void> {
  const text = readFileSync(new URL(`../../../docs/clients/${page}`, import.meta.url), "utf8")
  const pieces = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, piece]) => piece)
  expect(pieces.length).toBeGreaterThan(5)
  await build({
    stdin: {
      contents: pieces.join("\n").replaceAll("http://127.0.0.1:4096", url),
      loader: "ts",
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: "esm",
    platform: "node",
    alias: { "@opencode-ai/sdk": "published-sdk" },
    outfile: file,
    logLevel: "error",
  })
}

test("the program of the guide for clients runs, and prints what the guide says", async () => {
  await using s = await served({
    permission: { bash: "ask" },
    files: { "README.md": "# A project" },
    model: script(says("Hello."), calls("bash", { command: "touch made" }), says("It is made.")),
  })
  const file = s.world.folder.join("guide.mjs")
  await program("guide.md", file, s.url)
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], {
    cwd: s.world.project,
    timeout: DEADLINE_MS,
  })

  expect(stderr).toBe("")
  const lines = stdout.trim().split("\n")
  // A call is told each time that it changes, which is more than once while it runs.
  expect(lines.filter((line, at) => line !== "bash: running" || lines.indexOf(line) === at)).toEqual([
    "opencode 1.20.0",
    "true",
    "Hello.",
    "server.connected",
    "bash: pending",
    "bash: running",
    "bash: touch made",
    "bash: completed",
    "It is made.",
    "idle",
    `404 {"name":"NotFoundError","data":{"message":"Session not found: ses_unknown"}}`,
    "# A project",
    "[ 'README.md' ]",
  ])
  expect(s.world.files()).toContain("made")
})
