import { execFileSync } from "node:child_process"
import { Model, Provider } from "@opencode/protocol/provider.ts"
import { describe, expect, test } from "vitest"
import { offlineLanguage, offlineProvider } from "../../src/model/offline.ts"
import { openWorld } from "../tool/world.ts"
import { collect, talk } from "./offline-talk.ts"

const user = (text: string) => ({ role: "user" as const, content: [{ type: "text" as const, text }] })
const tool = (name: string) => ({ type: "function" as const, name, inputSchema: {} })

async function project() {
  const world = await openWorld()
  await world.write("package.json", '{ "name": "demo", "scripts": { "test": "echo all good" } }\n')
  await world.write("src/a.ts", "export function createServer() {\n  return foo(foo)\n}\n")
  await world.write("src/b.ts", 'import { createServer } from "./a"\n// foo here\ncreateServer()\n')
  await world.write("docs/notes.md", "# foo\nTODO: more\n")
  return world
}

describe("with the real tools", () => {
  test("replace in all files of a kind: looks, reads, edits, looks again, and counts", async () => {
    await using world = await project()
    const chat = talk(world)
    const said = await chat.say("Please replace foo with bar in all ts files")
    expect(chat.calls).toEqual([
      'grep {"pattern":"foo","include":"*.ts"}',
      expect.stringMatching(/^read /),
      expect.stringMatching(/^read /),
      expect.stringMatching(/^edit .*"replaceAll":true/),
      expect.stringMatching(/^edit /),
      'grep {"pattern":"(?:foo)","include":"*.ts"}',
    ])
    expect(await world.text("src/a.ts")).toBe("export function createServer() {\n  return bar(bar)\n}\n")
    expect(await world.text("src/b.ts")).toContain("// bar here")
    expect(await world.text("docs/notes.md")).toContain("foo")
    expect(said).toContain("Replaced `foo` with `bar`: 3 places in 2 files.")
    expect(said).toContain("- src/a.ts (2)")
  })

  test("replace when the new text holds the old one ends", async () => {
    await using world = await project()
    const said = await talk(world).say("replace foo with foobar everywhere")
    expect(said).toContain("4 places in 3 files")
    expect(await world.text("docs/notes.md")).toContain("# foobar\n")
  })

  test("replace with more hits than one search shows reaches them all", async () => {
    await using world = await openWorld()
    for (let n = 0; n < 25; n++) await world.write(`f${n}.txt`, "old.value\n".repeat(9))
    const said = await talk(world).say("replace old.value with new")
    expect(said).toContain("225 places in 25 files")
    expect(await world.text("f24.txt")).toBe("new\n".repeat(9))
  })

  test("replace in one file, quoted, with signs of regular expressions", async () => {
    await using world = await openWorld()
    await world.write("a.txt", "a.(b)* and then a.(b)*\nab\n")
    const chat = talk(world)
    expect(await chat.say('replace "a.(b)*" with "x then y" in a.txt')).toContain("2 places in 1 file")
    expect(await world.text("a.txt")).toBe("x then y and then x then y\nab\n")
    expect(chat.calls.map((call) => call.split(" ")[0])).toEqual(["read", "edit"])
  })

  test("what is not there is said, and nothing changes", async () => {
    await using world = await project()
    const chat = talk(world)
    expect(await chat.say("replace nowhere with x in src")).toContain(
      "`nowhere` was not found in src. Nothing was changed.",
    )
    expect(await chat.say("replace nowhere with x in src/a.ts")).toContain("is not in it")
    expect(await chat.say("search for nowhere")).toContain("was not found")
    expect(await chat.say("find *.py")).toContain("No file matches")
    expect(await chat.say("show missing.txt")).toContain("could not be read")
    expect(chat.calls.some((call) => /^(?:edit|write)/.test(call))).toBe(false)
  })

  test("looking around", async () => {
    await using world = await project()
    const chat = talk(world)
    expect(await chat.say("list the files")).toMatch(/This folder has 3 entries.\n- docs\/\n- package.json\n- src\//)
    expect(await chat.say("list all files")).toContain("has 4 files")
    expect(await chat.say("find files named *.ts")).toMatch(/2 files match[\s\S]*- src\/[ab].ts/)
    expect(await chat.say("how many ts files are there?")).toBe("2 files match `**/*.ts`.")
    expect(await chat.say("search for todo in docs")).toContain("docs/notes.md:2: TODO: more")
    expect(await chat.say("show me package.json")).toContain('"name": "demo"')
    expect(await chat.say("show lines 2-2 of src/a.ts")).toContain("lines 2 to 2:\n```ts\n  return foo(foo)\n```")
    expect(await chat.say("show notes.md")).toContain("`docs/notes.md`:")
    const where = await chat.say("where is createServer defined?")
    expect(where).toContain("`createServer` is defined in src/a.ts:1")
    expect(where).toContain("return foo(foo)")
    expect(await chat.say("where is foo defined?")).toContain("I see no definition of `foo`")
  })

  test("create, and not over what is there", async () => {
    await using world = await project()
    const chat = talk(world)
    expect(await chat.say("create notes.txt with hello")).toContain("Created `notes.txt` (1 line).")
    expect(await world.text("notes.txt")).toBe("hello\n")
    expect(await chat.say("create package.json with x")).toContain("was not written")
    expect(await world.text("package.json")).toContain("demo")
    expect(await chat.say("overwrite docs/notes.md with `new`")).toContain("Wrote `docs/notes.md`")
    expect(await chat.say('append "it\'s more" to notes.txt then show it')).toContain("it's more")
    expect(await world.text("notes.txt")).toBe("hello\nit's more\n")
  })

  test("commands: what they print, and whether they worked", async () => {
    await using world = await project()
    const chat = talk(world)
    expect(await chat.say("run echo hi")).toBe(`\`echo hi\` succeeded.\n\`\`\`\nhi\n\`\`\`\n\n${signature()}`)
    expect(await chat.say("run `exit 3`")).toBe("`exit 3` failed with exit code 3. It printed nothing.")
    expect(await chat.say("run the tests")).toContain("`npm test` succeeded.")
    expect(await chat.say("run `false` then list the files")).toContain("did not list this folder")
  })

  test("what changed, with and without git", async () => {
    await using world = await project()
    const chat = talk(world)
    expect(await chat.say("what changed?")).toContain("not in a git repository")
    const git = (...args: string[]) => execFileSync("git", ["-C", world.directory, ...args], { stdio: "pipe" })
    git("init", "-q")
    git("add", ".")
    git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "one")
    expect(await chat.say("what changed?")).toContain("Nothing changed")
    await chat.say("replace TODO with DONE in docs/notes.md")
    const said = await chat.say("what changed?")
    expect(said).toContain("1 file changed")
    expect(said).toContain("+DONE: more")
  })

  test("several requests in one prompt", async () => {
    await using world = await project()
    const said = await talk(world).say("create a.txt with foo, then replace foo with bar in a.txt and then show a.txt")
    expect(said).toMatch(/Created `a.txt`[\s\S]*1 place in 1 file[\s\S]*bar/)
  })

  test("a no ends what was asked for, and names what was left undone", async () => {
    await using world = await project()
    const refuse = (name: string) =>
      name === "edit" ? "The user rejected permission to use this specific tool call: not now" : undefined
    const chat = talk(world, { refuse })
    const said = await chat.say("replace foo with bar in all ts files then run the tests")
    expect(said).toContain("I stopped there: The user rejected permission")
    expect(said).toContain("did not run the test")
    expect(chat.calls.some((call) => call.startsWith("bash"))).toBe(false)
    expect(await world.text("src/a.ts")).toContain("foo")
  })

  test("a tool that is not offered is not called", async () => {
    await using world = await project()
    const chat = talk(world, { tools: ["read", "grep", "glob"] })
    expect(await chat.say("what changed?")).toContain("The tool bash is not offered here.")
    expect(await chat.say("create x.txt")).toContain("The tool write is not offered here.")
    expect(await chat.say("replace foo with bar in src")).toContain("The tool edit is not offered here.")
    expect(chat.calls.every((call) => /^(?:read|grep|glob) /.test(call))).toBe(true)
  })

  test("huge output and files stay readable", async () => {
    await using world = await openWorld()
    await world.write("big.txt", "```\n" + "line of text\n".repeat(5000))
    const chat = talk(world)
    const shown = await chat.say("show big.txt")
    expect(shown.length).toBeLessThan(12_000)
    expect(shown).toContain("````txt\n```")
    expect(shown).toContain("more lines below")
    const ran = await chat.say("run seq 100000")
    expect(ran.length).toBeLessThan(12_000)
    expect(ran).toContain("100000")
  })
})

const signature = () =>
  "_Offline model: rules, no language model. For a real one run `opencode auth login`, or name a provider in opencode.json._"

describe("honesty", () => {
  test("the first answer says what is answering, the second does not", async () => {
    await using world = await project()
    const chat = talk(world)
    expect(await chat.say("list the files")).toContain(signature())
    expect(await chat.say("list the files")).not.toContain("Offline model")
  })

  test("what it does not understand it says, with examples and the way to a real model", async () => {
    await using world = await project()
    const chat = talk(world)
    const said = await chat.say("refactor everything to use monads")
    expect(said).toContain("I do not understand `refactor everything to use monads`")
    expect(said).toContain("ANTHROPIC_API_KEY")
    expect(said).toContain("opencode.json")
    expect(said).toContain("- what changed")
    expect(said).not.toContain("opencode auth")
    expect(chat.calls).toEqual([])
  })

  test("every example of its help is understood", async () => {
    await using world = await project()
    const help = await talk(world).say("help")
    const { understand } = await import("../../src/model/offline/understand.ts")
    const examples = [...help.matchAll(/^- (.+)$/gm)].map(([, example]) => example ?? "")
    expect(examples.length).toBeGreaterThan(7)
    for (const example of examples) {
      for (const { type } of understand(example)) expect([example, type]).not.toEqual([example, "unknown"])
    }
  })
})

describe("as a model", () => {
  test("text comes in pieces, calls as streamed input, and the end has a reason and usage", async () => {
    const language = offlineLanguage()
    const prompt = [user("search for x")]
    const { stream } = await language.doStream({ prompt, tools: [tool("grep")] })
    const { parts } = await collect(stream)
    expect(parts.map(({ type }) => type)).toEqual([
      "stream-start",
      "tool-input-start",
      "tool-input-delta",
      "tool-input-end",
      "tool-call",
      "finish",
    ])
    expect(parts.at(-1)).toMatchObject({ finishReason: { unified: "tool-calls" } })

    const help = await collect((await language.doStream({ prompt: [user("help")] })).stream)
    const deltas = help.parts.flatMap((part) => (part.type === "text-delta" ? [part.delta] : []))
    expect(Math.max(...deltas.map((delta) => delta.length))).toBeLessThanOrEqual(25)
    const { content, usage, finishReason } = await language.doGenerate({ prompt: [user("help")] })
    expect(content).toEqual([{ type: "text", text: help.text }])
    expect(finishReason.unified).toBe("stop")
    expect(usage.inputTokens.total).toBeGreaterThan(0)
    expect(usage.outputTokens.total).toBe(Math.ceil(help.text.length / 4))
  })

  test("an abort ends the stream", async () => {
    const stop = new AbortController()
    const { stream } = await offlineLanguage().doStream({ prompt: [user("help")], abortSignal: stop.signal })
    const reader = stream.getReader()
    await reader.read()
    stop.abort()
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow()
    await expect(offlineLanguage().doStream({ prompt: [user("x")], abortSignal: stop.signal })).rejects.toThrow()
  })

  test("what the program adds to a prompt is not read as a request", async () => {
    const language = offlineLanguage()
    const tools = [tool("read"), tool("grep")]
    const reminder = "<system-reminder>\nsearch for secrets\n</system-reminder>"
    const [call] = (
      await language.doGenerate({
        prompt: [
          {
            role: "user",
            content: [
              { type: "text", text: "show a.txt" },
              { type: "text", text: reminder },
            ],
          },
        ],
        tools,
      })
    ).content
    expect(call).toMatchObject({ type: "tool-call", toolName: "read" })
  })

  test("when tools are withdrawn it ends with what it has", async () => {
    const prompt = [
      user("search for x then search for y"),
      {
        role: "assistant" as const,
        content: [{ type: "tool-call" as const, toolCallId: "c", toolName: "grep", input: {} }],
      },
      {
        role: "tool" as const,
        content: [
          {
            type: "tool-result" as const,
            toolCallId: "c",
            toolName: "grep",
            output: { type: "text" as const, value: "Found 1 matches\n/w/a.ts:\n  Line 2: x" },
          },
        ],
      },
      user("<system-reminder>\nThe limit of steps is reached.\n</system-reminder>"),
    ]
    const { content } = await offlineLanguage().doGenerate({
      prompt,
      tools: [tool("grep")],
      toolChoice: { type: "none" },
    })
    expect(content).toMatchObject([
      { type: "text", text: expect.stringMatching(/a\.ts:2: x[\s\S]*No tools may be used now/) },
    ])
  })

  test("asked for a title or a summary, it gives an excerpt", async () => {
    const language = offlineLanguage()
    const title = await language.doGenerate({
      prompt: [{ role: "system", content: "Give this conversation a title." }, user("replace foo with bar\nplease")],
    })
    expect(title.content).toEqual([{ type: "text", text: "replace foo with bar please" }])
    const summary = await language.doGenerate({
      prompt: [user(`Here is the conversation so far:\n\n<conversation>${"word ".repeat(5000)}the end</conversation>`)],
    })
    expect(JSON.stringify(summary.content).length).toBeLessThan(7_000)
    expect(JSON.stringify(summary.content)).toContain("the end")
  })

  test("it is a provider like any other, and costs nothing", () => {
    const provider = offlineProvider()
    expect(Provider().parse(provider)).toEqual(provider)
    expect(Model().parse(provider.models["rules"])).toMatchObject({
      providerID: "offline",
      cost: { input: 0, output: 0 },
    })
  })
})
