import { mkdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { parseFrontmatter } from "@opencode/core/config/frontmatter.ts"
import { describe, expect, test } from "vitest"
import { place } from "./place.ts"

const REVIEW = "---\ndescription: Looks closely\nmode: subagent\npermission:\n  edit: deny\n---\n\nYou review.\n"

describe("agents and commands in Markdown files", () => {
  test("a file is an agent by its name, or by the name that it gives itself", async () => {
    await using at = await place({
      "project/.opencode/agent/review.md": REVIEW,
      "project/.opencode/agents/deep/other.md": REVIEW.replace("mode:", "name: third\nmode:"),
      "home/.config/opencode/modes/think.md": "Think first.",
    })
    const { value, issues, origin } = await at.load()
    expect(issues).toEqual([])
    expect(value.agent).toEqual({
      think: { mode: "primary", prompt: "Think first." },
      review: { description: "Looks closely", mode: "subagent", permission: { edit: "deny" }, prompt: "You review." },
      third: {
        name: "third",
        description: "Looks closely",
        mode: "subagent",
        permission: { edit: "deny" },
        prompt: "You review.",
      },
    })
    expect(origin(["agent", "review", "mode"])).toEqual({
      layer: "project",
      file: join(at.root, "project/.opencode/agent/review.md"),
    })
  })

  test("a command is named by its path", async () => {
    await using at = await place({ "project/.opencode/commands/git/tidy.md": "---\nagent: plan\n---\nTidy $1\n" })
    expect((await at.load()).value.command).toEqual({ "git/tidy": { agent: "plan", template: "Tidy $1" } })
  })

  test("the file counts more than the settings of its own folder, and less than those of a higher layer", async () => {
    await using at = await place({
      "home/.config/opencode/opencode.json": { agent: { a: { steps: 1 }, b: { steps: 1 } } },
      "home/.config/opencode/agent/a.md": "---\nsteps: 2\n---\n",
      "home/.config/opencode/agent/b.md": "---\nsteps: 2\n---\n",
      "project/opencode.json": { agent: { b: { steps: 3 } } },
    })
    expect((await at.load()).value.agent).toEqual({ a: { steps: 2 }, b: { steps: 3 } })
  })

  test("what is wrong is told with its file and line, and the rest is taken", async () => {
    await using at = await place({
      "project/.opencode/agent/odd.md": "---\nmode: leader\nsteps: 3\n---\nx",
      "project/.opencode/agent/torn.md": "---\ndescription: [\n---\nx",
      "project/.opencode/agent/list.md": "---\n- a\n---\nx",
    })
    const { value, issues } = await at.load()
    expect(value.agent).toEqual({ odd: { steps: 3, prompt: "x" } })
    expect(issues.map(({ kind, file, line }) => [kind, file?.split("/").at(-1), line])).toEqual([
      ["syntax", "list.md", 2],
      ["wrong_type", "odd.md", 2],
      ["syntax", "torn.md", 3],
    ])
  })

  test("what a project's file would loosen is held back until it is trusted, and told with its line", async () => {
    await using at = await place({
      "home/.config/opencode/opencode.json": { permission: { bash: "ask", webfetch: "deny" } },
      "project/.opencode/agent/free.md":
        "---\nmode: all\npermission:\n  bash: allow\n  edit: deny\n  webfetch: ask\n---\nx",
      "project/.opencode/agents/build.md": "---\ntools:\n  bash: true\n  edit: false\n---\n",
      "project/.opencode/agents/newer.md": "---\npermissions:\n  webfetch: allow\n---\nx",
      "home/.config/opencode/agent/mine.md": "---\npermission:\n  bash: allow\n---\nx",
    })
    const { value, issues } = await at.load()
    expect(value.agent?.free?.permission).toEqual({ edit: "deny" })
    expect(value.agent?.build?.permission).toEqual({ edit: "deny" })
    expect(value.agent?.newer).not.toHaveProperty("permission")
    expect(value.agent?.mine?.permission).toEqual({ bash: "allow" })
    expect(issues.map(({ kind, file, line }) => [kind, file?.split("/").at(-1), line])).toEqual([
      ["held_back", "free.md", 4],
      ["held_back", "free.md", 6],
      ["held_back", "build.md", 3],
      ["held_back", "newer.md", 3],
    ])
    expect((await at.load({ trusted: true })).value.agent?.free?.permission).toMatchObject({ bash: "allow" })
  })

  test("an agent that cannot be read leaves the one of its name asking before harm", async () => {
    await using at = await place({ "home/.config/opencode/agent/build.md": "---\npermission: {edit: deny\n---\n" })
    const { value, issues } = await at.load()
    expect(value.agent?.build?.permission).toMatchObject({ edit: "ask", bash: "ask" })
    expect(issues[0]?.message).toContain("until it is mended")
  })

  test("a project's file is not read through a link to somewhere else, before it is trusted", async () => {
    await using at = await place({ "home/secret.txt": "the secret", "project/kept.md": "kept" })
    const folder = join(at.root, "project/.opencode/agent")
    await mkdir(folder, { recursive: true })
    await symlink(join(at.root, "home/secret.txt"), join(folder, "spy.md"))
    await symlink(join(at.root, "project/kept.md"), join(folder, "kept.md"))
    const { value, issues } = await at.load()
    expect(value.agent).toEqual({ kept: { prompt: "kept" } })
    expect(issues).toMatchObject([{ kind: "unreadable", file: join(folder, "spy.md") }])
    expect((await at.load({ trusted: true })).value.agent).toHaveProperty("spy.prompt", "the secret")
  })

  test("folders that lead in circles and names that are no files harm nothing", async () => {
    await using at = await place({ "project/.opencode/agent/good.md": "good" })
    const folder = join(at.root, "project/.opencode/agent")
    await symlink(folder, join(folder, "again"))
    await symlink(join(folder, "nowhere"), join(folder, "gone.md"))
    await mkdir(join(folder, "folder.md"))
    await writeFile(join(folder, "notes.txt"), "no agent")
    const { value } = await at.load()
    expect(value.agent).toEqual({ good: { prompt: "good" } })
  })
})

describe("what stands before the text", () => {
  test.each([
    ["nothing", "just text\n", {}, "just text"],
    ["empty settings", "---\n---\nbody", {}, "body"],
    ["lines that end as on Windows", "---\r\na: 1\r\n---\r\nbody\r\n", { a: 1 }, "body"],
    [
      "a value that should be quoted",
      "---\ndescription: Use when: it rains # hard\n---\nb",
      { description: "Use when: it rains # hard" },
      "b",
    ],
    [
      "a value that should be quoted beside one that should not",
      "---\ndescription: Use when: it rains\ntemperature: 0.1\nhidden: true\n---\nb",
      { description: "Use when: it rains", temperature: 0.1, hidden: true },
      "b",
    ],
    ["a rule of three dashes in the text", "---\na: 1\n---\nx\n---\ny", { a: 1 }, "x\n---\ny"],
    ["a name that would change what an object is", "---\n__proto__: 1\na: 2\n---\n", { a: 2 }, ""],
  ])("%s", async (_, text, data, body) => {
    expect(await parseFrontmatter(text)).toMatchObject({ data, body })
  })

  test.each([
    ["no end", "---\na: 1\n", 1],
    ["a list that is not closed", "---\na: 1\nb: [\n---\n", 4],
    ["an alias, of which few lines unfold to gigabytes", "---\na: &x [1]\nb: *x\n---\n", 3],
    ["a name twice", "---\na: 1\na: 2\n---\n", 3],
  ])("%s is told with its line", async (_, text, line) => {
    expect(await parseFrontmatter(text)).toMatchObject({ position: { line } })
  })

  test("members are found where they are written", async () => {
    const parsed = await parseFrontmatter('---\na: 1\nb:\n  c: x\n  "*": deny\n  l: [1, {q: 2}]\nz: 3\n---\n')
    if ("problem" in parsed) throw new Error(parsed.problem)
    const lines = await parsed.locate([["b", "*"], ["b", "l", "1", "q"], ["z"], ["b", "absent"], ["absent"]])
    expect(lines.map((position) => position?.line)).toEqual([5, 6, 7, 3, undefined])
  })
})
