import { execFileSync } from "node:child_process"
import { readdirSync, realpathSync } from "node:fs"
import { dirname, join } from "node:path"
import { tempFolder, type TempFolder } from "@opencode/testing/temp-folder.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import { pack } from "../scripts/pack.mjs"
import { programs } from "./programs.ts"

const folder = tempFolder("opencode-install")
const packed = { tarball: "" }
beforeAll(async () => {
  packed.tarball = await pack(folder.join("packed"))
})
afterAll(() => folder[Symbol.dispose]())

/** npm comes with the Node that runs the tests, and runs on the others too. */
const NPM = join(dirname(realpathSync(process.execPath)), "../lib/node_modules/npm/bin/npm-cli.js")
/** Packages with native code are fetched and unpacked, 60 MB of them. */
const INSTALL_MS = 110_000

/** A machine with nothing but a Node: `npm i -g` on it, and what a person types afterwards. */
function machine(node: string, more: string[]): { at: TempFolder; run(command: string, args: string[]): string } {
  const at = tempFolder("opencode-machine")
  at.write({ "project/a.txt": "one line\n", "home/.keep": "", "tmp/.keep": "", "npm/.keep": "" })
  const env = {
    PATH: [at.join("prefix/bin"), at.join("node"), "/usr/bin", "/bin"].join(":"),
    HOME: at.join("home"),
    TMPDIR: at.join("tmp"),
    OPENCODE_DISABLE_LOCAL_DISCOVERY: "1",
    // The registry and what it already gave are of the machine that runs the tests.
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^npm_config_|^NODE_EXTRA_CA/i.test(name))),
    npm_config_cache: npmCache,
  }
  const run = (command: string, args: string[], own: Record<string, string> = {}): string =>
    execFileSync(command, args, {
      cwd: at.join("project"),
      env: { ...env, ...own },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: INSTALL_MS,
    })
  at.write({ "node/.keep": "" })
  execFileSync("ln", ["-s", node, at.join("node/node")])
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"]
  run(node, [NPM, "install", "--global", "--prefix", at.join("prefix"), ...quiet, ...more, packed.tarball], {
    // What npm leaves there is npm's.
    TMPDIR: at.join("npm"),
  })
  return { at, run }
}

const npmCache = execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim()

const files = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isFile() && entry.name !== ".keep")
    .map((entry) => join(entry.parentPath, entry.name))

test.each([
  ["20", process.execPath, []],
  ["22", programs.node22, []],
  ["24", programs.node24, []],
  ["20, without install scripts", process.execPath, ["--ignore-scripts"]],
  ["24, without install scripts", programs.node24, ["--ignore-scripts"]],
])(
  "npm i -g of the packed command works on Node %s, and leaves nothing in the temporary folder",
  (_name, node, more) => {
    const { at, run } = machine(node, more)
    using _ = at
    expect(run("opencode", ["--version"])).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(run("opencode", ["run", "-m", "offline/rules", "read a.txt"])).toContain("one line")
    // Through ripgrep, a shell and the database.
    expect(run("opencode", ["run", "-m", "offline/rules", "search for one"])).toContain("a.txt")
    expect(run("opencode", ["session", "list"])).toContain("read a.txt")
    expect(files(at.join("tmp"))).toEqual([])
  },
)

test("the package has what runs and what has to be said, and nothing of the workspace", () => {
  const names = execFileSync("tar", ["tzf", packed.tarball], { encoding: "utf8" }).trim().split("\n")
  const others = names.filter((name) => !name.startsWith("package/dist/")).sort()
  expect(others).toEqual(
    [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "THIRD-PARTY-LICENSES.md",
      "bin/opencode.mjs",
      "package.json",
    ].map((name) => `package/${name}`),
  )
})
