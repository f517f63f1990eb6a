import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { CommandInput } from "@opencode/protocol/command.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { HeardRequest } from "@opencode/testing/model-server.ts"
import { calls, says, type Reply } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { describe, expect, test } from "vitest"
import { childrenOf, textOf } from "../turn/cast.ts"

const COMMANDS = "config/opencode/command"

async function run(w: World, command: string, given = "", more: Partial<CommandInput> = {}): Promise<MessageWithParts> {
  return w.engine.commands.run((await w.session()).id, { command, arguments: given, ...more })
}

/** A world whose user has these commands. The settings are read when the folder is opened. */
async function withCommands(
  commands: Record<string, string>,
  { home = {}, ...options }: Parameters<typeof world>[0] & { home?: Record<string, string> } = {},
): Promise<World> {
  const w = await world({ model: () => says("done"), ...options })
  w.folder.write({
    ...home,
    ...Object.fromEntries(Object.entries(commands).map(([name, text]) => [`${COMMANDS}/${name}.md`, text])),
  })
  await w.restart()
  return w
}

/** The subagent hears the task alone; who gave it is shown the result. */
const task =
  (result: string, summary: string) =>
  ({ messages }: HeardRequest): Reply =>
    says(messages.length === 1 ? result : summary)

const firstOf = async (w: World): Promise<Part[]> => (await w.transcript())[0]?.parts ?? []
const shown = async (w: World): Promise<string> => {
  const [part] = await firstOf(w)
  return part?.type === "text" ? part.text : JSON.stringify(part)
}

describe("a command", () => {
  test("is sent as a prompt with its arguments, and clients hear of it when it was answered", async () => {
    await using w = await withCommands({ tidy: "---\ndescription: Tidies\n---\nTidy $1, then $2." })
    const answer = await run(w, "tidy", "the house and go")
    expect(await shown(w)).toBe("Tidy the, then house and go.")
    expect(textOf(answer.parts)).toBe("done")
    expect(await w.happened("command.executed")).toEqual({
      name: "tidy",
      sessionID: (await w.session()).id,
      arguments: "the house and go",
      messageID: answer.info.id,
    })
    expect(w.events.findIndex(({ type }) => type === "session.idle")).toBeLessThan(
      w.events.findIndex(({ type }) => type === "command.executed"),
    )
  })

  test("decides itself who answers, with which model", async () => {
    await using w = await withCommands(
      { ask: "---\nagent: plan\nmodel: mock/small\n---\nAsk.", plain: "Plain." },
      { models: { large: {}, small: {} } },
    )
    await run(w, "ask", "", { agent: "build", model: "mock/large" })
    await run(w, "plain", "", { agent: "plan", model: "mock/large" })
    await run(w, "plain", "", { agent: "build" })
    const asked = (await w.transcript()).flatMap(({ info }) => (info.role === "user" ? [info] : []))
    expect(asked.map(({ agent, model }) => [agent, model.modelID])).toEqual([
      ["plan", "small"],
      ["plan", "large"],
      ["build", "large"],
    ])
  })

  test.each([
    [{ command: "tidi" }, "Command not found: tidi. Did you mean tidy?"],
    [{ command: "nobody" }, "Agent not found: nobdy."],
    [{ command: "tidy", model: "large" }, 'A model is written as provider/model, not "large".'],
    [{ command: "tidy", model: "mock/larg" }, "Model not found"],
    [{ command: "empty" }, "The command empty is empty."],
  ])("that cannot be run is refused before anything runs: %j", async (input, message) => {
    await using w = await withCommands({
      tidy: "!`touch made` Tidy.",
      nobody: "---\nagent: nobdy\n---\n!`touch made`",
      empty: "",
    })
    await expect(run(w, input.command, "", input)).rejects.toThrow(message)
    expect(w.files()).toEqual([])
    expect(await w.transcript()).toEqual([])
  })

  test("of a busy session waits its turn like any prompt", async () => {
    await using w = await withCommands(
      { tidy: "Tidy." },
      { permission: { bash: "ask" }, model: [calls("bash", { command: "ls" }), says("first"), says("second")] },
    )
    const first = w.prompt("go")
    const ask = await w.asked("bash")
    const second = run(w, "tidy")
    await w.happened("message.part.updated", ({ part }) => part.type === "text" && part.text === "Tidy.")
    ask.once()
    await Promise.all([first, second])
    expect(w.model.heard()).toContain("Tidy.")
  })

  test("that comes with the program can be replaced, and a name in the file counts more than the file's", async () => {
    await using w = await withCommands({ review: "My way.", a: "---\nname: b\nargument-hint: '[x]'\n---\nB" })
    const listed = await w.engine.commands.list()
    expect(listed.filter(({ source }) => source === "command").map(({ name }) => name)).toEqual(["init", "b", "review"])
    expect(listed.find(({ name }) => name === "review")).toEqual({
      name: "review",
      template: "My way.",
      source: "command",
      hints: [],
    })
    expect(listed.find(({ name }) => name === "init")).toMatchObject({ hints: ["$ARGUMENTS"] })
    expect(w.engine.config.issues).toEqual([])
  })

  test("a setting that is almost one of a command is reported, and the command is there", async () => {
    await using w = await withCommands({ tidy: "---\nagnt: plan\nallowed-tools: Bash\n---\nTidy {env:HOME}." })
    expect(w.engine.config.issues.map(({ message, line }) => [message, line])).toEqual([
      [expect.stringContaining("Did you mean agent?"), 2],
    ])
    await run(w, "tidy")
    expect(await shown(w)).toBe("Tidy {env:HOME}.")
  })
})

describe("what a template has run", () => {
  test("its output stands in its place, and arguments are values in it, never commands", async () => {
    await using w = await withCommands({ look: 'Out: !`echo "[$1]"; pwd` Args: $ARGUMENTS !`echo $ARGUMENTS`' })
    await run(w, "look", "$(touch a); touch b `touch c` !`touch d` ' && touch e")
    const text = await shown(w)
    expect(text).toContain("Out: [$(touch a); touch b `touch c` !`touch d` ' && touch e]")
    expect(text).toContain(`${w.project}\n`)
    expect(w.files()).toEqual([])
  })

  test("it has no secrets of the program in its environment", async () => {
    await using w = await withCommands(
      { look: '[!`echo "$OPENCODE_SERVER_PASSWORD$MINE"`]' },
      { env: { OPENCODE_SERVER_PASSWORD: "hunter2", MINE: "mine" } },
    )
    await run(w, "look")
    expect(await shown(w)).toBe("[mine\n]")
  })

  test.each([
    ["echo a; echo oops >&2; exit 3", "[a\n]"],
    ["exit 0", "[]"],
    ["echo oops >&2; exit 3", "[[This command printed nothing and ended with 3: oops]]"],
    ["head -c 200000 /dev/zero | tr '\\0' x", /x{51200}\n\[Cut here/],
  ])("what went wrong is said in its place: %s", async (command, expected) => {
    await using w = await withCommands({ look: `[!\`${command}\`]` })
    await run(w, "look")
    const text = await shown(w)
    if (typeof expected === "string") expect(text).toBe(expected)
    else expect(text).toMatch(expected)
  })

  test("an abort ends it, and no prompt is sent", async () => {
    await using w = await withCommands({ wait: "!`touch begun; sleep 60` go" })
    const running = run(w, "wait")
    const refused = expect(running).rejects.toThrow("ended before its prompt was sent")
    while (!w.files().includes("begun")) await new Promise(setImmediate)
    expect(await w.engine.sessions.abort((await w.session()).id)).toBe(true)
    await refused
    expect(await w.transcript()).toEqual([])
  })

  const files = { ".opencode/command/look.md": "Out: !`touch made` $1" }

  test("of an untrusted project nothing runs, and the prompt says so", async () => {
    await using w = await world({ model: () => says("done"), files, client: true })
    const running = run(w, "look", "!`touch typed`")
    ;(await w.asked("trust")).reject()
    await running
    expect(await shown(w)).toBe("Out: [Not run before this project is trusted: !`touch made`] !`touch typed`")
    expect(w.files()).toEqual([".opencode/command/look.md"])
  })

  test("it runs when a person trusts this command, for which they are asked before", async () => {
    await using w = await world({ model: () => says("done"), files, client: true })
    const running = run(w, "look", "now")
    const ask = await w.asked("trust")
    expect(ask.patterns).toEqual([expect.stringContaining("touch made")])
    ask.once()
    await running
    expect(await shown(w)).toBe("Out:  now")
    expect(w.files()).toContain("made")
  })

  test("a command whose lines are too many to be shown to anybody runs none of them", async () => {
    const template = `!\`touch made\` !\`: ${"x".repeat(21_000)}\``
    await using w = await world({
      model: () => says("done"),
      files: { "opencode.json": JSON.stringify({ command: { look: { template } } }) },
      client: true,
    })
    await run(w, "look")
    expect(w.files()).not.toContain("made")
    expect(await shown(w)).toContain("[Not run before this project is trusted: !`touch made`]")
  })

  test("what a person approved is asked about again when what it runs changes, and not for what it shows", async () => {
    const template = "See NOTES.md !`cat TODO.md` !`bash check.sh >out.txt`"
    await using w = await world({
      model: () => says("done"),
      files: { ".opencode/command/look.md": template, "check.sh": "echo one", "TODO.md": "a", "NOTES.md": "b" },
      client: true,
    })
    const pending = async () => (await w.engine.settings.fresh()).config.trust.pending.map(({ loads }) => loads)
    expect(await pending()).toEqual([["check.sh"]])
    const running = run(w, "look")
    ;(await w.asked("trust")).always()
    await running
    for (const name of ["TODO.md", "NOTES.md", "out.txt"]) writeFileSync(join(w.project, name), "another")
    expect(await pending()).toEqual([])
    writeFileSync(join(w.project, "check.sh"), "echo two")
    expect(await pending()).toEqual([["check.sh"]])
  })

  test("lines that a file brings in are shown before they are approved, and bound to it", async () => {
    await using w = await world({
      model: () => says("done"),
      files: {
        "opencode.json": JSON.stringify({ command: { look: { template: "{file:./look.txt}" } } }),
        "look.txt": "Out: !`sh ./run.sh`",
        "run.sh": "echo ran",
      },
      client: true,
    })
    const running = run(w, "look")
    const ask = await w.asked("trust")
    expect(ask.patterns).toEqual(["command.look: runs sh ./run.sh when the command is used"])
    expect(w.engine.config.trust.pending[0]?.loads).toEqual(["look.txt", "run.sh"])
    ask.once()
    await running
    expect(await shown(w)).toBe("Out: ran")
  })

  test("an abort while a person is asked ends the command", async () => {
    await using w = await world({ model: () => says("done"), files, client: true })
    const running = run(w, "look")
    const refused = expect(running).rejects.toThrow("ended before its prompt was sent")
    await w.asked("trust")
    expect(await w.engine.sessions.abort((await w.session()).id)).toBe(true)
    await refused
    expect(w.engine.gate.list()).toEqual([])
    expect(await w.transcript()).toEqual([])
  })

  test("a project that changes who runs the user's command does not stop it, and its own text does", async () => {
    await using w = await withCommands(
      { look: "!`echo ran`", mine: "!`echo ran`" },
      { files: { "opencode.json": '{"command": {"mine": {"template": "!`touch made`"}}}' }, client: true },
    )
    const running = run(w, "look")
    ;(await w.asked("trust")).reject()
    await running
    expect(await shown(w)).toBe("ran")
    await run(w, "mine")
    expect(w.files()).toEqual(["opencode.json"])
  })
})

describe("what a command names with @", () => {
  const files = { "a.txt": "alpha", "sub/b.txt": "beta", ".env": "KEY=1" }
  const named = async (w: World): Promise<string[]> =>
    (await firstOf(w)).flatMap((part) =>
      part.type === "file" ? [part.filename ?? ""] : part.type === "agent" ? [`@${part.name}`] : [],
    )

  test("files, folders and agents come along; what is none of them stays text", async () => {
    await using w = await withCommands(
      { see: "See @a.txt, @sub (@sub/b.txt). @explore it; not @missing, me@a.txt or `@a.txt` and @$1" },
      { files },
    )
    await run(w, "see", "~/note.txt")
    expect(await named(w)).toEqual(["a.txt", "sub", "sub/b.txt", "@explore"])
    expect((await firstOf(w)).some((part) => part.type === "text" && part.text.includes("1: alpha"))).toBe(true)
  })

  test("what was typed is attached wherever it lies, and what a command printed is not", async () => {
    await using w = await withCommands({ see: "!`echo @a.txt` $1" }, { files, home: { "home/note.txt": "note" } })
    await run(w, "see", "@~/note.txt")
    expect(await named(w)).toEqual(["~/note.txt"])
  })

  test("an untrusted project shows only what may be read of its own", async () => {
    await using w = await world({
      model: () => says("done"),
      files: { ...files, ".opencode/command/see.md": "See @a.txt @.env @~/note.txt @../home/note.txt @general" },
    })
    w.folder.write({ "home/note.txt": "note" })
    await run(w, "see")
    expect(await named(w)).toEqual(["a.txt"])
  })

  test("files that the client sends come behind", async () => {
    await using w = await withCommands({ see: "See @a.txt" }, { files })
    const url = `file://${join(w.project, "sub/b.txt")}`
    await run(w, "see", "", { parts: [{ type: "file", mime: "text/plain", filename: "mine", url }] })
    expect(await named(w)).toEqual(["a.txt", "mine"])
  })
})

describe("a command as a task", () => {
  test("goes to the subagent that it names, and the conversation goes on with the result", async () => {
    await using w = await withCommands(
      { count: "---\nagent: general\ndescription: Counts\n---\nCount $1" },
      { permission: { task: "deny" }, model: task("Two.", "all in all, two") },
    )
    const answer = await run(w, "count", "files")
    expect(await firstOf(w)).toMatchObject([
      { type: "subtask", prompt: "Count files", description: "Counts", agent: "general", command: "count" },
    ])
    expect((await w.transcript())[0]?.info.agent).toBe("build")
    expect(textOf(answer.parts)).toBe("all in all, two")
    expect(await childrenOf(w)).toHaveLength(1)
  })

  test("is none where it says `subtask: false`: then the subagent answers itself", async () => {
    await using w = await withCommands({ here: "---\nagent: general\nsubtask: false\n---\nHere" })
    await run(w, "here")
    expect(await childrenOf(w)).toEqual([])
    expect((await w.transcript()).map(({ info }) => info.agent)).toEqual(["general", "general"])
  })

  test("can be given to any agent, with a model of its own, for the time of the task", async () => {
    await using w = await withCommands(
      { apart: "---\nsubtask: true\nmodel: mock/small\n---\nApart" },
      { models: { large: {}, small: {} }, model: task("apart it is", "all in all") },
    )
    await run(w, "apart")
    expect(await childrenOf(w)).toMatchObject([{ agent: "build", model: { id: "small" } }])
    expect((await w.transcript()).at(-1)?.info).toMatchObject({ agent: "build", modelID: "large" })
  })

  test("is an ordinary prompt where there are no subagents", async () => {
    await using w = await withCommands({ count: "---\nagent: general\n---\nCount" }, { config: { subagent_depth: 0 } })
    await run(w, "count")
    expect(await shown(w)).toBe("Count")
  })
})
