import { mkdirSync, symlinkSync } from "node:fs"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { describe, expect, test } from "vitest"
import type { Layer } from "../../src/config/layers.ts"
import { isRepository, parseRepository } from "../../src/config/reference.ts"
import { foldersToOpen, resolveReferences, type ReferencesInput } from "../../src/config/references.ts"

test.each([
  ["owner/name", true],
  ["github.com/owner/name", true],
  ["https://example.com/a.git", true],
  ["git@example.com:a/b.git", true],
  ["file:///srv/a.git", true],
  ["./lib", false],
  ["../lib", false],
  ["/srv/lib", false],
  ["~/lib", false],
  [".", false],
  ["lib", false],
  ["c:\\lib", false],
])("%s is a repository: %s", (text, is) => {
  expect(isRepository(text)).toBe(is)
})

describe("an address of a repository", () => {
  test.each([
    ["owner/name", "https://github.com/owner/name", "github.com/owner/name"],
    ["GitHub.com/owner/name.git", "https://GitHub.com/owner/name.git", "github.com/owner/name"],
    ["https://example.com:8443/a/b/c.git/", "https://example.com:8443/a/b/c.git/", "example.com%3A8443/a/b/c"],
    ["git@example.com:a/b.git", "git@example.com:a/b.git", "example.com/a/b"],
    ["ssh://git@example.com/a/b", "ssh://git@example.com/a/b", "example.com/a/b"],
    ["file:///srv/a.git", "file:///srv/a.git", "local/srv/a"],
    ["https://example.com/a%20b", "https://example.com/a%20b", "example.com/a%20b"],
  ])("%s", (text, url, folder) => {
    const found = parseRepository(text)
    expect(found).toMatchObject({ url })
    expect("segments" in found && found.segments.join("/")).toBe(folder)
  })

  test.each([
    "http://example.com/a",
    "git://example.com/a",
    "ext::sh -c touch% /tmp/x",
    "https://user:key@example.com/a",
    "https://key@example.com/a",
    "--upload-pack=touch",
    "-x/y",
    "https://-oProxyCommand=x/a",
    "-host:a/b",
    "https://example.com/",
    "https://example.com/a/%2e%2e/%2e%2e",
    "https://example.com/-x",
    "not an address",
  ])("%s is refused", (text) => {
    expect(parseRepository(text)).toHaveProperty("problem")
  })

  test("each branch has a folder of its own, and one that git would take for an option is refused", () => {
    expect(parseRepository("a/b", { branch: "x/y" })).toMatchObject({
      branch: "x/y",
      segments: ["github.com", "a", "b%40x%2Fy"],
    })
    expect(parseRepository("a/b", { branch: "--upload-pack=x" })).toHaveProperty("problem")
    expect(parseRepository("a/b", { branch: "" })).toHaveProperty("problem")
  })

  test("owner/name may be looked for elsewhere than on GitHub", () => {
    expect(parseRepository("a/b", { github: "https://git.example.com/" })).toMatchObject({
      url: "https://git.example.com/a/b",
    })
  })
})

/** @param layer who wrote them, in `opencode.json` of the folder `from` */
async function resolved(references: ReferencesInput["references"], layer: Layer = "user", isTrusted = false) {
  using folder = tempFolder("references")
  folder.write({ "project/lib/f": "", "elsewhere/f": "", "home/notes/f": "", "config/own/f": "" })
  mkdirSync(folder.join("project/.opencode"))
  symlinkSync(folder.join("elsewhere"), folder.join("project/link"))
  const root = folder.join("project")
  const from = layer === "project" ? folder.join("project/opencode.json") : folder.join("config/opencode.json")
  const { references: list, issues } = await resolveReferences({
    references,
    origin: () => ({ layer, file: from }),
    directory: root,
    home: folder.join("home"),
    roots: [root],
    repositories: folder.join("data/repos"),
    isTrusted: () => isTrusted,
  })
  const short = (text: string) => text.replaceAll(`${folder.path}/`, "")
  return {
    places: list.map(({ name, path }) => [name, short(path)]),
    open: foldersToOpen(list, [root]).map(short),
    issues: issues.map(({ message }) => short(message)),
  }
}

test("references are in the order of their names, and relative to the file that names them", async () => {
  const found = await resolved({
    z: { path: "own", description: "d" },
    b: "./own",
    a: { path: "~/notes", hidden: true },
    c: { repository: "owner/name", branch: "main" },
    d: "owner/name",
    later: { path: "not/yet/there" },
  })
  expect(found).toEqual({
    places: [
      ["a", "home/notes"],
      ["b", "config/own"],
      ["c", "data/repos/github.com/owner/name%40main"],
      ["d", "data/repos/github.com/owner/name"],
      ["later", "config/not/yet/there"],
      ["z", "config/own"],
    ],
    open: expect.arrayContaining(["home/notes", "config/own"]),
    issues: [],
  })
})

test("what is in the project needs no rule of its own", async () => {
  expect(await resolved({ lib: "./lib" }, "project")).toEqual({
    places: [["lib", "project/lib"]],
    open: [],
    issues: [],
  })
})

test("a link in a project opens nothing outside before the project is trusted", async () => {
  const held = await resolved({ out: "./link" }, "project")
  expect(held).toEqual({
    places: [],
    open: [],
    issues: [
      'The reference "out" is left out: it leads out of the project; it is held back until you trust this project.',
    ],
  })
  expect(await resolved({ out: "../elsewhere" }, "project")).toMatchObject({ open: ["elsewhere"] }) // was approved as such
  expect(await resolved({ out: "./link" }, "project", true)).toMatchObject({ open: ["elsewhere"], issues: [] })
})

test("what cannot be used is left out with an issue, and the rest is there", async () => {
  const found = await resolved({
    "two words": "./own",
    "a/b": "./own",
    empty: { path: "" },
    plain: { repository: "http://example.com/a" },
    good: "./own",
  })
  expect(found.places).toEqual([["good", "config/own"]])
  expect(found.issues).toHaveLength(4)
})
