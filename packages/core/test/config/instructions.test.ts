import { chmodSync, chownSync, mkdirSync, symlinkSync } from "node:fs"
import { dirname } from "node:path"
import { expect, test } from "vitest"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { unprivileged } from "@opencode/testing/unprivileged.ts"
import { findFolders } from "../../src/config/folders.ts"
import { MAX_INSTRUCTION_BYTES } from "../../src/config/instruction-file.ts"
import { createInstructions, type InstructionsInput } from "../../src/config/instructions.ts"

interface Given {
  files?: Record<string, string | Uint8Array>
  links?: Record<string, string>
  env?: Record<string, string>
  /** Where the user works, in `project`. */
  at?: string
  git?: boolean
  entries?: string[]
  change?: Partial<InstructionsInput>
}

const AGENTS = "home/.config/opencode/AGENTS.md"

/** A home, a project, and instructions as files of them tell. Paths are shown relative to the place. */
function place({ files = {}, links = {}, env = {}, at = "a/b", git = true, entries = [], change = {} }: Given) {
  const folder = tempFolder("instructions")
  folder.write({ [`project/${at}/.keep`]: "", "home/.keep": "", ...files })
  for (const [link, target] of Object.entries(links)) {
    mkdirSync(dirname(folder.join(link)), { recursive: true })
    symlinkSync(target.replace("$", folder.path), folder.join(link))
  }
  const worktree = folder.join("project")
  const directory = folder.join("project", at)
  const instructions = createInstructions({
    env,
    folders: findFolders({ env, home: folder.join("home") }),
    directory,
    worktree: git ? worktree : "/",
    roots: [git ? worktree : directory],
    entries: entries.map((entry) => entry.replace("$", folder.path)),
    isTrusted: () => false,
    isWithheld: (real) => real.endsWith(".env"),
    pages: { get: async (address) => ({ problem: `${address} was asked for.` }) },
    ...change,
  })
  const short = (text: string) => text.replaceAll(`${folder.path}/`, "")
  return {
    folder,
    instructions,
    async found() {
      const { texts, problems } = await instructions.read()
      return {
        texts: texts.map(({ from, text }) => `${short(from)}: ${text}`),
        problems: problems.map(({ message }) => short(message)),
      }
    },
    async near(file: string, known: string[] = []) {
      const { texts } = await instructions.near(folder.join(file), (path) => known.includes(short(path)))
      return texts.map(({ from, text }) => `${short(from)}: ${text}`)
    },
    [Symbol.dispose]: folder[Symbol.dispose],
  }
}

const CASES: [sentence: string, given: Given, texts: string[]][] = [
  ["nothing is there, and nothing is told", {}, []],
  [
    "every level counts, the nearest first, after the user's own",
    {
      files: {
        "AGENTS.md": "above",
        "project/AGENTS.md": "top",
        "project/a/AGENTS.md": "a",
        "project/a/b/AGENTS.md": "b",
        [AGENTS]: "user",
        "home/.claude/CLAUDE.md": "claude",
      },
    },
    [`${AGENTS}: user`, "project/a/b/AGENTS.md: b", "project/a/AGENTS.md: a", "project/AGENTS.md: top"],
  ],
  [
    "of the three names the first that any level has, however near another one is",
    { files: { "project/AGENTS.md": "top", "project/a/b/CLAUDE.md": "b", "home/.claude/CLAUDE.md": "claude" } },
    ["home/.claude/CLAUDE.md: claude", "project/AGENTS.md: top"],
  ],
  [
    "CLAUDE.md at every level, and then no CONTEXT.md",
    { files: { "project/CLAUDE.md": "top", "project/a/CLAUDE.md": "a", "project/a/b/CONTEXT.md": "b" } },
    ["project/a/CLAUDE.md: a", "project/CLAUDE.md: top"],
  ],
  ["CONTEXT.md where nothing else is", { files: { "project/CONTEXT.md": "old" } }, ["project/CONTEXT.md: old"]],
  ...["OPENCODE_DISABLE_CLAUDE_CODE", "OPENCODE_DISABLE_CLAUDE_CODE_PROMPT"].map((name): (typeof CASES)[number] => [
    `${name} leaves out both files of that name`,
    {
      env: { [name]: "1" },
      files: { "project/CLAUDE.md": "top", "project/CONTEXT.md": "old", "home/.claude/CLAUDE.md": "claude" },
    },
    ["project/CONTEXT.md: old"],
  ]),
  [
    "OPENCODE_CONFIG_DIR has the first say for the user",
    { env: { OPENCODE_CONFIG_DIR: "../../../extra" }, files: { "extra/AGENTS.md": "extra", [AGENTS]: "user" } },
    ["extra/AGENTS.md: extra"],
  ],
  [
    "OPENCODE_DISABLE_PROJECT_CONFIG leaves out the project's",
    { env: { OPENCODE_DISABLE_PROJECT_CONFIG: "1" }, files: { "project/AGENTS.md": "top", [AGENTS]: "user" } },
    [`${AGENTS}: user`],
  ],
  [
    "without a repository the way up goes on",
    { git: false, files: { "project/AGENTS.md": "top", "project/a/b/AGENTS.md": "b" } },
    ["project/a/b/AGENTS.md: b", "project/AGENTS.md: top"],
  ],
  [
    "an empty file says nothing, and is the file all the same",
    { files: { "project/AGENTS.md": " \n", "project/CLAUDE.md": "claude" } },
    [],
  ],
  [
    "a name in `instructions` is looked for at every level up to the top, a pattern too",
    {
      entries: ["r.md", "docs/*.md"],
      files: {
        "r.md": "above",
        "project/r.md": "top r",
        "project/a/b/r.md": "b r",
        "project/docs/y.md": "y",
        "project/docs/x.md": "x",
        "project/docs/deep/z.md": "z",
        "project/a/docs/.x.md": "a x",
      },
    },
    [
      "project/a/b/r.md: b r",
      "project/r.md: top r",
      "project/a/docs/.x.md: a x",
      "project/docs/x.md: x",
      "project/docs/y.md: y",
    ],
  ],
  [
    "two stars reach every folder but git's and those of packages",
    {
      at: "",
      entries: ["**/*.md"],
      files: {
        "project/d/e/f.md": "f",
        "project/g.md": "g",
        "project/node_modules/h.md": "h",
        "project/.git/i.md": "i",
      },
    },
    ["project/d/e/f.md: f", "project/g.md: g"],
  ],
  [
    "absolute paths, the home folder and patterns in both",
    {
      entries: ["~/h.md", "$/other/*.md", "$/other/w.md", "../c.md"],
      files: { "home/h.md": "h", "other/z.md": "z", "other/w.md": "w", "project/a/c.md": "c" },
    },
    ["home/h.md: h", "other/w.md: w", "other/z.md: z", "project/a/c.md: c"],
  ],
  [
    "nothing is told twice, also not through a link",
    {
      entries: ["AGENTS.md", "CLAUDE.md"],
      files: { "project/AGENTS.md": "top" },
      links: { "project/CLAUDE.md": "AGENTS.md" },
    },
    ["project/AGENTS.md: top"],
  ],
  [
    "the mark at the start of a file is not told",
    { files: { "project/AGENTS.md": "\uFEFFtop" } },
    ["project/AGENTS.md: top"],
  ],
  [
    "the user's own files may be links to anywhere",
    { files: { "dotfiles/rules.md": "mine" }, links: { [AGENTS]: "$/dotfiles/rules.md" } },
    [`${AGENTS}: mine`],
  ],
]

test.each(CASES)("%s", async (_, given, texts) => {
  using p = place(given)
  expect(await p.found()).toEqual({ texts, problems: [] })
})

const BAD: [sentence: string, given: Given, problem: RegExp][] = [
  [
    "a link out of the project",
    { files: { "secret.txt": "secret" }, links: { "project/a/AGENTS.md": "$/secret.txt" } },
    /^project\/a\/AGENTS\.md is left out: it is a link that leads out of the project\.$/,
  ],
  [
    "a link to what `read` would ask about",
    { files: { "project/.env": "KEY=1" }, links: { "project/a/AGENTS.md": "../.env" } },
    /by the rules for "read" it is not open/,
  ],
  [
    "an entry for what `read` would ask about",
    { entries: [".env"], files: { "project/.env": "KEY=1" } },
    /it is not open/,
  ],
  ["a folder of that name", { files: { "project/a/AGENTS.md/x": "" } }, /AGENTS\.md is left out: .*is a directory/],
  ["bytes that are no text", { files: { "project/a/AGENTS.md": new Uint8Array([0, 1, 2]) } }, /it is not text/],
  ["a link to itself", { links: { "project/a/AGENTS.md": "AGENTS.md" } }, /reading it failed \(ELOOP\)/],
  [
    "a name that is nowhere",
    { entries: ["nowhere.md"] },
    /^"nowhere\.md" in `instructions` is no file that can be read/,
  ],
  [
    "an entry that leads out of the project",
    { entries: ["docs/*.md"], files: { "secret.txt": "secret" }, links: { "project/docs/x.md": "$/secret.txt" } },
    /docs\/x\.md is left out: it is a link/,
  ],
  ["an address that fails", { entries: ["https://example.com/a"] }, /^https:\/\/example.com\/a was asked for/],
]

test.each(BAD)("%s costs itself and a word about it", async (_, given, problem) => {
  using p = place({ ...given, files: { "project/AGENTS.md": "top", ...given.files } })
  const { texts, problems } = await p.found()
  expect(texts).toEqual(["project/AGENTS.md: top"])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(problem)
})

test("a file that may not be read is told of, and the rest works", async () => {
  using p = place({ files: { "project/AGENTS.md": "top", "project/a/AGENTS.md": "a" } })
  chmodSync(p.folder.join("project/a/AGENTS.md"), 0o000)
  const { texts, problems } = await unprivileged(p.folder.path, p.found)
  expect(texts).toEqual(["project/AGENTS.md: top"])
  expect(problems).toEqual([expect.stringContaining("project/a/AGENTS.md is left out: No permission")])
})

test("above a folder without repository, what another user put there is not told", async () => {
  const files = { "project/AGENTS.md": "theirs", "project/a/b/AGENTS.md": "mine" }
  using p = place({ git: false, files, change: { uid: 12_345 } })
  // Whoever runs this without such rights is another user than 12345 anyway.
  if (process.getuid?.() === 0) chownSync(p.folder.join("project/AGENTS.md"), 54_321, 54_321)
  const { texts, problems } = await p.found()
  expect(texts).toEqual(["project/a/b/AGENTS.md: mine"])
  expect(problems).toEqual([expect.stringContaining("belongs to another user")])
})

test("a trusted project's links are followed", async () => {
  const links = { "project/AGENTS.md": "$/shared/rules.md" }
  using p = place({ files: { "shared/rules.md": "shared" }, links, change: { isTrusted: () => true } })
  expect(await p.found()).toEqual({ texts: ["project/AGENTS.md: shared"], problems: [] })
})

test("a file that is too long is cut, which the model and the user hear", async () => {
  using p = place({ files: { "project/AGENTS.md": `${"ä".repeat(MAX_INSTRUCTION_BYTES)}end` } })
  const { texts, problems } = await p.found()
  expect(texts[0]).toMatch(/ä\n\(The rest is left out: this is too long\. Read the file if you need it\.\)$/)
  expect(Buffer.byteLength(texts[0] ?? "")).toBeLessThan(MAX_INSTRUCTION_BYTES + 200)
  expect(problems).toEqual(["project/AGENTS.md is too long: only its first 256 KB are told to the model."])
})

test("all of them together have a limit, and those after it are named", async () => {
  const long = "x".repeat(200 * 1024)
  const names = ["1.md", "2.md", "3.md"]
  using p = place({ entries: names, files: Object.fromEntries(names.map((name) => [`project/${name}`, long])) })
  const { texts, problems } = await p.found()
  expect(texts[2]).toMatch(/^project\/3\.md: \(Left out/)
  expect(problems).toEqual(["project/3.md is left out: there are more than 512 KB of instructions."])
})

test("the same files give the same bytes, whatever order the disk has", async () => {
  const names = ["z", "a", "m", "b", "y"].map((name) => `project/docs/${name}.md`)
  using one = place({ entries: ["docs/*.md"], files: Object.fromEntries(names.map((name) => [name, name])) })
  using two = place({
    entries: ["docs/*.md"],
    files: Object.fromEntries(names.toReversed().map((name) => [name, name])),
  })
  expect(await one.found()).toEqual(await two.found())
  expect(await one.found()).toEqual(await one.found())
})

test("a folder's own come with its files: the nearest first, one for each folder, the working folder's not", async () => {
  using p = place({
    at: "",
    files: {
      "project/AGENTS.md": "top",
      "project/x/AGENTS.md": "x",
      "project/x/CLAUDE.md": "not this",
      "project/x/y/CLAUDE.md": "y",
      "project/x/y/f.ts": "",
    },
  })
  expect(await p.near("project/x/y/f.ts")).toEqual(["project/x/y/CLAUDE.md: y", "project/x/AGENTS.md: x"])
  expect(await p.near("project/x/y/f.ts", ["project/x/AGENTS.md"])).toEqual(["project/x/y/CLAUDE.md: y"])
  expect(await p.near("project/x/AGENTS.md")).toEqual([])
  expect(await p.near("project/f.ts")).toEqual([])
  expect(await p.near("elsewhere/f.ts")).toEqual([])
})

test("with a file comes no more than a file may be", async () => {
  using p = place({ at: "", files: { "project/x/AGENTS.md": "x".repeat(60_000), "project/x/f.ts": "" } })
  expect(await p.near("project/x/f.ts")).toEqual([expect.stringMatching(/^project\/x\/AGENTS\.md: \(Left out/)])
})
