import { chmod, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { openWorld } from "./world.ts"

describe("write", () => {
  test("makes a new file and its folders", async () => {
    await using w = await openWorld()
    const filePath = w.path("a/b/c.txt")
    const result = await w.call("write", { filePath, content: "x\ny\n" })
    expect(result).toMatchObject({
      title: "a/b/c.txt",
      output: "Wrote file successfully.",
      metadata: { diagnostics: {}, filepath: filePath, exists: false, filediff: { additions: 2, deletions: 0 } },
    })
    expect(await w.text("a/b/c.txt")).toBe("x\ny\n")
    expect(await readdir(w.path("a/b"))).toEqual(["c.txt"])
  })

  test("shows the change when it asks", async () => {
    await using w = await openWorld()
    const filePath = await w.write("a.txt", "old\n")
    await w.call("read", { filePath })
    const [ask] = await w.asks("write", { filePath, content: "new\n" })
    expect(ask).toMatchObject({
      permission: "edit",
      patterns: ["a.txt"],
      always: ["*"],
      metadata: { filepath: filePath },
    })
    expect(ask!.metadata["diff"]).toContain("-old\n+new\n")
    expect(await w.text("a.txt")).toBe("old\n")
  })

  test("does not replace a file that was not read", async () => {
    await using w = await openWorld()
    const filePath = await w.write("a.txt", "old")
    await expect(w.call("write", { filePath, content: "new" })).rejects.toThrow("Read it first")
    expect(await w.text("a.txt")).toBe("old")
  })

  test("does not replace a file that changed since it was read", async () => {
    await using w = await openWorld()
    const filePath = await w.write("a.txt", "old")
    await w.call("read", { filePath })
    await w.write("a.txt", "by hand")
    await expect(w.call("write", { filePath, content: "new" })).rejects.toThrow("changed on disk")
    expect(await w.text("a.txt")).toBe("by hand")
  })

  test("does not replace a file that changed while the question waited", async () => {
    await using w = await openWorld()
    const filePath = await w.write("a.txt", "old")
    await w.call("read", { filePath })
    const run = await w.prepared("write", { filePath, content: "new" })
    await w.write("a.txt", "by hand")
    await expect(run()).rejects.toThrow("changed while this was waiting")
    const create = await w.prepared("write", { filePath: "new.txt", content: "mine" })
    await w.write("new.txt", "theirs")
    await expect(create()).rejects.toThrow("changed while this was waiting")
    expect(await w.text("new.txt")).toBe("theirs")
  })

  test("is done where an editor that was shown the change has made it meanwhile", async () => {
    await using w = await openWorld()
    const filePath = await w.write("a.txt", "old")
    await w.call("read", { filePath })
    const run = await w.prepared("write", { filePath, content: "new" })
    await w.write("a.txt", "new")
    expect(await run()).toMatchObject({ output: "Wrote file successfully." })
    const create = await w.prepared("write", { filePath: "new.txt", content: "mine" })
    await w.write("new.txt", "mine")
    await create()
    expect([await w.text("a.txt"), await w.text("new.txt")]).toEqual(["new", "mine"])
    // It is known as the agent's own: it may go on from there.
    await w.call("write", { filePath, content: "newer" })
  })

  test("may go on writing what it wrote, and repeat itself", async () => {
    await using w = await openWorld()
    await w.call("write", { filePath: "a.txt", content: "one" })
    await w.call("write", { filePath: "a.txt", content: "two" })
    await using other = await openWorld({ workspace: w.context.workspace })
    await other.call("write", { filePath: w.path("a.txt"), content: "two" })
    expect(await w.text("a.txt")).toBe("two")
  })

  test("keeps mode, byte order mark and the link", async () => {
    await using w = await openWorld()
    const filePath = await w.write("run.sh", "\uFEFFold")
    await chmod(filePath, 0o755)
    await symlink("run.sh", w.path("link.sh"))
    await w.call("read", { filePath })
    await w.call("write", { filePath: w.path("link.sh"), content: "a\r\nb\n" })
    expect(await w.text("run.sh")).toBe("\uFEFFa\r\nb\n")
    expect((await stat(filePath)).mode & 0o777).toBe(0o755)
  })

  test("asks for a folder outside first", async () => {
    await using w = await openWorld()
    const filePath = join(w.outside, "a.txt")
    expect(await w.asks("write", { filePath, content: "x" })).toMatchObject([
      { permission: "external_directory", patterns: [`${w.outside}/*`] },
      { permission: "edit", patterns: [filePath] },
    ])
  })

  test("refuses a folder", async () => {
    await using w = await openWorld()
    await mkdir(w.path("folder"))
    await expect(w.call("write", { filePath: "folder", content: "x" })).rejects.toThrow("is a directory")
  })
})

describe("edit", () => {
  test("replaces the one place and tells the change", async () => {
    await using w = await openWorld()
    const filePath = await w.write("a.txt", "one\ntwo\nthree\n")
    const change = { filePath, oldString: "two", newString: "2\n2" }
    expect((await w.asks("edit", change))[0]).toMatchObject({ permission: "edit", patterns: ["a.txt"], always: ["*"] })
    const result = await w.call("edit", change)
    expect(result).toMatchObject({
      title: "a.txt",
      output: "Edit applied successfully.",
      metadata: { diagnostics: {}, filediff: { file: "a.txt", additions: 2, deletions: 1 } },
    })
    expect(result.metadata["diff"]).toContain("-two\n+2\n+2\n")
    expect(await w.text("a.txt")).toBe("one\n2\n2\nthree\n")
  })

  test("an edit that matches twice changes nothing and says where", async () => {
    await using w = await openWorld()
    const filePath = await w.write("a.txt", "x\ny\nx\n")
    await expect(w.call("edit", { filePath, oldString: "x", newString: "z" })).rejects.toThrow("2 times, at lines 1, 3")
    expect(await w.text("a.txt")).toBe("x\ny\nx\n")
    await w.call("edit", { filePath, oldString: "x", newString: "z", replaceAll: true })
    expect(await w.text("a.txt")).toBe("z\ny\nz\n")
  })

  test("an edit that matches nothing shows the closest text", async () => {
    await using w = await openWorld()
    const filePath = await w.write("a.ts", "import x\n\nfunction total(a, b) {\n  return a + b\n}\n")
    const missed = w.call("edit", { filePath, oldString: "function total(a) {\n  return a + b\n}", newString: "" })
    await expect(missed).rejects.toThrow("3: function total(a, b) {\n4:   return a + b\n5: }")
  })

  test.each([
    ["equal texts", { oldString: "old", newString: "old" }, "the same"],
    ["nothing to quote in a file with content", { oldString: "", newString: "x" }, "exists and is not empty"],
    ["an edit that would change nothing", { oldString: "old \n", newString: "old" }, "already is"],
  ])("%s is a failure", async (_, change, sentence) => {
    await using w = await openWorld()
    await w.write("a.txt", "old")
    await expect(w.call("edit", { filePath: "a.txt", ...change })).rejects.toThrow(sentence)
    expect(await w.text("a.txt")).toBe("old")
  })

  test("an empty quote makes a new file, a quote does not", async () => {
    await using w = await openWorld()
    await w.call("edit", { filePath: "sub/new.txt", oldString: "", newString: "hello\n" })
    expect(await w.text("sub/new.txt")).toBe("hello\n")
    await expect(w.call("edit", { filePath: "sub/nev.txt", oldString: "a", newString: "b" })).rejects.toThrow(
      `File not found: ${w.path("sub/nev.txt")}\n\nDid you mean one of these?\n${w.path("sub/new.txt")}`,
    )
  })

  test("what is done is what was shown, or nothing", async () => {
    await using w = await openWorld()
    await w.write("a.txt", "one two")
    const run = await w.prepared("edit", { filePath: "a.txt", oldString: "two", newString: "2" })
    await w.write("a.txt", "one two three")
    await expect(run()).rejects.toThrow("Nothing was written")
    expect(await w.text("a.txt")).toBe("one two three")
  })

  test("a mark at the start, carriage returns and a missing last line end stay", async () => {
    await using w = await openWorld()
    await w.write("a.txt", "\uFEFFone\r\ntwo\r\nthree")
    await w.call("edit", { filePath: "a.txt", oldString: "\uFEFFone\ntwo", newString: "1\n1b\n2" })
    expect(await w.text("a.txt")).toBe("\uFEFF1\r\n1b\r\n2\r\nthree")
  })

  test("bytes that are not UTF-8 survive an ASCII edit, and forbid any other", async () => {
    await using w = await openWorld()
    await w.write("latin.txt", Buffer.from("caf\xe9 = 1\nb = 2\n", "latin1"))
    await w.call("edit", { filePath: "latin.txt", oldString: "b = 2", newString: "b = 3" })
    expect(await w.bytes("latin.txt")).toEqual(Buffer.from("caf\xe9 = 1\nb = 3\n", "latin1"))
    await expect(w.call("edit", { filePath: "latin.txt", oldString: "b = 3", newString: "b = é" })).rejects.toThrow(
      "not UTF-8",
    )
  })

  test.each(["little", "big"])("UTF-16 stays UTF-16, %s end first", async (end) => {
    await using w = await openWorld()
    const wide = (text: string) => {
      const bytes = Buffer.from(`\uFEFF${text}`, "utf16le")
      return end === "big" ? bytes.swap16() : bytes
    }
    await w.write("wide.txt", wide("caf\u00e9\r\nabc\r\n"))
    const { metadata } = await w.call("edit", {
      filePath: "wide.txt",
      oldString: "caf\u00e9\nabc",
      newString: "\u{1F600}\nx",
    })
    expect(await w.bytes("wide.txt")).toEqual(wide("\u{1F600}\r\nx\r\n"))
    expect(metadata["diff"]).toContain("-caf\u00e9")
  })

  test("binary files and halves of UTF-16 are refused", async () => {
    await using w = await openWorld()
    await w.write("half.txt", Buffer.concat([Buffer.from("\uFEFFabc", "utf16le"), Buffer.from([0])]))
    await w.write("data.bin", Buffer.from("abc\0"))
    await expect(w.call("edit", { filePath: "half.txt", oldString: "abc", newString: "x" })).rejects.toThrow("binary")
    await expect(w.call("edit", { filePath: "data.bin", oldString: "abc", newString: "x" })).rejects.toThrow("binary")
  })

  test("outside, the folder is asked for first", async () => {
    await using w = await openWorld()
    const filePath = join(w.outside, "a.txt")
    await writeFile(filePath, "x")
    expect(await w.asks("edit", { filePath, oldString: "x", newString: "y" })).toMatchObject([
      { permission: "external_directory" },
      { permission: "edit" },
    ])
  })

  test("bytes outside the quote never change, whatever the file", async () => {
    await using w = await openWorld()
    const some = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.map((byte) => byte || 32)))
    await fc.assert(
      fc.asyncProperty(some, some, async (before, after) => {
        // A byte order mark of UTF-16 makes it a file that is refused.
        fc.pre(!/^(?:\xff\xfe|\xfe\xff)/.test(before.toString("latin1")))
        await w.write("any", Buffer.concat([before, Buffer.from("<<here>>"), after]))
        await w.call("edit", { filePath: "any", oldString: "<<here>>", newString: "THERE" })
        expect(await w.bytes("any")).toEqual(Buffer.concat([before, Buffer.from("THERE"), after]))
      }),
      { numRuns: 60 },
    )
  })
})
