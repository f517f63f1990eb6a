// Builds packages/sdk/dist, which is what `npm pack` takes: a module and its types for each source file.
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))
const sdk = join(root, "packages/sdk")

export function buildSdk(outdir = join(sdk, "dist")) {
  rmSync(outdir, { recursive: true, force: true })
  const compiler = join(root, "node_modules/tsc7/bin/tsc")
  execFileSync(process.execPath, [compiler, "-p", join(sdk, "tsconfig.build.json"), "--outDir", outdir])
  for (const entry of readdirSync(outdir, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (file.endsWith(".d.ts")) writeFileSync(file, asPublished(readFileSync(file, "utf8")))
  }
}

/** The compiler leaves the names of sources in types that it infers. */
const asPublished = (types) => types.replace(/(from |import\()(["'])(\.{1,2}\/[^"']*)\.ts\2/g, "$1$2$3.js$2")

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) buildSdk()
