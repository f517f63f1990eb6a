// `npm run pack [-- <folder>]`: the package that `npm i -g` takes, with the command as built and nothing of the workspace.
// What is native stays packages of its own, which npm fetches for the system it installs on.
import { execFileSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { build, EXTERNAL } from "./build.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
/** As OpenCode's, so that `npm i -g` of one replaces the other. */
const NAME = "opencode-ai"
/** Installing it must not be felt; OpenCode's own is 60 MB and unpacks to 185. */
const MAX_BYTES = 25_000_000

/** @returns the path of the tarball */
export async function pack(target) {
  const { inputs } = await build()
  const stage = mkdtempSync(join(tmpdir(), "opencode-pack-"))
  try {
    cpSync(`${root}packages/cli/dist`, join(stage, "dist"), { recursive: true })
    cpSync(`${root}packages/cli/bin`, join(stage, "bin"), { recursive: true })
    for (const file of ["README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md"]) cpSync(root + file, join(stage, file))
    writeFileSync(join(stage, "package.json"), `${JSON.stringify(manifest(), undefined, 2)}\n`)
    writeFileSync(join(stage, "THIRD-PARTY-LICENSES.md"), licenses(inputs))
    mkdirSync(target, { recursive: true })
    const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", target]
    const [{ filename }] = JSON.parse(
      execFileSync("npm", args, { cwd: stage, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }),
    )
    const tarball = join(target, filename)
    const { size } = statSync(tarball)
    if (size > MAX_BYTES) throw new Error(`${tarball} has ${size} bytes, and may have ${MAX_BYTES}`)
    return tarball
  } finally {
    rmSync(stage, { recursive: true })
  }
}

function manifest() {
  const workspace = JSON.parse(readFileSync(`${root}package.json`, "utf8"))
  const cli = JSON.parse(readFileSync(`${root}packages/cli/package.json`, "utf8"))
  const core = JSON.parse(readFileSync(`${root}packages/core/package.json`, "utf8"))
  const native = (all) => Object.fromEntries(Object.entries(all).filter(([name]) => EXTERNAL.includes(name)))
  const { version, description, license } = workspace
  const missing = EXTERNAL.filter((name) => !core.dependencies[name] && !core.optionalDependencies[name])
  if (missing.length > 0) throw new Error(`packages/core does not say which ${missing.join(", ")} it needs`)
  return {
    name: NAME,
    version,
    description,
    license,
    keywords: ["ai", "agent", "coding", "terminal", "acp"],
    type: "module",
    bin: cli.bin,
    engines: cli.engines,
    dependencies: native(core.dependencies),
    optionalDependencies: native(core.optionalDependencies),
  }
}

/** Those whose code is in the bundle ask that their notices go with it. */
function licenses(inputs) {
  const folders = new Set(inputs.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []))
  const notices = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"))
    const file = readdirSync(root + folder).find((one) => /^(?:licen[cs]e|copying)(?:\.\w+)?$/i.test(one))
    const text =
      file && existsSync(`${root}${folder}/${file}`) ? readFileSync(`${root}${folder}/${file}`, "utf8").trim() : ""
    return `## ${name} ${version} (${license})\n\n${text}`.trim()
  })
  return `# Licenses of what the bundle holds\n\n${notices.join("\n\n")}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const tarball = await pack(resolve(process.argv[2] ?? root))
  console.log(`${tarball} (${Math.round(statSync(tarball).size / 1000)} kB)`)
}
