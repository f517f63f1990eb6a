// Writes what is derived: the OpenAPI document, its text and the calls of the SDK from the routes, the JSON Schemas of
// settings and of the lines of `run --format jsonl`. `--check` only says whether they are up to date.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as esbuild from "esbuild"
import { generateSdk } from "./sdk/generate.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const sdk = join(root, "packages/sdk")
/** The folders of the SDK that hold nothing written by hand. */
const GENERATED = ["gen", "v2/gen"]
const checkOnly = process.argv.includes("--check")
const temp = mkdtempSync(join(tmpdir(), "opencode-gen-"))
try {
  const { apiMarkdown, openapi, routes, configSchemas, runLineSchema } = await bundled()
  const document = JSON.stringify(openapi(routes), null, 2) + "\n"
  const fresh = join(temp, "src")
  await generateSdk({
    folder: fresh,
    temp,
    ours: JSON.parse(document),
    contract: JSON.parse(read(join(sdk, "contract.json"))),
    contractOfV1: JSON.parse(read(join(sdk, "contract-v1.json"))),
  })
  const schemas = Object.entries({ ...configSchemas(), "run-jsonl-1": runLineSchema() }).map(([name, schema]) => [
    `packages/cli/schema/${name}.json`,
    JSON.stringify(schema, null, 2) + "\n",
  ])
  const written = [...schemas, ["docs/api.md", apiMarkdown(JSON.parse(document))]]
  const stale = [
    ...written.filter(([file, text]) => read(join(root, file)) !== text).map(([file]) => file),
    ...(read(join(sdk, "openapi.json")) === document ? [] : ["packages/sdk/openapi.json"]),
    ...GENERATED.flatMap((folder) => different(join(fresh, folder), join(sdk, "src", folder))),
  ]
  if (checkOnly && stale.length > 0) {
    console.error(`Not up to date, run npm run gen:\n${stale.join("\n")}`)
    process.exitCode = 1
  }
  if (!checkOnly) {
    writeFileSync(join(sdk, "openapi.json"), document)
    for (const folder of GENERATED) {
      rmSync(join(sdk, "src", folder), { recursive: true, force: true })
      cpSync(join(fresh, folder), join(sdk, "src", folder), { recursive: true })
    }
    mkdirSync(join(root, "packages/cli/schema"), { recursive: true })
    for (const [file, text] of written) writeFileSync(join(root, file), text)
    console.log(stale.length > 0 ? `wrote ${stale.length} files` : "everything was up to date")
  }
} finally {
  rmSync(temp, { recursive: true, force: true })
}

/** The routes are TypeScript, which this Node may not read: they are bundled first. */
async function bundled() {
  const outfile = join(temp, "document.mjs")
  await esbuild.build({
    absWorkingDir: root,
    stdin: {
      contents:
        'export { openapi } from "@opencode/server/openapi.ts"\nexport { routes } from "@opencode/server/routes/routes.ts"\n' +
        'export { apiMarkdown } from "@opencode/server/reference/markdown.ts"\n' +
        'export { configSchemas } from "@opencode/protocol/config-schema.ts"\n' +
        'export { runLineSchema } from "@opencode/cli/commands/run-lines.ts"',
      resolveDir: root,
      loader: "ts",
    },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    external: ["@photostructure/sqlite", "@vscode/ripgrep", "sharp"],
    banner: { js: 'import{createRequire as __r}from"node:module";const require=__r(import.meta.url);' },
    logLevel: "warning",
  })
  return import(pathToFileURL(outfile).href)
}

function different(fresh, committed) {
  const files = (folder) => {
    try {
      return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    } catch {
      return []
    }
  }
  const names = new Set([...files(fresh), ...files(committed)])
  return [...names].filter((name) => read(join(fresh, name)) !== read(join(committed, name)))
}

function read(file) {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}
