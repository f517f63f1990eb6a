import { execFileSync } from "node:child_process"
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { dataOf, served, type Served } from "./served.ts"

const FILES = {
  "a.txt": "alpha\nbeta\n",
  "src/b.ts": "one\n  beta two\n",
  "src/deep/c.md": "x\n",
  ".hidden": "h\n",
  ".gitignore": "node_modules\n",
  "node_modules/x/i.js": "beta\n",
}

const content = async (door: Served, path: string) => dataOf(door.v2.file.read({ path }))

test("a folder is listed, folders first, with what is ignored", async () => {
  await using door = await served({ files: FILES })
  const root = await dataOf(door.v2.file.list({ path: "" }))
  expect(root.filter(({ name }) => name !== ".keep")).toEqual([
    node(door, "node_modules", "directory", true),
    node(door, "src", "directory"),
    node(door, ".gitignore", "file"),
    node(door, ".hidden", "file"),
    node(door, "a.txt", "file"),
  ])
  expect(await dataOf(door.v1.file.list({ query: { path: "src" } }))).toEqual([
    node(door, "src/deep", "directory"),
    node(door, "src/b.ts", "file"),
  ])
  expect((await dataOf(door.v2.file.list({ path: "node_modules/x" })))[0]?.ignored).toBe(true)
})

const node = (door: Served, path: string, type: "file" | "directory", ignored = false) => ({
  name: path.split("/").at(-1),
  path: path + (type === "directory" ? "/" : ""),
  absolute: join(door.world.project, path),
  type,
  ignored,
})

test("text is answered as text, and what is not UTF-8 loses no byte", async () => {
  await using door = await served({
    files: {
      ...FILES,
      "mark.txt": "\uFEFFmarked\n",
      "latin.txt": Buffer.from("a\xe9b\n", "latin1"),
      "zero.bin": Buffer.from("a\0b"),
      "i.png": Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
      "lead.txt": "\n  lead\n\n",
    },
  })
  expect(await content(door, "a.txt")).toEqual({ type: "text", content: "alpha\nbeta" })
  expect(await content(door, join(door.world.project, "a.txt"))).toEqual({ type: "text", content: "alpha\nbeta" })
  expect(await content(door, "lead.txt")).toEqual({ type: "text", content: "\n  lead" })
  expect(await content(door, "mark.txt")).toEqual({ type: "text", content: "marked" })
  expect(await content(door, "nope")).toEqual({ type: "text", content: "" })
  const binary = { type: "binary", encoding: "base64" }
  expect(await content(door, "latin.txt")).toEqual({ ...binary, content: "YeliCg==", mimeType: "text/plain" })
  expect(await content(door, "zero.bin")).toEqual({
    ...binary,
    content: "YQBi",
    mimeType: "application/octet-stream",
  })
  expect(await content(door, "i.png")).toMatchObject({ ...binary, mimeType: "image/png" })
})

test("no path leads out of the project, and nothing but a regular file is read", async () => {
  await using door = await served({ files: FILES })
  const { project, folder } = door.world
  folder.write({ "secret.txt": "secret" })
  symlinkSync(folder.join("secret.txt"), join(project, "link.txt"))
  symlinkSync(folder.join("."), join(project, "up"))
  symlinkSync("a.txt", join(project, "fine.txt"))
  execFileSync("mkfifo", [join(project, "pipe")])
  const outside = ["/etc/passwd", "../secret.txt", "link.txt", "up/secret.txt", "~/.bashrc", "/proc/self/environ"]
  for (const path of [...outside, "pipe", "src", "a.txt/x", "a\0b", "x".repeat(5000)]) {
    const response = await door.fetch(`/file/content?path=${encodeURIComponent(path)}`)
    expect([path, response.status]).toEqual([path, path === "a.txt/x" ? response.status : 400])
    expect(await response.text()).not.toContain('secret"')
  }
  for (const path of ["..", "up", "/", "a.txt", "pipe", "nope"])
    expect([path, (await door.fetch(`/file?path=${encodeURIComponent(path)}`)).status]).toEqual([path, 400])
  expect(await content(door, "fine.txt")).toEqual({ type: "text", content: "alpha\nbeta" })
})

test("a file of more than 8 MB is not read", async () => {
  await using door = await served({ files: { "big.bin": "" } })
  truncateSync(join(door.world.project, "big.bin"), 4 * 1024 ** 4)
  const response = await door.fetch("/file/content?path=big.bin")
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({ data: { message: "The file is larger than 8 MB." } })
})

test("text is found as ripgrep tells it", async () => {
  await using door = await served({ files: FILES })
  const found = await dataOf(door.v2.find.text({ pattern: "bet(a)" }))
  expect(found.sort((a, b) => (a.path.text < b.path.text ? -1 : 1))).toEqual([
    {
      path: { text: "a.txt" },
      lines: { text: "beta\n" },
      line_number: 2,
      absolute_offset: 6,
      submatches: [{ match: { text: "beta" }, start: 0, end: 4 }],
    },
    {
      path: { text: "src/b.ts" },
      lines: { text: "  beta two\n" },
      line_number: 2,
      absolute_offset: 4,
      submatches: [{ match: { text: "beta" }, start: 2, end: 6 }],
    },
  ])
})

test("a pattern that is none is refused in a sentence, and options are patterns", async () => {
  await using door = await served({ files: FILES })
  for (const pattern of ["(", "[z-a]", "x".repeat(2000)])
    expect((await door.fetch(`/find?pattern=${encodeURIComponent(pattern)}`)).status).toBe(400)
  const nul = await door.fetch("/find?pattern=a%00b")
  expect([nul.status, await nul.json()]).toMatchObject([400, { data: { message: "The pattern contains a NUL byte." } }])
  expect(await dataOf(door.v2.find.text({ pattern: "--pre=touch" }))).toEqual([])
  expect((await dataOf(door.v2.find.text({ pattern: "" }))).length).toBeGreaterThan(3)
  expect((await door.fetch("/find")).status).toBe(400)
})

test("a line that is longer than anybody reads does not fill the answer", async () => {
  await using door = await served({ files: { "min.js": `${"y".repeat(3_000_000)} needle\n`, "a.txt": "needle\n" } })
  const found = await dataOf(door.v2.find.text({ pattern: "needle" }))
  expect(found.map(({ path }) => path.text)).toEqual(["a.txt"])
})

test("files are found by letters, by globs, and by what they are", async () => {
  await using door = await served({ files: { ...FILES, "src/index-of-all.ts": "", "pages/[id].tsx": "" } })
  const find = async (query: Parameters<typeof door.v2.find.files>[0]) => dataOf(door.v2.find.files(query))
  expect(await find({ query: "b.ts" })).toEqual(["src/b.ts"])
  expect((await find({ query: "ioa" }))[0]).toBe("src/index-of-all.ts")
  expect(await find({ query: "deep" })).toEqual(["src/deep/", "src/deep/c.md"])
  expect(await find({ query: "deep", dirs: "false" })).toEqual(["src/deep/c.md"])
  expect(await find({ query: "deep", type: "directory" })).toEqual(["src/deep/"])
  expect(await find({ query: "deep", dirs: "false", type: "directory" })).toEqual(["src/deep/"])
  expect((await find({ query: "*.ts" })).sort()).toEqual(["src/b.ts", "src/index-of-all.ts"])
  expect(await find({ query: "src/**/?.md" })).toEqual(["src/deep/c.md"])
  expect(await find({ query: "[id]*" })).toEqual(["pages/[id].tsx"])
  expect(await find({ query: "i.js" })).toEqual([])
  expect(await find({ query: "", limit: 2 })).toHaveLength(2)
  const offered = await find({ query: "", limit: 200 })
  expect(offered).toEqual(expect.arrayContaining(["src/b.ts", "src/", "src/deep/", "pages/"]))
  expect(new Set(offered).size).toBe(offered.length)
  const onlyFiles = await find({ query: "", limit: 200, dirs: "false" })
  expect(onlyFiles.toSorted()).toEqual(offered.filter((path) => !path.endsWith("/")).toSorted())
  expect(await find({ query: "c", directory: join(door.world.project, "src/deep") })).toEqual(["c.md"])
  expect(await dataOf(door.v1.find.files({ query: { query: "b.ts", dirs: "false" } }))).toEqual(["src/b.ts"])
})

test("what is no query for files is refused", async () => {
  await using door = await served({ files: FILES })
  for (const query of ["query=a&limit=0", "query=a&limit=201", "query=a&limit=x", "query=a&type=link", "limit=1"])
    expect([query, (await door.fetch(`/find/file?${query}`)).status]).toEqual([query, 400])
  expect((await door.fetch("/find/file?query=a&directory=/nope/nope")).status).toBe(400)
})

test("names with blanks, quotes and line ends are found and read", async () => {
  const name = "odd \"na\nme' é.txt"
  await using door = await served({ files: { [name]: "here\n" } })
  expect(await dataOf(door.v2.find.files({ query: "odd" }))).toEqual([name])
  expect(await content(door, name)).toEqual({ type: "text", content: "here" })
  expect((await dataOf(door.v2.find.text({ pattern: "here" })))[0]?.path.text).toBe(name)
})

test("a new file is found within seconds, and a folder of ten thousand while a person types", async () => {
  await using door = await served({ files: FILES })
  const folder = join(door.world.project, "many")
  mkdirSync(folder)
  for (let n = 0; n < 10_000; n++) writeFileSync(join(folder, `file-${n}.txt`), "")
  expect(await dataOf(door.v2.find.files({ query: "file9999" }))).toEqual(["many/file-9999.txt"])
  expect(await dataOf(door.v2.find.files({ query: "e", limit: 200 }))).toHaveLength(200)
  // A pattern that makes others go back for ever.
  const started = performance.now()
  expect(await dataOf(door.v2.find.files({ query: `${"*f*i*l*e".repeat(30)}?` }))).toEqual([])
  expect(performance.now() - started).toBeLessThan(5_000)
})

const HOSTILE = ["", "\0", "../..", "~root/x", "%", "x".repeat(9_000), "*".repeat(900), "?*/".repeat(300), "((((("]
  .concat(["a{1,99999}", "(a|aa)+$", "\u202e", "-e", "--", "[", "\n", "/dev/stdin", "/proc/self/fd/0", "file:///etc"])
  .map(encodeURIComponent)
const ASKED = ["/find?pattern=", "/find/file?query=", "/file?path=", "/file/content?path=", "/vcs/diff?mode="].concat([
  "/vcs/diff?mode=git&context=",
  "/experimental/tool?provider=a&model=",
  "/file/status?directory=",
])

test.each(ASKED)("whatever %s is asked, it answers soon and breaks nothing", async (path) => {
  await using door = await served({ git: true, files: FILES })
  for (const value of HOSTILE) {
    const response = await door.fetch(path + value)
    expect([value, response.status < 500]).toEqual([value, true])
    expect(await response.text()).not.toMatch(/\.ts:\d/)
  }
})
