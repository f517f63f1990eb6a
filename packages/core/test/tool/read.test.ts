import { execFileSync } from "node:child_process"
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { unprivileged } from "@opencode/testing/unprivileged.ts"
import { expect, test } from "vitest"
import { openWorld } from "./world.ts"

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
)

test("a file comes with line numbers and its end", async () => {
  await using w = await openWorld()
  const path = await w.write("src/a.txt", "alpha\r\nbeta\n")
  expect(await w.call("read", { filePath: path })).toEqual({
    title: "src/a.txt",
    output: `<path>${path}</path>\n<type>file</type>\n<content>\n1: alpha\n2: beta\n\n(End of file - total 2 lines)\n</content>`,
    metadata: { preview: "alpha\nbeta", truncated: false, loaded: [] },
  })
})

test("a relative path is taken from the workspace folder", async () => {
  await using w = await openWorld()
  await w.write("a.txt", "x")
  expect((await w.call("read", { filePath: "a.txt" })).title).toBe("a.txt")
})

test("a page says where to go on", async () => {
  await using w = await openWorld()
  await w.write("a.txt", Array.from({ length: 10 }, (_, index) => `line ${index + 1}`).join("\n"))
  const page = await w.call("read", { filePath: "a.txt", offset: 3, limit: 2 })
  expect(page.output).toContain("\n3: line 3\n4: line 4\n\n(Showing lines 3-4 of 10. Use offset 5 to go on.)")
  expect(page.metadata["truncated"]).toBe(true)
  expect((await w.call("read", { filePath: "a.txt", offset: 9, limit: 2 })).output).toContain(
    "10: line 10\n\n(End of file - total 10 lines)",
  )
  await expect(w.call("read", { filePath: "a.txt", offset: 11 })).rejects.toThrow("has 10 lines")
})

test("long lines and long files are cut where the limits say", async () => {
  await using w = await openWorld()
  await w.write("wide.txt", `${"x".repeat(100_000)}\nend\n`)
  const wide = (await w.call("read", { filePath: "wide.txt" })).output
  expect(wide.length).toBeLessThan(2_300)
  expect(wide).toContain("2: end")

  await w.write("long.txt", `${"y".repeat(100)}\n`.repeat(1_000))
  const long = await w.call("read", { filePath: "long.txt" })
  expect(Buffer.byteLength(long.output)).toBeLessThan(60_000)
  expect(long.output).toMatch(/Showing lines 1-\d+ of 1000 that fit into the size limit\. Use offset \d+ to go on\./)
})

test("an empty file is an empty file", async () => {
  await using w = await openWorld()
  const path = await w.write("empty", "")
  expect((await w.call("read", { filePath: path })).output).toBe(
    `<path>${path}</path>\n<type>file</type>\n<content>\n\n(End of file - total 0 lines)\n</content>`,
  )
})

test("a folder is listed, sorted, with a slash behind folders", async () => {
  await using w = await openWorld()
  await w.write("src/b.ts", "")
  await w.write("src/a/x.ts", "")
  const path = w.path("src")
  const listed = await w.call("read", { filePath: path })
  expect(listed.output).toBe(
    `<path>${path}</path>\n<type>directory</type>\n<entries>\na/\nb.ts\n\n(2 entries)\n</entries>`,
  )
  const second = await w.call("read", { filePath: path, offset: 2, limit: 1 })
  expect(second.output).toContain("<entries>\nb.ts\n\n(2 entries)")
  expect((await w.call("read", { filePath: path, limit: 1 })).output).toContain(
    "(Showing entries 1-1 of 2. Use offset 2 to go on.)",
  )
})

test("an image is attached, told by its content and not by its name", async () => {
  await using w = await openWorld()
  await w.write("picture.txt", PNG)
  const { attachments } = await w.call("read", { filePath: "picture.txt" })
  expect(attachments).toEqual([
    {
      type: "file",
      mime: "image/png",
      url: `data:image/png;base64,${PNG.toString("base64")}`,
      filename: "picture.txt",
    },
  ])
})

test("an image that is too large is a note", async () => {
  await using w = await openWorld()
  await w.write("big.png", Buffer.concat([PNG, Buffer.alloc(33 * 1024 * 1024)]))
  const result = await w.call("read", { filePath: "big.png" })
  expect(result.attachments).toBeUndefined()
  expect(result.output).toContain("Image not shown")
})

test("binary files, pipes and devices are refused with a sentence", async () => {
  await using w = await openWorld()
  await w.write("data.bin", Buffer.from([1, 0, 2, 0]))
  execFileSync("mkfifo", [w.path("pipe")])
  await expect(w.call("read", { filePath: "data.bin" })).rejects.toThrow("binary")
  await expect(w.call("read", { filePath: "pipe" })).rejects.toThrow("cannot be read")
  await expect(w.call("read", { filePath: "/dev/zero" })).rejects.toThrow("/dev")
  await expect(w.call("read", { filePath: "/proc/self/environ" })).rejects.toThrow("/proc")
})

test("a missing file is named, with what is near", async () => {
  await using w = await openWorld()
  await w.write("src/session.ts", "")
  await expect(w.call("read", { filePath: "src/sesion.ts" })).rejects.toThrow(
    `File not found: ${w.path("src/sesion.ts")}\n\nDid you mean one of these?\n${w.path("src/session.ts")}`,
  )
})

test("inside, only the read itself is asked for, by the path that is really read", async () => {
  await using w = await openWorld()
  await w.write(".env", "KEY=1")
  await symlink(w.path(".env"), w.path("notes.txt"))
  expect(await w.asks("read", { filePath: ".env" })).toMatchObject([
    { permission: "read", patterns: [".env"], always: ["*"] },
  ])
  expect(await w.asks("read", { filePath: "notes.txt" })).toMatchObject([
    { permission: "read", patterns: [".env"], aliases: { ".env": expect.arrayContaining(["notes.txt"]) } },
  ])
})

test("outside, the folder is asked for first, also through a link", async () => {
  await using w = await openWorld()
  const path = join(w.outside, "secret.txt")
  await writeFile(path, "x")
  await mkdir(join(w.outside, "folder"))
  await symlink(path, w.path("link.txt"))
  const folder = { permission: "external_directory", patterns: [`${w.outside}/*`], always: [`${w.outside}/*`] }
  const asks = [
    { ...folder, metadata: { filepath: path, parentDir: w.outside } },
    { permission: "read", patterns: [path] },
  ]
  expect(await w.asks("read", { filePath: path })).toMatchObject(asks)
  expect(await w.asks("read", { filePath: "link.txt" })).toMatchObject(asks)
  expect((await w.asks("read", { filePath: join(w.outside, "folder") }))[0]).toMatchObject({
    patterns: [`${w.outside}/folder/*`],
  })
})

test("a link that is exchanged after the question is not followed", async () => {
  await using w = await openWorld()
  await w.write("sub/a.txt", "harmless")
  await writeFile(join(w.outside, "a.txt"), "secret")
  const run = await w.prepared("read", { filePath: "sub/a.txt" })
  execFileSync("rm", ["-r", w.path("sub")])
  await symlink(w.outside, w.path("sub"))
  await expect(run()).rejects.toThrow("somewhere else")
})

test("UTF-16 is read as text, in both orders", async () => {
  await using w = await openWorld()
  const wide = Buffer.from("\uFEFFcaf\u00e9\r\n\u{1F600}\r\n", "utf16le")
  await w.write("le.txt", wide)
  await w.write("be.txt", Buffer.from(wide).swap16())
  for (const filePath of ["le.txt", "be.txt"]) {
    const { output } = await w.call("read", { filePath })
    expect(output).toContain("<content>\n1: caf\u00e9\n2: \u{1F600}\n\n(End of file - total 2 lines)")
  }
  expect((await w.call("read", { filePath: "le.txt", offset: 2, limit: 1 })).output).toContain(
    "<content>\n2: \u{1F600}\n",
  )
  await expect(w.call("read", { filePath: "le.txt", offset: 3 })).rejects.toThrow("has 2 lines")
  await w.write("utf32.txt", Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]))
  await expect(w.call("read", { filePath: "utf32.txt" })).rejects.toThrow("binary")
})

test("a notebook comes as its cells", async () => {
  await using w = await openWorld()
  const cells = [
    { cell_type: "markdown", source: ["# Title\n", "text"] },
    {
      cell_type: "code",
      source: "print(1)",
      outputs: [
        { output_type: "stream", text: ["1\n"] },
        { output_type: "display_data", data: { "image/png": "aGVsbG8=" } },
        { output_type: "error", ename: "ValueError", evalue: "no" },
      ],
    },
    null,
  ]
  await w.write("a.ipynb", JSON.stringify({ cells, metadata: { language_info: { name: "python" } } }))
  const { output } = await w.call("read", { filePath: "a.ipynb" })
  expect(output).toContain(
    [
      '2: <cell number="1" type="markdown">',
      "3: # Title",
      "4: text",
      "5: </cell>",
      '6: <cell number="2" type="code" language="python">',
      "7: print(1)",
      "8: </cell>",
      "9: <output>",
      "10: 1",
      "11: (image/png, not shown)",
      "12: ValueError: no",
      "13: </output>",
    ].join("\n"),
  )
  expect(output).not.toContain("aGVsbG8")
  for (const text of ["{}", "[1]", "no JSON", '{"cells": 1}']) {
    await w.write("b.ipynb", text)
    expect((await w.call("read", { filePath: "b.ipynb" })).output).toContain(`1: ${text}`)
  }
})

test("what may not be read is refused with a sentence", async () => {
  await using w = await openWorld()
  await chmod(await w.write("secret", "x"), 0o000)
  const read = () => w.call("read", { filePath: "secret" })
  await expect(unprivileged(dirname(w.directory), read)).rejects.toThrow("No permission to access")
})

test("a link to a device is refused before anything is asked", async () => {
  await using w = await openWorld()
  await symlink("/dev/zero", w.path("zero"))
  await symlink("/proc/self/environ", w.path("environ"))
  await expect(w.asks("read", { filePath: "zero" })).rejects.toThrow("cannot be used as files")
  await expect(w.asks("read", { filePath: "environ" })).rejects.toThrow("cannot be used as files")
})
