import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { createOutput } from "../../src/process/output.ts"
import { startProcess } from "../../src/process/spawn.ts"
import { temporaryFolder } from "./support.ts"

test("short output is whole and writes no file", async () => {
  const output = createOutput({ path: "/nonexistent/never" })
  output.write(Buffer.from("one\ntwo"))
  expect(output.preview()).toBe("one\ntwo")
  expect(await output.finish()).toEqual({ text: "one\ntwo", truncated: false, totalBytes: 7, totalLines: 2 })
})

test("a character split across chunks stays whole", async () => {
  const output = createOutput({ path: "/nonexistent/never" })
  for (const byte of Buffer.from("grün €uro 🙂")) output.write(Uint8Array.of(byte))
  expect((await output.finish()).text).toBe("grün €uro 🙂")
})

test.each([
  ["lines", { maxLines: 3 }, "1\n2\n3\n4\n5\n", "3\n4\n5\n"],
  ["lines without a last newline", { maxLines: 2 }, "1\n2\n3", "2\n3"],
  ["exactly at the limit", { maxLines: 3 }, "1\n2\n3\n", "1\n2\n3\n"],
  ["bytes", { maxBytes: 7 }, "aaa\nbbb\nccc\n", "ccc\n"],
  ["bytes in one long line", { maxBytes: 5 }, "aaaaaaaa€", "aa€"],
  ["bytes in the middle of a character", { maxBytes: 4 }, "€€", "€"],
  [
    "both ends by lines",
    { maxLines: 2, keep: "both" as const },
    "1\n2\n3\n4\n",
    "1\n\n... 5 bytes left out ...\n\n4\n",
  ],
  [
    "both ends by bytes",
    { maxBytes: 6, keep: "both" as const },
    "abcdefghij",
    "abc\n\n... 4 bytes left out ...\n\nhij",
  ],
])("limits: %s", async (_name, limits, input, expected) => {
  await using folder = await temporaryFolder()
  for (const size of [1, 2, input.length]) {
    const path = join(folder.path, `out-${size}`)
    const output = createOutput({ path, ...limits })
    const bytes = Buffer.from(input)
    for (let at = 0; at < bytes.length; at += size) await output.write(bytes.subarray(at, at + size))
    const result = await output.finish()
    expect(result.text).toBe(expected)
    expect(result.truncated).toBe(expected !== input)
    if (result.truncated) expect(await readFile(path, "utf8")).toBe(input)
  }
})

test("the file is private and stops at its cap", async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, "deep", "out")
  const output = createOutput({ path, maxBytes: 10, maxFileBytes: 20 })
  for (let line = 0; line < 10; line += 1) await output.write(Buffer.from("0123456789"))
  expect((await output.finish()).outputPath).toBe(path)
  expect(await readFile(path, "utf8")).toBe("01234567890123456789\n[the rest is not kept: more than 20 bytes]\n")
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test("a disk that refuses the file costs the file, not the output", async () => {
  await using folder = await temporaryFolder()
  const output = createOutput({ path: folder.path, maxBytes: 4 })
  await output.write(Buffer.from("abcdefgh"))
  const result = await output.finish()
  expect(result).toMatchObject({ text: "efgh", truncated: true, totalBytes: 8 })
  expect(result.outputPath).toBeUndefined()
})

test("100 MB of output do not grow the memory", async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, "out")
  const output = createOutput({ path })
  let peak = 0
  const before = process.memoryUsage().rss
  const child = startProcess({
    file: "/bin/sh",
    args: ["-c", "yes 0123456789 | head -c 100000000; echo; echo the end"],
    cwd: "/",
    env: { PATH: process.env["PATH"] },
    sink: (chunk) => {
      peak = Math.max(peak, process.memoryUsage.rss())
      return output.write(chunk)
    },
  })
  expect((await child.exited).code).toBe(0)
  expect(output.preview().length).toBeLessThanOrEqual(16 * 1024)
  const result = await output.finish()
  expect(result.totalBytes).toBe(100_000_009)
  expect(result.text.length).toBeLessThanOrEqual(51_200)
  expect(result.text.endsWith("the end\n")).toBe(true)
  expect((await stat(path)).size).toBeLessThan(52_500_000)
  expect(peak - before).toBeLessThan(120 * 1024 * 1024)
})
