import { execFileSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as esbuild from "esbuild"
import { afterAll, expect, test } from "vitest"
import { joinChunks } from "./join-chunks.mjs"

const root = realpathSync(mkdtempSync(join(tmpdir(), "opencode-join-")))
afterAll(() => rmSync(root, { recursive: true }))

/** `lazy` and `seldom` divide what both commands load; `version` is loaded by the entry already. */
const SOURCES = {
  "main.js": `import { version } from "./version.js"
    if (process.argv[2] === "run") await import("./run.js")
    else if (process.argv[2] === "serve") await import("./serve.js")
    else console.log(version)`,
  "run.js": `import { all } from "./all.js"
    console.log("run", ...(await all()))`,
  "serve.js": `import { all } from "./all.js"
    import { extra } from "./extra.js"
    console.log("serve", extra, ...(await all()))`,
  "all.js": `import { a } from "./a.js"
    import { b } from "./b.js"
    import { version } from "./version.js"
    export const all = async () => [a, b, version, (await import("./lazy.js")).lazy, (await import("./seldom.js")).seldom, (await import("./b.js")).b]`,
  "lazy.js": `import { a } from "./a.js"
    export const lazy = "lazy " + a`,
  "seldom.js": `import { b } from "./b.js"
    export const seldom = "seldom " + b`,
  "a.js": `export const a = "a"`,
  "b.js": `import { a } from "./a.js"
    export const b = "b of " + a
    console.log("once")`,
  "extra.js": `export const extra = "extra"`,
  "version.js": `export const version = "1"`,
}

test("what two entries load becomes one file, and everything runs as before", async () => {
  for (const [name, text] of Object.entries(SOURCES)) write(join(root, "src", name), text)
  write(join(root, "out/package.json"), '{"type":"module"}')
  const form = { format: "esm", platform: "node", target: "node20", minify: true } as const
  const folder = join(root, "out/split")
  const { metafile } = await esbuild.build({
    ...form,
    absWorkingDir: root,
    entryPoints: { main: "src/main.js" },
    outdir: folder,
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    metafile: true,
  })
  const outdir = join(root, "out/joined")
  const groups = [{ name: "chunks/both.js", sources: ["src/serve.js", "src/run.js"] }]
  const joined = await joinChunks({ ...form, folder, outdir, metafile, apart: "src/main.js", groups })

  const run = (top: string, ...args: string[]) =>
    execFileSync(process.execPath, [join(top, "main.js"), ...args], { encoding: "utf8" })
  expect(run(outdir, "run")).toBe("once\nrun a b of a 1 lazy a seldom b of a b of a\n")
  for (const args of [["run"], ["serve"], []]) expect(run(outdir, ...args)).toBe(run(folder, ...args))

  expect(existsSync(join(outdir, "chunks/both.js"))).toBe(true)
  expect(Object.keys(joined.outputs).length).toBeLessThan(Object.keys(metafile.outputs).length)
  const names = readdirSync(join(outdir, "chunks"))
  const text = (start: string) =>
    readFileSync(
      join(
        outdir,
        "chunks",
        names.find((one) => one.startsWith(start))!,
      ),
      "utf8",
    )
  // Each text is in one file: what is loaded seldom is not in what everybody loads.
  expect(text("both")).toContain("once")
  expect(text("both")).not.toContain("seldom ")
  expect(text("seldom")).not.toContain("once")
})

function write(path: string, text: string) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
