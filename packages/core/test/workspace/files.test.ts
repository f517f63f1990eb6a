import { execFileSync } from "node:child_process"
import { chmod, link, readFile, readdir, readlink, stat, symlink, truncate, utimes } from "node:fs/promises"
import { cpuMs } from "@opencode/testing/effort.ts"
import { expect, test } from "vitest"
import {
  fingerprint,
  isBinary,
  isSameContent,
  listDirectory,
  lookAtFile,
  nearNames,
  readAllBytes,
  readTextPage,
  sniffMime,
  writeFileAtomic,
} from "../../src/workspace/files.ts"
import { folderWith } from "./support.ts"

const options = { offset: 1, limit: 2_000, maxBytes: 51_200, maxLineLength: 2_000 }

test.each([
  ["plain", "alpha\nbeta\n", {}, { lines: ["alpha", "beta"], more: false, totalLines: 2 }],
  ["no last newline", "alpha\nbeta", {}, { lines: ["alpha", "beta"], more: false, totalLines: 2 }],
  ["empty", "", {}, { lines: [], more: false, totalLines: 0 }],
  ["one empty line", "\n", {}, { lines: [""], more: false, totalLines: 1 }],
  ["carriage returns and a byte order mark", "\uFEFFa\r\nb\r\n", {}, { lines: ["a", "b"], totalLines: 2 }],
  [
    "a window",
    "1\n2\n3\n4\n5\n",
    { offset: 2, limit: 2 },
    { lines: ["2", "3"], first: 2, more: true, cut: "lines", totalLines: 5 },
  ],
  [
    "a window that ends exactly at the end",
    "1\n2\n3\n",
    { offset: 2, limit: 2 },
    { lines: ["2", "3"], more: false, totalLines: 3 },
  ],
  [
    "bytes",
    "aaaa\nbbbb\ncccc\n",
    { maxBytes: 10 },
    { lines: ["aaaa", "bbbb"], more: true, cut: "bytes", totalLines: 3 },
  ],
  ["long lines", "€€€€\nab", { maxLineLength: 3 }, { lines: ["€€€...", "ab"], shortened: 1 }],
  ["a line of exactly the length", "€€€\r\n", { maxLineLength: 3 }, { lines: ["€€€"], shortened: 0 }],
])("a page of text: %s", async (_name, content, change, expected) => {
  await using folder = await folderWith({ f: content })
  expect(await readTextPage(folder.at("f"), { ...options, ...change })).toMatchObject(expected)
})

test("a page of a 300 MB file reads only its beginning", async () => {
  await using folder = await folderWith({ big: "line\n".repeat(5_000) })
  await truncate(folder.at("big"), 300 * 1024 * 1024)
  const spent = await cpuMs(async () => {
    const page = await readTextPage(folder.at("big"), { ...options, limit: 10 })
    expect(page).toMatchObject({ more: true, cut: "lines" })
    expect(page.totalLines).toBeUndefined()
  })
  expect(spent).toBeLessThan(100)
})

test("one enormous line is shortened, not held", async () => {
  await using folder = await folderWith({ min: `${"x".repeat(20_000_000)}\nend` })
  const before = process.memoryUsage().rss
  const page = await readTextPage(folder.at("min"), options)
  expect(page.lines).toEqual([`${"x".repeat(2_000)}...`, "end"])
  expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024)
})

test("what cannot be read as text is told in one sentence", async () => {
  await using folder = await folderWith({ bin: Uint8Array.of(1, 0, 2), text: "a\nb\n", target: "x" })
  await symlink("target", folder.at("link"))
  execFileSync("mkfifo", [folder.at("pipe")])
  const read = (name: string, change = {}) => readTextPage(folder.at(name), { ...options, ...change })
  await expect(read("bin")).rejects.toThrow("Cannot read binary file")
  await expect(read("missing")).rejects.toThrow("File not found")
  await expect(read("link")).rejects.toThrow("symbolic link")
  await expect(read("pipe")).rejects.toThrow("not a regular file")
  await expect(read("text", { offset: 3 })).rejects.toThrow("Line 3 is out of range")
  await expect(readTextPage(folder.path, options)).rejects.toThrow("is a directory")
  await expect(read("text", { signal: AbortSignal.abort() })).rejects.toThrow()
})

test("reading everything has a limit, and works for files that grow or report no size", async () => {
  await using folder = await folderWith({ f: "12345", empty: "" })
  expect((await readAllBytes(folder.at("f"), 5)).toString()).toBe("12345")
  expect((await readAllBytes(folder.at("empty"), 0)).length).toBe(0)
  await expect(readAllBytes(folder.at("f"), 4)).rejects.toThrow("larger than 4 bytes")
  expect((await readAllBytes(`/proc/${process.pid}/cmdline`, 100_000)).length).toBeGreaterThan(0)
})

test("content decides what a file is", () => {
  const bytes = (text: string) => Buffer.from(text, "latin1")
  expect(sniffMime(bytes("\x89PNG\r\n\x1a\n...."))).toBe("image/png")
  expect(sniffMime(bytes("\xff\xd8\xff\xe0"))).toBe("image/jpeg")
  expect(sniffMime(bytes("GIF89a"))).toBe("image/gif")
  expect(sniffMime(bytes("RIFF1234WEBPVP8 "))).toBe("image/webp")
  expect(sniffMime(bytes("%PDF-1.7"))).toBe("application/pdf")
  expect(sniffMime(bytes("BM1234\0\0\0\0....."))).toBe("image/bmp")
  expect(sniffMime(bytes("II*\0"))).toBe("image/tiff")
  expect(sniffMime(bytes("\0\0\0\x18ftypheic"))).toBe("image/heic")
  expect(sniffMime(bytes("BMW is a maker of cars"))).toBeUndefined()
  expect(sniffMime(bytes("<svg/>"))).toBeUndefined()
  expect(isBinary(bytes("text\twith\x1b[31mcolour\r\n"))).toBe(false)
  expect(isBinary(Buffer.from("grün 🙂"))).toBe(false)
  expect(isBinary(bytes("a\0"))).toBe(true)
  expect(isBinary(bytes("\x01\x02\x03ab"))).toBe(true)
})

test("a write creates folders, replaces as a whole, keeps the mode and leaves nothing behind", async () => {
  await using folder = await folderWith()
  const file = folder.at("a/b/run.sh")
  expect(await writeFileAtomic(file, "one")).toEqual({ created: true })
  await chmod(file, 0o755)
  await link(file, folder.at("other"))
  expect(await writeFileAtomic(file, "two")).toEqual({ created: false })
  expect(await readFile(file, "utf8")).toBe("two")
  // The other name still has the old bytes: the file was replaced, never half written.
  expect(await readFile(folder.at("other"), "utf8")).toBe("one")
  expect((await stat(file)).mode & 0o777).toBe(0o755)
  await writeFileAtomic(folder.at("secret"), "x", { mode: 0o600 })
  expect((await stat(folder.at("secret"))).mode & 0o777).toBe(0o600)
  expect(await readdir(folder.at("a/b"))).toEqual(["run.sh"])
})

test("a write through a symbolic link changes the target and keeps the link", async () => {
  await using folder = await folderWith({ "real/file": "old" })
  await symlink("real/file", folder.at("link"))
  await writeFileAtomic(folder.at("link"), "new")
  expect(await readlink(folder.at("link"))).toBe("real/file")
  expect(await readFile(folder.at("real/file"), "utf8")).toBe("new")
})

test("a write refuses what is not a file, and says so", async () => {
  await using folder = await folderWith({ file: "" })
  execFileSync("mkfifo", [folder.at("pipe")])
  await expect(writeFileAtomic(folder.path, "x")).rejects.toThrow("is a directory")
  await expect(writeFileAtomic(folder.at("pipe"), "x")).rejects.toThrow("not a regular file")
  await expect(writeFileAtomic(folder.at("file/below"), "x")).rejects.toThrow("is a file, not a directory")
  expect((await readdir(folder.path)).sort()).toEqual(["file", "pipe"])
})

test("a directory is listed sorted, links by what they lead to", async () => {
  await using folder = await folderWith({ "b.ts": "", "a/x": "", "c.ts": "" })
  await symlink("a", folder.at("to-folder"))
  await symlink("nowhere", folder.at("to-nothing"))
  expect(await listDirectory(folder.path, 10)).toEqual({
    entries: [
      { name: "a", kind: "directory" },
      { name: "b.ts", kind: "file" },
      { name: "c.ts", kind: "file" },
      { name: "to-folder", kind: "directory" },
      { name: "to-nothing", kind: "other" },
    ],
    total: 5,
    more: false,
  })
  expect(await listDirectory(folder.path, 2)).toMatchObject({ total: 5, more: true })
  await expect(listDirectory(folder.at("missing"), 1)).rejects.toThrow("File not found")
})

test("near names are suggested for a missing file", async () => {
  await using folder = await folderWith({ "loop.ts": "", "README.md": "", "other.css": "" })
  expect(await nearNames(folder.at("lop.ts"))).toEqual([folder.at("loop.ts")])
  expect(await nearNames(folder.at("readme"))).toEqual([folder.at("README.md")])
  expect(await nearNames(folder.at("unrelated.py"))).toEqual([])
  expect(await nearNames(folder.at("no/folder"))).toEqual([])
})

test("a look tells how a file begins; a large file it knows by its time", async () => {
  await using folder = await folderWith({ empty: "", short: "GIF8", long: "0123456789abcdefghij", large: "large" })
  const startOf = async (name: string) => (await lookAtFile(folder.at(name))).start.toString()
  expect([await startOf("empty"), await startOf("short"), await startOf("long")]).toEqual([
    "",
    "GIF8",
    "0123456789abcdef",
  ])
  await truncate(folder.at("large"), 33 * 1024 * 1024)
  await utimes(folder.at("large"), 5, 5)
  const before = await lookAtFile(folder.at("large"))
  expect(before.start.toString()).toBe("large".padEnd(16, "\0"))
  await utimes(folder.at("large"), 6, 6)
  expect(isSameContent(before.fingerprint, await fingerprint(folder.at("large")))).toBe(false)
})

test("a fingerprint tells a change from a touch", async () => {
  await using folder = await folderWith({ f: "one" })
  const before = await fingerprint(folder.at("f"))
  await utimes(folder.at("f"), 5, 5)
  expect(isSameContent(before, await fingerprint(folder.at("f")))).toBe(true)
  await folder.write("f", "two")
  expect(isSameContent(before, await fingerprint(folder.at("f")))).toBe(false)
})
