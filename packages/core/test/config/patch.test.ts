import { chmod, lstat, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { patchFile } from "../../src/config/patch.ts"
import { place } from "./place.ts"

interface File {
  patch(patch: unknown): Promise<boolean>
  text(): Promise<string>
  path: string
  root: string
}

async function file(at: { root: string }, content?: string, within?: string): Promise<File> {
  const path = join(at.root, "opencode.jsonc")
  if (content !== undefined) await writeFile(path, content)
  return {
    path,
    root: at.root,
    patch: (patch) =>
      patchFile(patch, { file: path, beginning: { $schema: "s" }, state: join(at.root, "state"), within }),
    text: () => readFile(path, "utf8"),
  }
}

const COMMENTED = `{
  // the usual one
  "model": "a/b", // for now
  "agent": {
    "x": { "model": "a/c" /* cheap */ },
  },
}
`

/** What is there, the patch, what is there then. */
const cases: [string, string, unknown, string][] = [
  [
    "comments and everything else stay",
    COMMENTED,
    { model: "c/d", agent: { x: { steps: 3 } } },
    COMMENTED.replace('"a/b"', '"c/d"').replace('"a/c"', '"a/c",\n      "steps": 3'),
  ],
  ["an empty file is an object", "", { share: "auto" }, '{\n  "share": "auto"\n}\n'],
  [
    "null takes a member out",
    '{\n  "model": "a/b",\n  "share": "auto"\n}\n',
    { share: null },
    '{\n  "model": "a/b"\n}\n',
  ],
  [
    "null for what is not there changes nothing",
    '{ "model": "a/b" }',
    { share: null, agent: { x: null } },
    '{ "model": "a/b" }',
  ],
  [
    "lists are replaced",
    '{ "instructions": ["a", "b"] }',
    { instructions: ["c"] },
    '{ "instructions": [\n    "c"\n  ] }',
  ],
  [
    "the mark of a secret leaves what is there",
    '{ "provider": { "x": { "options": { "apiKey": "k" } } } }',
    { provider: { x: { options: { apiKey: "[secret]" } } } },
    '{ "provider": { "x": { "options": { "apiKey": "k" } } } }',
  ],
  [
    "also inside of a list",
    '{ "mcp": { "x": { "type": "local", "command": ["a", "https://u:p@h"] } } }',
    { mcp: { x: { type: "local", command: ["a", "https://[secret]@h"] } } },
    '{ "mcp": { "x": { "type": "local", "command": ["a", "https://u:p@h"] } } }',
  ],
  [
    "what nobody knows is passed over",
    '{ "model": "a/b" }',
    { colour: "red", server: { prot: 1 }, __proto__: 1 },
    '{ "model": "a/b" }',
  ],
  [
    "what a client was shown of nothing stays nothing",
    '{ "model": "a/b" }',
    { agent: {}, plugin: [], mode: {}, command: {}, instructions: [] },
    '{ "model": "a/b" }',
  ],
  ["tabs stay tabs", '{\n\t"model": "a/b"\n}\n', { share: "auto" }, '{\n\t"model": "a/b",\n\t"share": "auto"\n}\n'],
  [
    "lines end as they did",
    '{\r\n  "model": "a/b"\r\n}\r\n',
    { share: "auto" },
    '{\r\n  "model": "a/b",\r\n  "share": "auto"\r\n}\r\n',
  ],
  [
    "a bare word of a permission stays its first rule",
    '{ "permission": "ask" }',
    { permission: { bash: "deny" } },
    '{ "permission": {\n    "*": "ask",\n    "bash": "deny"\n  } }',
  ],
  ["newer spellings are understood", "{}", { snapshots: false }, '{\n  "snapshot": false\n}'],
]

describe("a patch of a file", () => {
  test.each(cases)("%s", async (_, before, patch, after) => {
    await using at = await place()
    const target = await file(at, before)
    expect(await target.patch(JSON.parse(JSON.stringify(patch)))).toBe(before !== after)
    // Spaces are the writer's: what counts is what it says, and that nothing else moved.
    expect((await target.text()).replaceAll(/[ \n]+/g, " ")).toBe(after.replaceAll(/[ \n]+/g, " "))
  })

  test("makes the file when there is none", async () => {
    await using at = await place()
    const target = await file(at)
    await target.patch({ model: "a/b" })
    expect(JSON.parse(await target.text())).toEqual({ $schema: "s", model: "a/b" })
  })

  /** What is there, the patch, what is said. */
  const refused: [string, unknown, RegExp][] = [
    ['{\n "model": }', { share: "auto" }, /line 2/],
    ["[]", { share: "auto" }, /has to be an object/],
    ['{"model":"a/b","model":"c/d"}', { model: "e/f" }, /twice/],
    ['{"agent":1,"agent":{"x":{}}}', { agent: { x: { steps: 1 } } }, /twice/],
    ["{}", { share: "sometimes" }, /`share` must be one of/],
    ["{}", { agent: { x: { color: "red" } } }, /`agent.x.color`/],
    ["{}", { permission: { bash: "maybe" } }, /`permission.bash`/],
    ["{}", { command: { x: { description: "d" } } }, /lacks `template`/],
    ["{}", "text", /has to be an object/],
    ["{}", [{ share: "auto" }], /has to be an object/],
  ]
  test.each(refused)("of %s with %j is refused, and nothing is written", async (before, patch, why) => {
    await using at = await place()
    const target = await file(at, before)
    await expect(target.patch(patch)).rejects.toMatchObject({
      code: "bad_request",
      message: expect.stringMatching(why),
    })
    expect(await target.text()).toBe(before)
  })

  test("what was wrong before is no reason to refuse something else", async () => {
    await using at = await place()
    const target = await file(at, '{ "share": "sometimes" }')
    await target.patch({ model: "a/b" })
    expect(JSON.parse(await target.text())).toEqual({ share: "sometimes", model: "a/b" })
  })

  test("keeps the mode of the file, and leaves nothing beside it", async () => {
    await using at = await place()
    const target = await file(at, "{}")
    await chmod(target.path, 0o640)
    await target.patch({ model: "a/b" })
    expect((await stat(target.path)).mode & 0o777).toBe(0o640)
    const { readdir } = await import("node:fs/promises")
    expect((await readdir(at.root)).filter((name) => name.startsWith("opencode.jsonc"))).toEqual(["opencode.jsonc"])
  })

  test("goes through a link to what it leads to", async () => {
    await using at = await place()
    await mkdir(join(at.root, "dotfiles"))
    await writeFile(join(at.root, "dotfiles/real.jsonc"), "{}")
    const target = await file(at)
    await symlink("dotfiles/real.jsonc", target.path)
    await target.patch({ model: "a/b" })
    expect((await lstat(target.path)).isSymbolicLink()).toBe(true)
    expect(JSON.parse(await readFile(join(at.root, "dotfiles/real.jsonc"), "utf8"))).toEqual({ model: "a/b" })
  })

  test("does not leave a project by a link", async () => {
    await using at = await place({ "secret.json": "{}" })
    const target = await file(at, undefined, join(at.root, "project"))
    const path = join(at.root, "project/opencode.json")
    await symlink("../secret.json", path)
    const patch = patchFile(
      { model: "a/b" },
      { file: path, beginning: {}, state: at.root, within: join(at.root, "project") },
    )
    await expect(patch).rejects.toMatchObject({ code: "forbidden" })
    expect(await readFile(join(target.root, "secret.json"), "utf8")).toBe("{}")
  })

  test("of many at once none is lost", async () => {
    await using at = await place()
    const target = await file(at, "{}")
    const names = Array.from({ length: 12 }, (_, index) => `a${index}`)
    await Promise.all(names.map((name) => target.patch({ agent: { [name]: { steps: 1 } } })))
    const written = JSON.parse(await target.text()) as { agent: object }
    expect(Object.keys(written.agent).sort()).toEqual([...names].sort())
  })
})

test("what would make the file too large to be read again is refused, and the file stays", async () => {
  await using at = await place()
  const { patch, text } = await file(at, '{ "model": "a/b" }\n')
  await expect(patch({ username: "x".repeat(1_200_000) })).rejects.toMatchObject({
    code: "bad_request",
    message: expect.stringMatching(/larger than 1 MB/),
  })
  expect(await text()).toBe('{ "model": "a/b" }\n')
})

test("thousands of members take no longer than they are long", async () => {
  await using at = await place()
  const { patch, text } = await file(at, '{ "model": "a/b" }\n')
  const options = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`k${n}`, n]))
  const before = process.cpuUsage()
  expect(await patch({ provider: { x: { options } } })).toBe(true)
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000)
  expect(JSON.parse(await text())).toEqual({ model: "a/b", provider: { x: { options } } })
  const more = Object.fromEntries(Object.keys(options).map((key) => [key, "y"]))
  await expect(patch({ provider: { x: { options: more } } })).rejects.toMatchObject({ code: "bad_request" })
  await expect(patch({ ["m".repeat(900_000)]: 1 })).resolves.toBe(false)
})
