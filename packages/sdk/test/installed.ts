import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { buildSdk } from "../../../scripts/sdk/build.mjs"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** A folder of somebody else's program, in which the package is installed as it is published. */
export function installed() {
  const folder = tempFolder("sdk")
  const place = folder.join("node_modules/@opencode-ai/sdk")
  mkdirSync(place, { recursive: true })
  buildSdk(`${place}/dist`)
  copyFileSync(`${root}packages/sdk/package.json`, `${place}/package.json`)
  for (const name of ["published-sdk", "@types", "undici-types"])
    symlinkSync(`${root}node_modules/${name}`, folder.join(`node_modules/${name}`))
  folder.write({ "package.json": '{"type":"module"}' })

  return {
    ...folder,
    /** What the compiler says to these sources, line by line; nothing is good. */
    compile(files: Record<string, string>, settings: Record<string, unknown> = {}): string[] {
      const compilerOptions = { ...STRICT, ...settings }
      const tsconfig = { compilerOptions, files: Object.keys(files) }
      folder.write({ ...files, "tsconfig.json": JSON.stringify(tsconfig) })
      const { stdout } = spawnSync(
        process.execPath,
        [`${root}node_modules/tsc7/bin/tsc`, "-p", folder.path, "--pretty", "false"],
        { encoding: "utf8", cwd: folder.path },
      )
      return stdout.split("\n").filter((line) => line !== "")
    },
  }
}

const STRICT = {
  target: "ES2022",
  lib: ["ES2023", "ESNext.Disposable"],
  module: "nodenext",
  moduleResolution: "nodenext",
  types: ["node"],
  strict: true,
  noEmit: true,
}
