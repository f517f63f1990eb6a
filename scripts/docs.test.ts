import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { events } from "../packages/protocol/src/event.ts"
import { expect, test } from "vitest"

/** What the documentation says of the code can be looked up, so it is. */
const root = fileURLToPath(new URL("../", import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), "utf8")

const markdown = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name))

const FOLDERS = [".", "docs", "docs/clients", "docs/decisions", "docs/guide", "docs/recipes", "examples"]
const DOCUMENTS = FOLDERS.flatMap(markdown)

/** Where a file that is named without its folder may lie: the stories speak of one chapter at a time. */
const sources = readdirSync(join(root, "packages"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
  .map((file) => `/${file}`)

/** A source file, with or without its folder. */
const FILE = /`([\w./-]+\.ts)`/g

const named = (file: string, pattern: RegExp): string[] =>
  [...read(file).matchAll(pattern)].flatMap(([, name]) => (name === undefined ? [] : [name]))

test.each(["ARCHITECTURE.md", "AGENTS.md", "docs/threat-model.md", ...markdown("docs/decisions")])(
  "every source file that %s names is there",
  (file) => {
    const isThere = (name: string): boolean =>
      existsSync(join(root, name)) || sources.some((source) => source.endsWith(`/${name}`))
    expect(named(file, FILE).filter((name) => !isThere(name))).toEqual([])
  },
)

test.each(DOCUMENTS)("every link of %s leads to a file", (file) => {
  const targets = named(file, /\]\(([^)#\s]+)(?:#[^)]*)?\)/g).filter((target) => !/^[a-z]+:/.test(target))
  expect(targets.filter((target) => !existsSync(join(root, dirname(file), target)))).toEqual([])
})

test("decisions are numbered one after the other, and each says so in its title, with context, decision and consequences", () => {
  const files = readdirSync(join(root, "docs/decisions")).sort()
  expect(files.map((file) => file.slice(0, 4))).toEqual(files.map((_, index) => String(index + 1).padStart(4, "0")))
  for (const file of files) {
    const text = read(join("docs/decisions", file))
    expect(text.startsWith(`# ${file.slice(0, 4)} `), file).toBe(true)
    // The list of dependencies is one decision a row.
    if (file.startsWith("0005")) continue
    for (const heading of ["Context", "Decision", "Consequences"]) expect(text, file).toContain(`\n## ${heading}\n`)
  }
})

test("the server guide lists every route", () => {
  const { paths } = JSON.parse(read("packages/sdk/openapi.json")) as { paths: Record<string, object> }
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) =>
        `${method.toUpperCase()} ${path.replace("/session/{sessionID}", "/session/:id").replaceAll(/\{(\w+)\}/g, ":$1")}`,
    ),
  )
  // A cell names one or more routes as `GET /a`, and several methods of one as `GET`, `PUT /a`.
  const cells = read("docs/guide/server.md")
    .split("\n")
    .flatMap((line) => (line.startsWith("| `") ? [line.split(" | ")[0] ?? ""] : []))
  const listed = cells.flatMap((cell) => {
    const methods: string[] = []
    return [...cell.matchAll(/`([A-Z]+)?(?: ?(\/[^`]*))?`/g)].flatMap(([, method, path]) => {
      if (method !== undefined) methods.push(method)
      return path === undefined ? [] : methods.splice(0).map((one) => `${one} ${path}`)
    })
  })
  expect(routes.filter((route) => !listed.includes(route))).toEqual([])
})

test("the words of the architecture are in order, so that one can be found", () => {
  const words = named("ARCHITECTURE.md", /^\| \*\*([^*]+)\*\*/gm).map((word) => word.toLowerCase())
  expect(words).toEqual([...words].sort())
})

test("the architecture says of every table what it holds", () => {
  const folder = "packages/core/src/store/migrations"
  const made = readdirSync(join(root, folder)).flatMap((file) => named(join(folder, file), /CREATE TABLE (\w+)/g))
  const told = named("ARCHITECTURE.md", /`(\w+)`/g)
  expect(made.filter((table) => !told.includes(table))).toEqual([])
})

test("the README's list leads to every page of the guide", () => {
  const list = read("README.md").split("## More")[1] ?? ""
  expect(markdown("docs/guide").filter((page) => !list.includes(page))).toEqual([])
})

test("the server guide names every event", () => {
  const text = read("docs/guide/server.md")
  expect(Object.keys(events).filter((type) => !text.includes(`\`${type}\``))).toEqual([])
})
