import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { build } from "esbuild"
import { expect, test } from "vitest"

/**
 * What a process that compiled many expressions does with all others, as V8 does without being told: none is optimized any
 * more, and each repetition keeps its steps until they fill 64 MB.
 */
const AGED = "--no-regexp-optimization"

const fileOf = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)))

const IMAGE = `
  import { fileContent } from ${fileOf("../../src/turn/file-content.ts")}
  import { modelOf } from ${fileOf("history.ts")}
  const url = "data:image/jpeg;base64,/9j/4AAQSkZJRg" + "A".repeat(5_000_000)
  const model = modelOf("@ai-sdk/openai")
  const { base64, note } = fileContent({ mime: "image/jpeg", url }, model)
  console.log(note ?? base64.length)
`

const DIFF = `
  import { diffFile } from ${fileOf("../../src/tool/diff.ts")}
  const long = "a".repeat(9_000_000)
  const { additions, deletions } = await diffFile("a.min.js", "one\\n" + long, "two\\n" + long)
  console.log(additions, deletions)
`

const SEARCH = `
  import { foundIn } from ${fileOf("../../src/workspace/found-text.ts")}
  const [found] = foundIn("a.min.js", "one\\n" + "a".repeat(9_000_000), [[1, 3, "aa"]])
  console.log(found.line_number, found.submatches[0].start)
`

test.each([
  ["sends a large image", IMAGE, "5000016\n"],
  ["shows the change of a file with a line of 9 MB", DIFF, "1 1\n"],
  ["finds text in a line of 9 MB", SEARCH, "2 3\n"],
])("a process that has worked for long %s", async (_what, program, printed) => {
  using folder = tempFolder()
  const outfile = folder.join("program.mjs")
  await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
  })
  const { stdout } = await promisify(execFile)(process.execPath, [AGED, outfile])
  expect(stdout).toBe(printed)
})
