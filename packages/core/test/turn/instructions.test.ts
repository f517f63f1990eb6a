import { once } from "node:events"
import { symlinkSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Log } from "@opencode/core/lib/log.ts"
import { silentLog } from "@opencode/core/lib/log.ts"
import { calls, callsMany, says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { cast, starts, task } from "./cast.ts"

const systems = (w: World): string[] => w.model.requests.map(({ system }) => system)
const epochs = async (w: World) => w.home.store.ledger.list((await w.session()).id).map(({ epoch }) => epoch)
/** What the calls of `read` gave, and which files with instructions they say came with it. */
const reads = async (w: World) =>
  (await w.calls()).map(({ state }) =>
    state.status === "completed"
      ? {
          output: state.output,
          loaded: (state.metadata["loaded"] as string[]).map((path) => path.slice(w.project.length)),
        }
      : { output: state.status, loaded: [] },
  )
const read = (...files: string[]) => callsMany(files.map((filePath) => ({ name: "read", input: { filePath } })))

test("the model is told of AGENTS.md before anything else, and every request begins with the same bytes", async () => {
  await using w = await world({
    git: true,
    files: { "AGENTS.md": "Use tabs.", "docs/style.md": "Be brief." },
    config: { instructions: ["docs/*.md"] },
    model: [calls("glob", { pattern: "*" }), says("done"), says("again")],
  })
  await w.prompt("go")
  await w.prompt("go on")
  const [first, ...others] = systems(w)
  expect(first).toContain(`Instructions from: ${w.project}/AGENTS.md\nUse tabs.`)
  expect(first?.indexOf("Use tabs.")).toBeLessThan(first?.indexOf("Be brief.") ?? 0)
  expect(others).toEqual([first, first])
  expect(await epochs(w)).toEqual(["start", undefined, undefined])
  // Some servers refuse a second system message.
  const sent = JSON.stringify(w.model.requests[0]?.body["messages"])
  expect(sent.match(/"role":"system"/g)).toHaveLength(1)
})

test("who changes AGENTS.md is heard by the next turn, not by the one at work, and the ledger says why", async () => {
  await using w = await world({
    permission: "allow",
    files: { "AGENTS.md": "Use tabs." },
    model: [calls("bash", { command: "echo 'Use spaces.' > AGENTS.md" }), says("done"), says("again")],
  })
  await w.prompt("go")
  await w.prompt("go on")
  expect(systems(w).map((text) => /Use \w+\./.exec(text)?.[0])).toEqual(["Use tabs.", "Use tabs.", "Use spaces."])
  expect(await epochs(w)).toEqual(["start", undefined, "system"])
})

test("subagents are told too, and those who name or sum up the conversation are not", async () => {
  await using w = await world({
    titles: true,
    files: { "AGENTS.md": "Use tabs." },
    model: cast([starts(task("look")), says("done")], {
      look: [says("found")],
      "Generate a title": [says("A name")],
      "Here is the conversation so far": [says("## Goal\nnotes")],
    }),
  })
  await w.prompt("go")
  await w.happened("session.updated", ({ info }) => info.title === "A name")
  const { id } = await w.session()
  await w.engine.compaction.summarize(id, { providerID: "mock", modelID: "large" })
  const told = w.model.requests.map(({ system, messages }) => [
    messages[0]?.text.split(/[\s:]/).slice(0, 2).join(" "),
    system.includes("Use tabs."),
  ])
  expect(told.sort()).toEqual([
    ["Generate a", false],
    ["Here is", false],
    ["go", true],
    ["go", true],
    ["look", true],
  ])
})

test("what is wrong with a file is in the log once, and never fails a prompt", async () => {
  const warned: string[] = []
  const log: Log = { ...silentLog, warn: (message) => void warned.push(message) }
  await using w = await world({ log, files: { "CLAUDE.md": "Use tabs." }, model: [says("one"), says("two")] })
  symlinkSync("/etc/hostname", join(w.project, "AGENTS.md"))
  await w.prompt("go")
  await w.prompt("go on")
  expect(systems(w).every((text) => text.includes("Use tabs."))).toBe(true)
  expect(warned.filter((message) => message.includes("AGENTS.md"))).toEqual([
    `${w.project}/AGENTS.md is left out: it is a link that leads out of the project.`,
  ])
})

test("a file that rules keep from being read is not told either, and rules for every file say nothing of it", async () => {
  await using w = await world({
    permission: { "*": "ask", read: { "*": "ask", "secret/*": "deny" } },
    config: { instructions: ["secret/a.md", ".env"] },
    files: { "AGENTS.md": "Use tabs.", "secret/a.md": "secret a", ".env": "KEY=secret" },
    model: [says("done")],
  })
  await w.prompt("go")
  expect(systems(w)[0]).toContain("Use tabs.")
  expect(systems(w)[0]).not.toContain("secret a")
  expect(systems(w)[0]).not.toContain("KEY=")
})

test("instructions by address are fetched once: the user's without a word, the project's when somebody said yes", async () => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.url ?? "")
    response.end(`from the web: ${request.url}`)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const files = { "opencode.json": JSON.stringify({ instructions: [`${url}/project`] }) }
  const config = { instructions: [`${url}/user`] }
  try {
    await using w = await world({ client: true, config, files, model: [says("one"), says("two")] })
    const turn = w.prompt("go")
    await w.asked("trust").then((question) => question.reject())
    await turn
    await w.prompt("go on")
    expect(systems(w).every((text) => text.includes("from the web: /user"))).toBe(true)
    expect(seen).toEqual(["/user"])

    await using trusting = await world({ client: true, config, files, model: [says("one")] })
    const other = trusting.prompt("go")
    await trusting.asked("trust").then((question) => question.once())
    await other
    expect(systems(trusting)[0]).toContain("from the web: /project")
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

const FOLDERS = {
  "AGENTS.md": "top",
  "x/AGENTS.md": "about x",
  "x/y/CLAUDE.md": "about y",
  "x/y/f.ts": "f",
  "x/y/g.ts": "g",
  "x/h.ts": "h",
}

test("instructions of a folder come with the first file that is read in it, once", async () => {
  await using w = await world({
    git: true,
    files: FOLDERS,
    model: [
      read("x/y/f.ts", "x/y/g.ts"),
      read("x/h.ts", "x", "x/y/g.ts"),
      says("done"),
      read("x/y/f.ts"),
      says("done"),
    ],
  })
  await w.prompt("go")
  await w.prompt("again")
  const [first, second, ...others] = await reads(w)
  // They run side by side, and either may be the first.
  const [brought, other] = first?.loaded.length ? [first, second] : [second, first]
  expect(brought?.loaded).toEqual(["/x/y/CLAUDE.md", "/x/AGENTS.md"])
  expect(brought?.output).toMatch(
    /<\/content>\n\n<system-reminder>\n.*\nInstructions from: .*\/x\/y\/CLAUDE\.md\nabout y\nInstructions from: .*about x\n<\/system-reminder>$/s,
  )
  for (const one of [other, ...others])
    expect(one).toMatchObject({ loaded: [], output: expect.not.stringContaining("about") })
})

test("they come again when a compaction took them away, and after a restart they are still known", async () => {
  await using w = await world({
    files: FOLDERS,
    model: cast([read("x/h.ts"), says("done"), read("x/h.ts"), says("done"), read("x/h.ts"), says("done")], {
      "Here is the conversation so far": [says("## Goal\nnotes")],
    }),
    config: { compaction: { tail_turns: 0 } },
  })
  await w.prompt("go")
  await w.restart()
  await w.prompt("again")
  const { id } = await w.session()
  await w.engine.compaction.summarize(id, { providerID: "mock", modelID: "large" })
  await w.prompt("once more")
  expect((await reads(w)).map(({ loaded }) => loaded)).toEqual([["/x/AGENTS.md"], [], ["/x/AGENTS.md"]])
})

test("what `instructions` names already does not come again with a file", async () => {
  await using w = await world({
    files: FOLDERS,
    config: { instructions: ["x/AGENTS.md"] },
    model: [read("x/h.ts"), says("done")],
  })
  await w.prompt("go")
  expect((await reads(w)).map(({ loaded }) => loaded)).toEqual([[]])
})

test("a file that comes with the prompt brings the instructions of its folder", async () => {
  await using w = await world({ files: FOLDERS, model: [read("x/y/g.ts"), says("done")] })
  const file = (path: string) => ({
    type: "file" as const,
    mime: "text/plain",
    filename: path,
    url: pathToFileURL(join(w.project, path)).href,
  })
  await w.prompt("", { parts: [{ type: "text", text: "look" }, file("x/h.ts"), file("x/y/f.ts")] })
  const [prompt] = await w.transcript()
  const texts = prompt?.parts.flatMap((part) => (part.type === "text" && part.metadata ? [part] : [])) ?? []
  expect(texts.map(({ metadata }) => metadata)).toEqual([
    { loaded: [join(w.project, "x/AGENTS.md")] },
    { loaded: [join(w.project, "x/y/CLAUDE.md")] },
  ])
  expect(texts[0]?.text).toContain("about x")
  // What the prompt told is known to its turn.
  expect((await reads(w)).map(({ loaded }) => loaded)).toEqual([[]])
})

test("a file outside of the project brings nothing", async () => {
  await using w = await world({ permission: "allow", files: FOLDERS, model: () => says("done") })
  w.folder.write({ "other/AGENTS.md": "not ours", "other/f.ts": "f" })
  w.model.add(read(w.folder.join("other/f.ts")), says("done"))
  await w.prompt("go")
  expect(await reads(w)).toMatchObject([{ loaded: [], output: expect.not.stringContaining("not ours") }])
})
