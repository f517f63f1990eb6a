import { mkdtemp, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { ensureFolder, findFolders, findManagedFolder } from "../../src/config/folders.ts"

test("the places are the usual ones", () => {
  expect(findFolders({ env: {}, home: "/h" })).toEqual({
    home: "/h",
    data: "/h/.local/share/opencode",
    config: "/h/.config/opencode",
    state: "/h/.local/state/opencode",
    cache: "/h/.cache/opencode",
    temp: "/tmp/opencode",
    log: "/h/.local/share/opencode/log",
    toolOutput: "/h/.local/share/opencode/tool-output",
  })
})

test("variables move them, unless they are relative", () => {
  const env = {
    XDG_DATA_HOME: "/d",
    XDG_CONFIG_HOME: "c",
    XDG_STATE_HOME: "/s",
    TMPDIR: "/t",
    OPENCODE_CONFIG_DIR: "x",
  }
  expect(findFolders({ env, home: "/h" })).toMatchObject({
    data: "/d/opencode",
    log: "/d/opencode/log",
    config: "/h/.config/opencode",
    state: "/s/opencode",
    temp: "/t/opencode",
    extraConfig: "x",
  })
})

test.each([
  ["linux", "/etc/opencode"],
  ["darwin", "/Library/Application Support/opencode"],
] as const)("managed on %s", (platform, folder) => {
  expect(findManagedFolder({ env: {}, platform })).toBe(folder)
})

test("a folder is made for its user alone", async () => {
  const root = await mkdtemp(join(tmpdir(), "folders-"))
  try {
    const folder = await ensureFolder(join(root, "a", "b"))
    for (const path of [folder, join(root, "a")]) expect((await stat(path)).mode & 0o777).toBe(0o700)
    expect(await ensureFolder(folder)).toBe(folder)
    await expect(ensureFolder(folder, { uid: 424_242 })).rejects.toMatchObject({ code: "storage" })
    await expect(ensureFolder("/dev/null/x")).rejects.toMatchObject({ code: "storage" })
  } finally {
    await rm(root, { recursive: true })
  }
})
