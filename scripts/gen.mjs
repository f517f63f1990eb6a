// Writes what is derived: the OpenAPI document, its text and the calls of the SDK from the routes, the JSON Schemas of settings. `--check` only says whether
// they are up to date.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { createClient } from "@hey-api/openapi-ts"
import * as esbuild from "esbuild"

const root = fileURLToPath(new URL("..", import.meta.url))
const sdk = join(root, "packages/sdk")
const checkOnly = process.argv.includes("--check")
const temp = mkdtempSync(join(tmpdir(), "opencode-gen-"))
try {
  const { apiMarkdown, openapi, routes, configSchemas } = await bundled()
  const document = JSON.stringify(openapi(routes), null, 2) + "\n"
  const documentFile = join(temp, "openapi.json")
  writeFileSync(documentFile, document)
  const calls = join(temp, "gen")
  await generateCalls(documentFile, calls)
  const schemas = Object.entries(configSchemas()).map(([name, schema]) => [
    `packages/cli/schema/${name}.json`,
    JSON.stringify(schema, null, 2) + "\n",
  ])
  const written = [...schemas, ["docs/api.md", apiMarkdown(JSON.parse(document))]]
  const stale = [
    ...written.filter(([file, text]) => read(join(root, file)) !== text).map(([file]) => file),
    ...(read(join(sdk, "openapi.json")) === document ? [] : ["packages/sdk/openapi.json"]),
    ...different(calls, join(sdk, "src/gen")),
  ]
  if (checkOnly && stale.length > 0) {
    console.error(`Not up to date, run npm run gen:\n${stale.join("\n")}`)
    process.exitCode = 1
  }
  if (!checkOnly) {
    writeFileSync(join(sdk, "openapi.json"), document)
    await generateCalls(documentFile, join(sdk, "src/gen"))
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
        'export { configSchemas } from "@opencode/protocol/config-schema.ts"',
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

async function generateCalls(input, path) {
  await createClient({
    input,
    output: { path, clean: true, importFileExtension: ".ts" },
    logs: { level: "silent" },
    plugins: [
      { name: "@hey-api/typescript", exportFromIndex: false },
      {
        name: "@hey-api/sdk",
        exportFromIndex: false,
        auth: false,
        operations: { strategy: "single", containerName: "OpencodeClient", methods: "instance" },
        paramsStructure: "flat",
      },
      { name: "@hey-api/client-fetch", exportFromIndex: false, baseUrl: "http://localhost:4096" },
    ],
  })
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
