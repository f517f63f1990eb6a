import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, test } from "vitest"
import { openCodex } from "../../src/intake/codex.ts"
import { jsonl, readSession, said } from "./lines.ts"

const ID = "019add38-07f3-7e93-ae71-3e0095eb0315"
const FILE = `sessions/2026/02/01/rollout-2026-02-01T10-00-00-${ID}.jsonl`
const entry = (type: string, payload: object): object => ({ timestamp: "2026-02-01T10:00:00.000Z", type, payload })
const item = (payload: object): object => entry("response_item", payload)
const text = (role: string, words: string): object =>
  item({ type: "message", role, content: [{ type: role === "assistant" ? "output_text" : "input_text", text: words }] })
const META = entry("session_meta", { id: ID, cwd: "/home/me/work", cli_version: "0.130.0", model_provider: "openai" })

const TALK = [
  META,
  text("developer", "<permissions instructions>"),
  text("user", "# AGENTS.md instructions for /home/me/work"),
  text("user", "<environment_context>\n  <cwd>/home/me/work</cwd>"),
  entry("turn_context", { cwd: "/home/me/work", model: "gpt-5.2-codex" }),
  text("user", "Count the files"),
  item({ type: "reasoning", summary: [{ type: "summary_text", text: "Two ways." }], encrypted_content: "opaque" }),
  item({ type: "function_call", name: "shell", call_id: "c1", arguments: '{"command":["bash","-lc","ls | wc -l"]}' }),
  item({ type: "custom_tool_call", name: "apply_patch", call_id: "c2", input: "*** Begin Patch" }),
  item({ type: "function_call_output", call_id: "c1", output: '{"output":"7\\n","metadata":{"exit_code":0}}' }),
  item({ type: "custom_tool_call_output", call_id: "c2", output: '{"output":"refused","metadata":{"exit_code":1}}' }),
  entry("event_msg", { type: "token_count", info: { last_token_usage: { input_tokens: 1, output_tokens: 1 } } }),
  text("assistant", "There are seven."),
  entry("event_msg", {
    type: "token_count",
    info: {
      last_token_usage: { input_tokens: 110, cached_input_tokens: 100, output_tokens: 9, reasoning_output_tokens: 4 },
    },
  }),
  entry("event_msg", { type: "agent_message", message: "There are seven." }),
]

test("a transcript is a session with its prompts, thoughts, calls, results and tokens, without what was injected", () => {
  using folder = tempFolder()
  folder.write({ [FILE]: jsonl(TALK) })
  const { conversation, messages, told } = readSession(openCodex(folder.path).sessions[0])
  expect(told).toEqual([])
  expect(conversation.info).toMatchObject({
    title: "Count the files",
    directory: "/home/me/work",
    version: "codex 0.130.0",
  })
  expect(said(messages)).toEqual([
    "user text: Count the files",
    "assistant reasoning: Two ways.",
    'assistant bash {"command":"ls | wc -l"} completed: 7\n',
    'assistant apply_patch {"patchText":"*** Begin Patch"} error: refused',
    "assistant text: There are seven.",
  ])
  expect(messages.at(-1)?.info).toMatchObject({
    modelID: "gpt-5.2-codex",
    tokens: { input: 10, output: 5, reasoning: 4, cache: { read: 100, write: 0 } },
  })
})

test("turns that were rolled back are left out, an aborted one says so, and notes of a compaction stand for what they tell", () => {
  using folder = tempFolder()
  folder.write({
    [FILE]: jsonl([
      ...TALK,
      text("user", "No"),
      text("assistant", "Yes"),
      entry("event_msg", { type: "thread_rolled_back", num_turns: 1 }),
      entry("compacted", { message: "Seven files." }),
      text("user", "Wait"),
      text("assistant", "Wai"),
      entry("event_msg", { type: "turn_aborted", reason: "interrupted" }),
    ]),
  })
  const { messages } = readSession(openCodex(folder.path).sessions[0])
  expect(said(messages).slice(-5)).toEqual([
    "assistant text: There are seven.",
    "user compaction",
    "assistant text: Seven files.",
    "user text: Wait",
    "assistant text: Wai",
  ])
  expect(messages.at(-1)?.info).toMatchObject({ error: { name: "MessageAbortedError" } })
})

test("files of the first versions, which have no envelope, are read as well", () => {
  using folder = tempFolder()
  const bare = [...TALK.slice(3, 4), ...TALK.slice(5, 13)].map((one) => (one as { payload: object }).payload)
  folder.write({
    [FILE]: jsonl([
      { id: ID, timestamp: "2025-05-01T10:00:00Z", instructions: null },
      { record_type: "state" },
      ...bare,
    ]),
  })
  const { messages, conversation } = readSession(openCodex(folder.path).sessions[0])
  expect(said(messages)).toHaveLength(5)
  expect(conversation.info.directory).toBe("/home/me/work")
  expect(conversation.info.time.created).toBe(Date.UTC(2025, 4, 1, 10))
})

test("a session that another one started is below it, and one file can be read by itself", () => {
  using folder = tempFolder()
  const child = "019add38-07f3-7e93-ae71-3e0095eb0316"
  const meta = entry("session_meta", {
    id: child,
    cwd: "/a",
    source: { subagent: { thread_spawn: { parent_thread_id: ID } } },
  })
  const file = `sessions/2026/02/02/rollout-2026-02-02T10-00-00-${child}.jsonl`
  folder.write({ [FILE]: jsonl(TALK), [file]: jsonl([meta, text("user", "Look")]) })
  const { sessions } = openCodex(folder.path)
  expect(sessions.map((found) => readSession(found).conversation.info.parentID)).toContain(sessions[0]?.id)
  expect(openCodex(folder.join(file)).sessions).toHaveLength(1)
})
