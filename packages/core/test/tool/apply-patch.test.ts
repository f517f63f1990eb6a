import { chmod, mkdir, readdir, stat, symlink } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { openWorld } from "./world.ts"

const patch = (...lines: string[]) => ({ patchText: ["*** Begin Patch", ...lines, "*** End Patch"].join("\n") })

test("adds, changes, moves and deletes in one go, and says what it did", async () => {
  await using w = await openWorld()
  await w.write("old.ts", "a\r\nb\r\n")
  await w.write("run.sh", "#!/bin/sh\necho 1\n")
  await chmod(w.path("run.sh"), 0o750)
  await w.write("gone.ts", "x\n")
  const result = await w.call(
    "apply_patch",
    patch(
      "*** Add File: src/new.ts",
      "+first",
      "*** Update File: old.ts",
      " a",
      "-b",
      "+B",
      "*** Update File: run.sh",
      "*** Move to: bin/go.sh",
      "-echo 1",
      "+echo 2",
      "*** Delete File: gone.ts",
    ),
  )
  expect(result).toMatchObject({
    title: "4 files",
    output: "Success. Updated the following files:\nA src/new.ts\nM old.ts\nR run.sh -> bin/go.sh\nD gone.ts",
    metadata: { files: [{ type: "add", additions: 1 }, { type: "update" }, { type: "move" }, { type: "delete" }] },
  })
  expect(result.edited).toEqual(["src/new.ts", "old.ts", "run.sh", "bin/go.sh", "gone.ts"].map(w.path))
  expect(await w.text("src/new.ts")).toBe("first\n")
  expect(await w.text("old.ts")).toBe("a\r\nB\r\n")
  expect(await w.text("bin/go.sh")).toBe("#!/bin/sh\necho 2\n")
  expect((await stat(w.path("bin/go.sh"))).mode & 0o777).toBe(0o750)
  expect((await readdir(w.directory)).sort()).toEqual(["bin", "old.ts", "src"])
})

test("asks once for all files, and shows every change", async () => {
  await using w = await openWorld()
  await w.write("a", "1\n")
  const asks = await w.asks("apply_patch", patch("*** Update File: a", "-1", "+2", "*** Add File: b", "+x"))
  expect(asks).toHaveLength(1)
  expect(asks[0]).toMatchObject({ permission: "edit", patterns: ["a", "b"], always: ["*"] })
  expect(asks[0]!.metadata["diff"]).toMatch(/-1\n\+2[^]*\+x/)
  expect(asks[0]!.metadata["files"]).toHaveLength(2)
  expect(await w.text("a")).toBe("1\n")
})

test("keeps a byte order mark and other encodings", async () => {
  await using w = await openWorld()
  await w.write("bom", "\uFEFFa\nb\n")
  await w.write("latin", Buffer.from("caf\u00e9\nb\n", "latin1"))
  await w.call("apply_patch", patch("*** Update File: bom", "-a", "+A", "*** Update File: latin", "-b", "+B"))
  expect(await w.text("bom")).toBe("\uFEFFA\nb\n")
  expect((await w.bytes("latin")).toString("latin1")).toBe("caf\u00e9\nB\n")
})

describe("nothing is written when a part of it cannot be", () => {
  const good = ["*** Update File: a", "-1", "+2"]
  test.each([
    ["a change that does not fit", ["*** Update File: b", "-none", "+x"], /Change 1 of .*b was not found/],
    ["a change that fits twice", ["*** Update File: twice", "-x", "+y"], /fits 2 places, at lines 1, 2/],
    ["a missing file", ["*** Delete File: nope"], /File not found/],
    ["a new file that exists", ["*** Add File: b", "+x"], /b exists/],
    ["a folder", ["*** Delete File: folder"], /is a directory/],
    ["a move over a file", ["*** Update File: b", "*** Move to: twice"], /nothing is moved over it/],
    ["a move onto a file of the patch", ["*** Update File: b", "*** Move to: a"], /names a twice/],
    ["the same file again", ["*** Update File: ./folder/../a", "-1", "+3"], /twice \(also as a\)/],
    ["a file in a file", ["*** Add File: b/c", "+x"], /b is a file, not a folder/],
    ["a file and a folder at once", ["*** Add File: n", "+x", "*** Add File: n/m", "+x"], /at once/],
    ["a binary file", ["*** Update File: binary", "-x", "+y"], /binary/],
    ["a deleted link", ["*** Delete File: link"], /symbolic link/],
    ["a device", ["*** Add File: /dev/shm/x", "+x"], /cannot be used as files/],
    ["no change", ["*** Update File: b", "-1", "+1"], /already is/],
  ])("%s", async (_, lines, reason) => {
    await using w = await openWorld()
    await w.write("a", "1\n")
    await w.write("b", "1\n")
    await w.write("twice", "x\nx\n")
    await w.write("binary", Buffer.from([120, 0, 10]))
    await mkdir(w.path("folder"))
    await symlink("b", w.path("link"))
    await expect(w.call("apply_patch", patch(...good, ...lines))).rejects.toThrow(reason)
    expect(await w.text("a")).toBe("1\n")
  })

  test("a file that changed while the question waited", async () => {
    await using w = await openWorld()
    await w.write("a", "1\n")
    await w.write("b", "1\n")
    const run = await w.prepared("apply_patch", patch(...good, "*** Update File: b", "-1", "+2"))
    await w.write("b", "1\n\n")
    await expect(run()).rejects.toThrow(/b changed while this was waiting. Nothing was written/)
    expect(await w.text("a")).toBe("1\n")
  })

  // Whether a file may be written is asked for the real user of the process, and root may write all of them.
  test.skipIf(process.getuid?.() === 0)("a file that may not be written", async () => {
    await using w = await openWorld()
    await w.write("a", "1\n")
    await chmod(await w.write("b", "1\n"), 0o400)
    await expect(w.call("apply_patch", patch(...good, "*** Update File: b", "-1", "+2"))).rejects.toThrow(
      "No permission",
    )
    expect(await w.text("a")).toBe("1\n")
  })
})

test("when a later write fails, it says exactly which files were written", async () => {
  await using w = await openWorld()
  await w.write("a", "1\n")
  await w.write("d/b", "1\n")
  await w.write("c", "1\n")
  const change = (name: string) => [`*** Update File: ${name}`, "-1", "+2"]
  const run = await w.prepared("apply_patch", patch(...change("a"), ...change("d/b"), ...change("c")))
  // The second file goes in the moment between the check of all and its own.
  const { seen } = w.context
  const set = seen.set
  const { rmSync } = await import("node:fs")
  seen.set = (real, known) => {
    if (real === w.path("a")) rmSync(w.path("d"), { recursive: true })
    set(real, known)
  }
  await expect(run()).rejects.toThrow(/in part only.*Done: M a\. Failed: M d\/b\. Not done: M c\./)
  expect([await w.text("a"), await w.text("c")]).toEqual(["2\n", "1\n"])
})

test("places outside ask first, however they are written", async () => {
  await using w = await openWorld()
  await symlink(w.outside, w.path("way"))
  const parent = join(w.outside, "*")
  for (const path of ["../outside/x", join(w.outside, "x"), "way/x"]) {
    const asks = await w.asks("apply_patch", patch(`*** Add File: ${path}`, "+x"))
    expect(asks).toMatchObject([
      { permission: "external_directory", patterns: [parent] },
      { permission: "edit", patterns: [join(w.outside, "x")] },
    ])
  }
})

test("files that decide what runs later are asked for apart", async () => {
  await using w = await openWorld()
  await w.write("hook", "x\n")
  const asks = await w.asks("apply_patch", patch("*** Update File: hook", "*** Move to: .GIT/hooks/pre-commit"))
  expect(asks).toMatchObject([
    { permission: "control_file", patterns: [".GIT/hooks/pre-commit"], always: [] },
    { permission: "edit", patterns: ["hook", ".GIT/hooks/pre-commit"] },
  ])
})
