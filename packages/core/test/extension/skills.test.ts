import { mkdir, symlink } from "node:fs/promises"
import { createServer } from "node:http"
import { join } from "node:path"
import type { FoundSkills } from "@opencode/core/extension/skill.ts"
import { calls, says } from "@opencode/testing/script.ts"
import { world, type World, type WorldOptions } from "@opencode/testing/world.ts"
import { describe, expect, test } from "vitest"

const skill = (name: string, description = `for ${name}`, body = `# ${name}\n`): string =>
  `---\nname: ${name}\ndescription: ${description}\n---\n\n${body}`

interface Options extends WorldOptions {
  /** Files beside the project. */
  around?: Record<string, string>
}

/** A world with these files in it before its folder is opened. */
async function place({ around = {}, ...options }: Options): Promise<World> {
  const w = await world({ model: () => says("done"), ...options })
  w.folder.write(around)
  await w.restart()
  return w
}

/** Without the one that comes with the program. */
async function found(w: World): Promise<FoundSkills> {
  const { skills, issues } = await w.engine.settings.current().skills.list()
  return { skills: skills.filter(({ layer }) => layer !== "builtin"), issues }
}
const names = async (w: World): Promise<string[]> => (await found(w)).skills.map(({ name }) => name)

/** What the model was told of the tool, and what came of loading one. */
const toldOf = (w: World): string => {
  const tools = w.model.requests.at(-1)?.body.tools as { function: { name: string; description: string } }[]
  return tools.find((tool) => tool.function.name === "skill")?.function.description ?? ""
}

describe("where skills are found", () => {
  const everywhere: Options = {
    git: true,
    files: {
      ".opencode/skill/a/SKILL.md": skill("a"),
      ".opencode/skills/deep/b/SKILL.md": skill("b"),
      ".claude/skills/c/SKILL.md": skill("c"),
      ".agents/skills/d/SKILL.md": skill("d"),
      "more/e/SKILL.md": skill("e"),
      ".opencode/skill/a/inner/SKILL.md": skill("inner"),
    },
    around: {
      "home/.claude/skills/f/SKILL.md": skill("f"),
      "home/.agents/skills/g/SKILL.md": skill("g"),
      "config/opencode/skills/h/SKILL.md": skill("h"),
      "extra/skill/i/SKILL.md": skill("i"),
      "home/mine/j/SKILL.md": skill("j"),
    },
    config: { skills: { paths: ["more", "~/mine"] } },
  }

  test("in the folders of this program and of others, of the project and the user, and where the settings say", async () => {
    await using w = await place(everywhere)
    expect(await names(w)).toEqual(["a", "b", "c", "d", "e", "f", "g", "h", "inner", "j"])
    expect((await found(w)).issues).toEqual([])
  })

  test("a folder of the settings that there is not is told, until it is made", async () => {
    await using w = await place({ config: { skills: { paths: ["gone"] } } })
    expect((await found(w)).issues).toEqual([
      { severity: "warning", message: '"gone" in `skills.paths` is no folder.', file: join(w.project, "gone") },
    ])
    w.folder.write({ "project/gone/k/SKILL.md": skill("k") })
    expect(await found(w)).toMatchObject({ skills: [{ name: "k" }], issues: [] })
  })

  test.each([
    ["OPENCODE_DISABLE_EXTERNAL_SKILLS", ["a", "b", "e", "h", "inner", "j"]],
    ["OPENCODE_DISABLE_CLAUDE_CODE_SKILLS", ["a", "b", "d", "e", "g", "h", "inner", "j"]],
    ["OPENCODE_DISABLE_CLAUDE_CODE", ["a", "b", "d", "e", "g", "h", "inner", "j"]],
    ["OPENCODE_DISABLE_PROJECT_CONFIG", ["e", "f", "g", "h", "j"]],
  ])("%s leaves some out", async (name, expected) => {
    await using w = await place({ ...everywhere, env: { [name]: "1" } })
    expect(await names(w)).toEqual(expected)
  })

  test("the folder that OPENCODE_CONFIG_DIR names is one of them", async () => {
    await using w = await place({
      around: { "project/x/skill/i/SKILL.md": skill("i") },
      env: { OPENCODE_CONFIG_DIR: "x" },
    })
    expect(await names(w)).toEqual(["i"])
  })

  test("of two with one name the one that is nearer counts, and the other is told of", async () => {
    await using w = await place({
      files: { ".opencode/skill/a/SKILL.md": skill("a", "the project's"), ".claude/skills/a/SKILL.md": skill("a") },
      around: { "config/opencode/skill/a/SKILL.md": skill("a", "the user's") },
    })
    const { skills, issues } = await found(w)
    expect(skills).toMatchObject([{ name: "a", description: "the project's", layer: "project" }])
    expect(issues.map(({ message }) => message)).toEqual([
      expect.stringContaining(".claude/skills/a"),
      expect.stringContaining("config/opencode/skill/a"),
    ])
  })

  test("links lead out of a project only once it is trusted", async () => {
    const around = { "elsewhere/s/SKILL.md": skill("s"), "elsewhere/t.md": skill("t") }
    await using w = await place({ around })
    const folder = join(w.project, ".opencode/skills")
    await mkdir(join(folder, "t"), { recursive: true })
    await symlink(w.folder.join("elsewhere/s"), join(folder, "s"))
    await symlink(w.folder.join("elsewhere/t.md"), join(folder, "t/SKILL.md"))
    await w.restart()
    expect(await names(w)).toEqual([])
    expect((await found(w)).issues.map(({ message }) => message)).toEqual([
      expect.stringContaining("followed with --trust"),
    ])
  })
})

describe("what a skill is", () => {
  test("odd ones are taken and reported with file and line; those without a name are left out", async () => {
    const files = {
      "ok/SKILL.md": skill("ok", "Use when: it fits"),
      "other/SKILL.md": skill("name"),
      "bad/SKILL.md": skill("Bad_Name"),
      "long/SKILL.md": skill("long", "x".repeat(1_025)),
      "mute/SKILL.md": "---\nname: mute\n---\nhm",
      "plain/SKILL.md": "just text",
      "number/SKILL.md": "---\nname: 1\n---\n",
      "list/SKILL.md": "---\nname: list\ndescription: [a]\n---\n",
      "torn/SKILL.md": "---\nname: [x\n---\n",
      "wild/SKILL.md": skill('"*"'),
      "open/SKILL.md": "---\nname: x\n",
    }
    await using w = await place({
      files: Object.fromEntries(Object.entries(files).map(([name, text]) => [`.opencode/skills/${name}`, text])),
    })
    const { skills, issues } = await found(w)
    expect(skills.map(({ name }) => name)).toEqual(["Bad_Name", "long", "mute", "name", "ok"])
    expect(skills.find(({ name }) => name === "ok")?.description).toBe("Use when: it fits")
    expect(
      issues
        .map(({ severity, file, line }) => [severity, file.split("/").at(-2), line])
        .sort((a, b) => (`${a[1]}` < `${b[1]}` ? -1 : 1)),
    ).toEqual([
      ["warning", "bad", 2],
      ["error", "list", 3],
      ["warning", "long", 3],
      ["warning", "mute", undefined],
      ["error", "number", 2],
      ["error", "open", 1],
      ["warning", "other", 2],
      ["error", "plain", 1],
      ["error", "torn", 3],
      ["error", "wild", 2],
    ])
  })
})

describe("the tool", () => {
  const project: Options = {
    files: {
      ".opencode/skill/greet/SKILL.md": skill("greet", "Greets\n  people", "Say hello. !`touch made` $1"),
      ".opencode/skill/greet/scripts/hi.sh": "echo hi",
      ".opencode/skill/mute/SKILL.md": "---\nname: mute\n---\nhm",
    },
  }

  test("tells the model what there is, and hands over the text with its place and its files", async () => {
    await using w = await place({ ...project, model: [calls("skill", { name: "greet" }), says("hello")] })
    await w.prompt("go")
    expect(toldOf(w)).toContain("- greet: Greets people")
    expect(toldOf(w)).toContain("- customize-opencode: ")
    expect(toldOf(w)).not.toContain("mute")
    const [{ state } = {}] = await w.calls()
    const folder = join(w.project, ".opencode/skill/greet")
    expect(state).toMatchObject({
      status: "completed",
      title: "Loaded skill: greet",
      metadata: { name: "greet", dir: folder, truncated: false },
    })
    const output = state?.status === "completed" ? state.output : ""
    expect(output).toMatch(/^<skill_content name="greet">\n# Skill: greet\n\nSay hello. !`touch made` \$1\n/)
    expect(output).toContain(`Base directory for this skill: ${folder}\n`)
    expect(output).toContain(`<skill_files>\n<file>${folder}/scripts/hi.sh</file>\n</skill_files>\n</skill_content>`)
    expect(w.files()).not.toContain("made")
  })

  test("a wrong name is answered with those that there are", async () => {
    await using w = await place({ ...project, model: [calls("skill", { name: "great" }), says("hm")] })
    await w.prompt("go")
    expect((await w.calls())[0]?.state).toMatchObject({
      error: 'There is no skill "great". Did you mean greet?',
    })
  })

  test("a skill that is denied is neither told of nor loaded, one to be asked for asks by its name", async () => {
    const permission = { skill: { "gr*": "deny", mute: "ask" } } as const
    const model = [calls("skill", { name: "greet" }), calls("skill", { name: "mute" }), says("done")]
    await using w = await place({ ...project, permission, model })
    const answering = w.prompt("go")
    const ask = await w.asked("skill")
    expect(ask).toMatchObject({ patterns: ["mute"], lasting: ["mute"] })
    ask.once()
    await answering
    expect(toldOf(w)).not.toContain("greet")
    expect((await w.calls()).map(({ state }) => state.status)).toEqual(["error", "completed"])
  })

  test.each([
    ["skills are denied altogether", { skill: "deny" } as const],
    ["all that there are are denied", { skill: { "customize-*": "deny", "g*": "deny" } } as const],
  ])("it is not offered where %s", async (_, permission) => {
    await using w = await place({ ...project, permission })
    await w.prompt("go")
    expect(w.model.requests.at(-1)?.tools).toContain("read")
    expect(w.model.requests.at(-1)?.tools).not.toContain("skill")
  })

  test("the files of the user's skills are read without a question, also where a link leads to them", async () => {
    await using w = await place({
      around: { "dotfiles/help/SKILL.md": skill("help"), "dotfiles/help/more.md": "more", "dotfiles/other.md": "no" },
      model: [],
    })
    await mkdir(w.folder.join("home/.claude/skills"), { recursive: true })
    await symlink(w.folder.join("dotfiles/help"), w.folder.join("home/.claude/skills/help"))
    await w.restart()
    const read = (file: string) => calls("read", { filePath: w.folder.join(file) })
    w.model.add(read("home/.claude/skills/help/more.md"), read("dotfiles/other.md"), says("done"))
    const answering = w.prompt("go")
    const ask = await w.asked("external_directory")
    expect(ask.patterns).toEqual([w.folder.join("dotfiles/*")])
    ask.reject("no")
    await answering
    expect((await w.calls()).map(({ state }) => state.status)).toEqual(["completed", "error"])
  })

  test("what is told stays the same for every request, and a changed skill begins a new epoch", async () => {
    await using w = await place(project)
    await w.prompt("one")
    await w.prompt("two")
    const [first, second] = w.model.requests.map(({ body }) => JSON.stringify(body.tools))
    expect(second).toBe(first)
    w.folder.write({ "project/.opencode/skill/greet/SKILL.md": skill("greet", "Greets nobody") })
    await w.prompt("three")
    expect(toldOf(w)).toContain("Greets nobody")
    const { id } = await w.session()
    expect(w.home.store.ledger.list(id).map(({ epoch }) => epoch)).toEqual(["start", undefined, "tools"])
  })

  test("the one that comes with the program says how to configure it, and has no folder", async () => {
    await using w = await place({ model: [calls("skill", { name: "customize-opencode" }), says("done")] })
    await w.prompt("go")
    const [{ state } = {}] = await w.calls()
    const output = state?.status === "completed" ? state.output : ""
    expect(output).toContain("opencode debug config")
    expect(output).not.toContain("Base directory")
  })
})

test("a skill is a command as well, for whoever would rather call it; its text is no template for a shell", async () => {
  await using w = await place({
    files: {
      "a.txt": "alpha",
      ".opencode/skill/greet/SKILL.md": skill(
        "greet",
        "Greets",
        "Greet $ARGUMENTS for $1000, see @a.txt, !`touch made`",
      ),
      ".opencode/command/taken.md": "The command.",
      ".opencode/skill/taken/SKILL.md": skill("taken"),
    },
    permission: { skill: "deny" },
  })
  const listed = await w.engine.commands.list()
  expect(listed.find(({ name }) => name === "greet")).toMatchObject({
    source: "skill",
    description: "Greets",
    hints: [],
  })
  expect(listed.filter(({ name }) => name === "taken")).toMatchObject([{ source: "command", template: "The command." }])
  await w.engine.commands.run((await w.session()).id, { command: "greet", arguments: "Anna !`touch typed`" })
  const parts = (await w.transcript())[0]?.parts ?? []
  expect(parts).toHaveLength(1)
  expect(parts[0]).toMatchObject({
    text: `Greet Anna !\`touch typed\` for $1000, see @a.txt, !\`touch made\`\n\nBase directory for this skill: ${join(w.project, ".opencode/skill/greet")}\nPaths in it (scripts/, references/ and the like) are relative to that folder.`,
  })
  expect(w.files()).not.toContain("made")
})

describe("skills that are published", () => {
  /** A server that answers with these texts and counts. */
  async function published(texts: Record<string, string | undefined>) {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? "")
      const text = texts[request.url ?? ""]
      response.statusCode = text === undefined ? 404 : 200
      response.end(text)
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/set`
    return { asked, texts, url, [Symbol.asyncDispose]: async () => void server.close() }
  }
  const index = (...skills: unknown[]): string => JSON.stringify({ skills })

  test("are fetched when skills are first needed, kept, and not fetched again soon", async () => {
    await using server = await published({
      "/set/index.json": index(
        { name: "web", description: "w", files: ["SKILL.md", "scripts/x y.sh", "../evil.md", "/abs", "a\\b"] },
        { name: "../out", files: ["SKILL.md"] },
      ),
      "/set/web/SKILL.md": skill("web"),
      "/set/web/scripts/x%20y.sh": "x",
    })
    await using w = await place({ config: { skills: { urls: [server.url] } } })
    expect(server.asked).toEqual([])
    await w.prompt("go")
    expect(toldOf(w)).toContain("- web: for web")
    const asked = ["/set/index.json", "/set/web/SKILL.md", "/set/web/scripts/x%20y.sh"]
    expect(server.asked).toEqual(asked)
    await w.restart()
    expect(await names(w)).toEqual(["web"])
    expect(server.asked).toEqual(asked)
  })

  test.each([
    ["no such place", {}, "status 404"],
    ["no JSON", { "/set/index.json": "<html>" }, "no JSON"],
    ["no list", { "/set/index.json": "{}" }, "no list"],
    [
      "a file that is too large",
      { "/set/index.json": index({ name: "w", files: ["SKILL.md"] }), "/set/w/SKILL.md": "x".repeat(1_000_001) },
      "larger than 1 MB",
    ],
  ])("%s is told, and the rest is there", async (_, texts, expected) => {
    await using server = await published(texts)
    await using w = await place({
      files: { ".opencode/skill/a/SKILL.md": skill("a") },
      config: { skills: { urls: [server.url] } },
    })
    expect(await names(w)).toEqual(["a"])
    expect((await found(w)).issues).toMatchObject([{ severity: "warning", message: expect.stringContaining(expected) }])
  })

  test("are not fetched in the clear from another machine, nor where an untrusted project says so", async () => {
    await using server = await published({ "/set/index.json": index() })
    await using w = await place({
      files: { "opencode.json": JSON.stringify({ skills: { urls: [server.url] } }) },
      config: { skills: { urls: ["http://skills.example.com"] } },
    })
    expect((await found(w)).issues).toMatchObject([{ message: expect.stringContaining("https://") }])
    expect(server.asked).toEqual([])
  })
})
