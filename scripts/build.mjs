// Bundles the command into packages/cli/dist: a tiny entry, and chunks that are loaded when they are needed. Beside them
// the catalogue of models, in parts that are read when they are needed.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath, pathToFileURL } from "node:url"
import { brotliDecompressSync } from "node:zlib"
import * as esbuild from "esbuild"
import { joinChunks } from "./join-chunks.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"))

/** Native code and files of their own: they stay packages. */
export const EXTERNAL = ["@photostructure/sqlite", "@vscode/ripgrep", "sharp", "@lydell/node-pty"]

/** Zod brings its messages in 50 languages, of which ours is the only one used: a third of what `serve` would load. */
const oneLocale = {
  name: "one-locale",
  setup({ onLoad }) {
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({ contents: 'export { default as en } from "./en.js"' }))
  },
}

const MAIN = "packages/cli/src/main.ts"

const sourceOf = (command) => `packages/cli/src/commands/${command}.ts`

/** What these commands load is most of the program, and they are waited for. */
const GROUPS = [
  { name: "chunks/start.js", sources: ["packages/cli/src/command-line.ts"] },
  // An editor asks what we can do with every window it opens, and often nothing else: for that it needs the schemas alone.
  { name: "chunks/schemas.js", sources: ["acp", "serve", "run"].map(sourceOf) },
  { name: "chunks/program.js", sources: ["serve", "run"].map(sourceOf) },
]

const FORM = { format: "esm", platform: "node", target: "node20", minify: true, keepNames: false, logLevel: "warning" }

/** @returns what was written, and the files that it was made of */
export async function build() {
  const dist = `${root}packages/cli/dist`
  // Beside its place, and moved there when it is whole: somebody may be running what is there, or building as well.
  const outdir = `${dist}.${process.pid}`
  const folder = `${outdir}.split`
  const { metafile } = await split(folder)
  const joined = await joinChunks({ ...FORM, folder, outdir, metafile, apart: MAIN, groups: GROUPS })
  rmSync(folder, { recursive: true })
  writeFileSync(`${outdir}/package.json`, '{"type":"module"}\n')
  await writeCatalog(`${outdir}/catalog`)
  replaceFolder(dist, outdir)
  return { outputs: joined.outputs, inputs: Object.keys(metafile.inputs) }
}

const split = (outdir) =>
  esbuild.build({
    ...FORM,
    absWorkingDir: root,
    entryPoints: { main: MAIN },
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    // jsonc-parser's UMD build cannot be bundled; its module build can.
    mainFields: ["module", "main"],
    external: EXTERNAL,
    plugins: [oneLocale],
    define: { OPENCODE_VERSION: JSON.stringify(version) },
    // Some dependencies are CommonJS inside and call require for Node's own modules.
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
    metafile: true,
  })

/** How often a build that is overtaken by another one tries again. */
const TRIES = 20

function replaceFolder(place, made) {
  const old = `${made}.old`
  for (let attempt = 1; ; attempt++) {
    try {
      if (existsSync(place)) renameSync(place, old)
      renameSync(made, place)
      break
    } catch (error) {
      if (attempt === TRIES) throw error
    } finally {
      rmSync(old, { recursive: true, force: true })
    }
  }
}

/** The catalogue as the program reads it: an index, and one file for each provider. */
async function writeCatalog(folder) {
  const text = brotliDecompressSync(readFileSync(`${root}packages/core/data/models-dev.json.br`)).toString()
  const { splitCatalog } = await bundled("packages/core/src/model/catalog-split.ts")
  const split = splitCatalog(text, lastUpdate(text))
  if (!split) throw new Error("packages/core/data/models-dev.json.br is not a catalogue of models")
  mkdirSync(folder, { recursive: true })
  for (const provider of split.providers) writeFileSync(`${folder}/${provider.id}.json`, JSON.stringify(provider))
  writeFileSync(`${folder}/index.json`, JSON.stringify(split.index))
}

/** The data says of each model when it was last changed; the latest is the day of the data. */
const lastUpdate = (text) =>
  [...text.matchAll(/"last_updated":"(\d{4}-\d\d-\d\d)"/g)]
    .map(([, date]) => date)
    .reduce((a, b) => (a > b ? a : b), "")

/** Our own code is TypeScript, which this Node may not read. */
async function bundled(entry) {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "warning",
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { outputs } = await build()
  const bytes = Object.values(outputs).reduce((sum, output) => sum + output.bytes, 0)
  console.log(`built packages/cli/dist: ${Object.keys(outputs).length} files, ${Math.round(bytes / 1000)} kB`)
}
