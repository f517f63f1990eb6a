import { appendFileSync, chmodSync, mkdirSync } from "node:fs"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { unprivileged } from "@opencode/testing/unprivileged.ts"
import { expect, test } from "vitest"
import { openClaudeCode } from "../../src/intake/claude-code.ts"
import { jsonl, readSession, said } from "./lines.ts"

const SESSION = "8a2b6a52-7c1e-4f5e-9d4b-2c7a4a1b0001"
const FILE = `projects/-home-me-work/${SESSION}.jsonl`
let minute = 0
const at = (): string => new Date(Date.UTC(2026, 1, 1, 10, minute++ % 60)).toISOString()

const line = (uuid: string, parentUuid: string | null, more: object): object => ({
  uuid,
  parentUuid,
  sessionId: SESSION,
  timestamp: at(),
  cwd: "/home/me/work",
  version: "2.1.0",
  isSidechain: false,
  ...more,
})
const prompt = (uuid: string, parent: string | null, content: unknown, more: object = {}): object =>
  line(uuid, parent, { type: "user", message: { role: "user", content }, ...more })
const answer = (uuid: string, parent: string, id: string, block: object): object =>
  line(uuid, parent, {
    type: "assistant",
    message: {
      id,
      role: "assistant",
      model: "claude-opus-4-6",
      content: [block],
      usage: { input_tokens: 3, output_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 20 },
    },
  })
const result = (uuid: string, parent: string, id: string, content: unknown, more: object = {}): object =>
  prompt(uuid, parent, [{ type: "tool_result", tool_use_id: id, content, ...more }])

const TALK = [
  { type: "file-history-snapshot", messageId: "a", snapshot: {} },
  prompt("u0", null, "<command-caveat>", { isMeta: true }),
  prompt("u1", "u0", "Count the files"),
  answer("a1", "u1", "msg_01", { type: "thinking", thinking: "Two ways.", signature: "c2ln" }),
  answer("a2", "a1", "msg_01", { type: "text", text: "I look." }),
  answer("a3", "a2", "msg_01", { type: "tool_use", id: "toolu_1", name: "Bash", input: { command: "ls | wc -l" } }),
  answer("a4", "a3", "msg_01", {
    type: "tool_use",
    id: "toolu_2",
    name: "Read",
    input: { file_path: "/home/me/work/a" },
  }),
  result("r1", "a3", "toolu_1", "7"),
  result("r2", "a4", "toolu_2", [{ type: "text", text: "No such file" }], { is_error: true }),
  answer("a5", "r2", "msg_02", { type: "text", text: "There are seven." }),
  { type: "summary", summary: "Counting files", leafUuid: "a5" },
]

test("a transcript is a session with its prompts, thoughts, calls, results and tokens in their order", () => {
  using folder = tempFolder()
  folder.write({ [FILE]: jsonl(TALK) })
  const { conversation, messages, told } = readSession(openClaudeCode(folder.path).sessions[0])
  expect(told).toEqual([])
  expect(conversation.info).toMatchObject({
    title: "Counting files",
    directory: "/home/me/work",
    version: "claude-code 2.1.0",
  })
  expect(said(messages)).toEqual([
    "user text: Count the files",
    "assistant reasoning: Two ways.",
    "assistant text: I look.",
    'assistant bash {"command":"ls | wc -l"} completed: 7',
    'assistant read {"filePath":"/home/me/work/a"} error: No such file',
    "assistant text: There are seven.",
  ])
  expect(messages.map(({ info }) => info.role)).toEqual(["user", "assistant", "assistant"])
  expect(messages[0]?.info).toMatchObject({ model: { providerID: "anthropic", modelID: "claude-opus-4-6" } })
  expect(messages[1]?.info).toMatchObject({
    parentID: messages[0]?.info.id,
    finish: "tool-calls",
    tokens: { input: 3, output: 5, reasoning: 0, cache: { read: 100, write: 20 } },
  })
  expect(JSON.stringify(messages)).not.toContain("c2ln")
})

test("of a prompt that was worded anew the newest branch is kept, and what was left out is told", () => {
  using folder = tempFolder()
  const anew = [prompt("v1", "u0", "Count the folders"), answer("b1", "v1", "msg_03", { type: "text", text: "Two." })]
  folder.write({ [FILE]: jsonl([...TALK, ...anew]) })
  const { messages, told } = readSession(openClaudeCode(folder.path).sessions[0])
  expect(said(messages)).toEqual(["user text: Count the folders", "assistant text: Two."])
  expect(told).toEqual([expect.stringContaining("8 lines")])
})

test("a compaction is one here too, so that a model reads the notes and not all of it", () => {
  using folder = tempFolder()
  const rest = [
    line("s1", null, { type: "system", subtype: "compact_boundary", logicalParentUuid: "a5" }),
    prompt("c1", "s1", "This session is being continued: seven files.", { isCompactSummary: true }),
    prompt("u2", "c1", [
      { type: "text", text: "Again" },
      { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
    ]),
    answer("a6", "u2", "msg_04", { type: "text", text: "Seven." }),
  ]
  folder.write({ [FILE]: jsonl([...TALK, ...rest]) })
  const { messages } = readSession(openClaudeCode(folder.path).sessions[0])
  expect(said(messages).slice(-5)).toEqual([
    "user compaction",
    "assistant text: This session is being continued: seven files.",
    "user text: Again",
    "user file",
    "assistant text: Seven.",
  ])
  expect(messages.filter(({ info }) => info.role === "assistant" && info.summary)).toHaveLength(1)
})

test("what is appended changes no id of what was there, and damaged lines are told", () => {
  using folder = tempFolder()
  folder.write({ [FILE]: jsonl(TALK) })
  const [before] = openClaudeCode(folder.path).sessions
  const first = readSession(before).messages
  appendFileSync(folder.join(FILE), jsonl(["{ torn", prompt("u9", "a5", "And now?")]))
  const [after] = openClaudeCode(folder.path).sessions
  expect(after?.id).toBe(before?.id)
  expect(after?.stamp).not.toBe(before?.stamp)
  const { messages, told } = readSession(after)
  expect(messages.slice(0, -1)).toEqual(first)
  expect(told).toEqual([expect.stringContaining(`The line ${TALK.length + 1} of`)])
})

test("what a subagent said is a session below the one that it worked for", () => {
  using folder = tempFolder()
  const own = [
    prompt("x1", null, "Look around", { isSidechain: true, agentId: "ab12" }),
    { ...answer("x2", "x1", "msg_07", { type: "text", text: "Looked." }), isSidechain: true },
  ]
  folder.write({ [FILE]: jsonl(TALK), [`projects/-home-me-work/${SESSION}/subagents/agent-ab12.jsonl`]: jsonl(own) })
  const { sessions } = openClaudeCode(folder.path)
  const read = sessions.map((found) => readSession(found))
  const child = read.find(({ conversation }) => conversation.info.parentID !== undefined)
  const parent = read.find(({ conversation }) => conversation.info.parentID === undefined)
  expect(child?.conversation.info.parentID).toBe(parent?.conversation.info.id)
  expect(said(child?.messages ?? [])).toEqual(["user text: Look around", "assistant text: Looked."])
})

test("what may not be read beside a transcript keeps nothing else from being taken over, and is told", async () => {
  using folder = tempFolder()
  for (const name of ["kept", "closed", "shut/in"])
    folder.write({ [`${name}.jsonl`]: jsonl([prompt("u", null, "hello")]) })
  chmodSync(folder.join("closed.jsonl"), 0)
  chmodSync(folder.join("shut"), 0)
  await unprivileged(folder.path, async () => {
    const { sessions } = openClaudeCode(folder.path)
    const titles = sessions.map((found) => {
      try {
        return found.read(() => {})?.info.title
      } catch (error) {
        return (error as NodeJS.ErrnoException).code
      }
    })
    expect(titles).toEqual(["EACCES", "hello"])
  })
  chmodSync(folder.join("shut"), 0o700)
})

test("a place that is far too large to be one of transcripts is refused instead of looked through", () => {
  using folder = tempFolder()
  for (let at = 0; at <= 10_000; at++) mkdirSync(folder.join(String(at)))
  expect(() => openClaudeCode(folder.path)).toThrow("too many folders")
})
