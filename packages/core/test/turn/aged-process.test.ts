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

const PROGRAM = `
  import { fileContent } from ${fileOf("../../src/turn/file-content.ts")}
  import { modelOf } from ${fileOf("history.ts")}
  const url = "data:image/jpeg;base64,/9j/4AAQSkZJRg" + "A".repeat(5_000_000)
  const model = modelOf("@ai-sdk/openai")
  const { base64, note } = fileContent({ mime: "image/jpeg", url }, model)
  console.log(note ?? base64.length)
`

test("a large image is sent by a process that has worked for long, too", async () => {
  using folder = tempFolder()
  const outfile = folder.join("program.mjs")
  await build({
    stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
  })
  const { stdout } = await promisify(execFile)(process.execPath, [AGED, outfile])
  expect(stdout).toBe("5000016\n")
})
