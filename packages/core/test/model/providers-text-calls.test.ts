import fc from "fast-check"
import { cpuMs } from "@opencode/testing/effort.ts"
import { expect, test } from "vitest"
import { callsFromText } from "@opencode/core/model/quirks/text-call-stream.ts"
import { textCalls } from "@opencode/core/model/quirks/text-calls.ts"
import type { LanguageModelV3StreamPart } from "@ai-sdk/provider"
import { says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"

const TOOLS = new Map([
  ["bash", { type: "object", properties: { command: { type: "string" }, timeout: { type: "integer" } } }],
  ["read", { type: "object", properties: { filePath: { type: "string" }, limit: { type: "integer" } } }],
])

interface Found {
  text: string
  calls: [name: string, input: unknown][]
}

/** What comes of a text in pieces: what was given on as text, and the calls at its end. */
function found(text: string, sizes: number[] = [1]): Found & { held: string } {
  const reader = textCalls(TOOLS)
  let given = ""
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    given += reader.push(text.slice(at, at + size))
    at += size
  }
  const { text: rest, calls } = reader.end()
  return {
    text: calls.length ? given : given + rest,
    held: rest,
    calls: calls.map(({ name, input }) => [name, JSON.parse(input)]),
  }
}

const LS: [string, unknown] = ["bash", { command: "ls" }]
const READ: [string, unknown] = ["read", { filePath: "/a", limit: 5 }]

test.each<[name: string, text: string, calls: [string, unknown][], before?: string]>([
  ["Hermes", '<tool_call>\n{"name": "bash", "arguments": {"command": "ls"}}\n</tool_call>', [LS]],
  [
    "Hermes, twice, after words",
    'I will look.\n\n<tool_call>{"name":"bash","arguments":{"command":"ls"}}</tool_call>\n<tool_call>{"name":"read","arguments":{"filePath":"/a","limit":5}}</tool_call>\n',
    [LS, READ],
    "I will look.\n\n",
  ],
  ["arguments first", '<tool_call>{"arguments": {"command": "ls"}, "name": "bash"}</tool_call>', [LS]],
  ["arguments as a text", String.raw`<tool_call>{"name":"bash","arguments":"{\"command\":\"ls\"}"}</tool_call>`, [LS]],
  [
    "Qwen 3 Coder",
    "<tool_call>\n<function=read>\n<parameter=filePath>\n/a\n</parameter>\n<parameter=limit>\n5\n</parameter>\n</function>\n</tool_call>",
    [READ],
  ],
  [
    "Qwen 3 Coder without the outer tag",
    "<function=bash><parameter=command>ls</parameter></function>\n</tool_call>",
    [LS],
  ],
  [
    "two functions without the outer tag",
    "<function=bash><parameter=command>ls</parameter></function>\n<function=bash><parameter=command>ls</parameter></function>",
    [LS, LS],
  ],
  ["Llama with its token", '<|python_tag|>{"name": "bash", "parameters": {"command": "ls"}}', [LS]],
  ["Llama bare", '{"name": "bash", "parameters": {"command": "ls"}}', [LS]],
  ["Llama bare, typed", '{"type": "function", "name": "bash", "parameters": {"command": "ls"}}', [LS]],
  [
    "Llama, two",
    '{"name":"bash","parameters":{"command":"ls"}}; {"name":"bash","parameters":{"command":"ls"}}',
    [LS, LS],
  ],
  ["Mistral, a list", '[TOOL_CALLS][{"name": "bash", "arguments": {"command": "ls"}}]', [LS]],
  ["Mistral, an object", '[TOOL_CALLS] {"name": "bash", "arguments": {"command": "ls"}}', [LS]],
  ["Mistral, a name", '[TOOL_CALLS]bash[ARGS]{"command": "ls"}[TOOL_CALLS]bash{"command": "ls"}', [LS, LS]],
  [
    "DeepSeek V3",
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>bash\n```json\n{"command": "ls"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>read\n```json\n{"filePath": "/a", "limit": 5}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    [LS, READ],
  ],
  [
    "DeepSeek V3.1 with plain bars",
    '<|tool▁calls▁begin|><|tool▁call▁begin|>bash<|tool▁sep|>{"command": "ls"}<|tool▁call▁end|><|tool▁calls▁end|>',
    [LS],
  ],
  ["a fence", 'Let me see:\n```json\n{"name": "bash", "arguments": {"command": "ls"}}\n```', [LS], "Let me see:\n"],
  ["a fence without a language", '```\n{"name": "bash", "arguments": {"command": "ls"}}\n```\n', [LS]],
  [
    "a false start before it",
    'a <tool_ <tool_call>{"name":"bash","arguments":{"command":"ls"}}</tool_call>',
    [LS],
    "a <tool_ ",
  ],
  [
    "what looks like an end inside the arguments",
    String.raw`<tool_call>{"name":"bash","arguments":{"command":"echo \"}</tool_call>\""}}</tool_call>`,
    [["bash", { command: 'echo "}</tool_call>"' }]],
  ],
])("%s is understood, in pieces of any size", (_, text, expected, before = "") => {
  for (const sizes of [[1], [2], [3, 5], [7], [1_000]])
    expect(found(text, sizes)).toMatchObject({ text: before, calls: expected })
})

test.each([
  ["a tool that is not offered", '<tool_call>{"name": "format_disk", "arguments": {}}</tool_call>'],
  ["a call in the middle", '<tool_call>{"name":"bash","arguments":{"command":"ls"}}</tool_call> is how to call.'],
  ["a call that was cut", '<tool_call>{"name":"bash","arguments":{"comm'],
  ["a tag that was not closed", '<tool_call>{"name":"bash","arguments":{"command":"ls"}}'],
  ["an object that is no call", '{"name": "bash", "version": "1.0.0"}'],
  ["a file with the name of a tool", '```json\n{"name": "read", "version": "1.0.0", "scripts": {}}\n```'],
  ["a name without arguments", '```json\n{"name": "read"}\n```'],
  ["an object after words", 'Use {"name": "bash", "arguments": {"command": "ls"}}'],
  ["a fence in a line", 'Use ```json\n{"name": "bash", "arguments": {"command": "ls"}}\n```'],
  ["code", "if (a < b) { return list[0] } // `x`"],
  ["arguments that are a list", '{"name": "bash", "arguments": ["ls"]}'],
  ["a function that does not exist", "<function=rm><parameter=path>/</parameter></function>"],
  ["another language", '```ts\n{"name": "bash", "arguments": {"command": "ls"}}\n```'],
  ["markup", "<tool>hammer</tool> <toolbox/> [TOOLS] <|im_end|>"],
])("%s stays text", (_, text) => {
  for (const sizes of [[1], [3], [1_000]]) expect(found(text, sizes)).toMatchObject({ text, calls: [] })
})

const piece = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom(
    "<tool_call>",
    "</tool_call>",
    "<function=bash>",
    "<parameter=command>",
    "</parameter>",
    "</function>",
    "<|python_tag|>",
    "[TOOL_CALLS]",
    "[ARGS]",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁sep｜>",
    "```json\n",
    "\n```",
    '{"name": "bash", "arguments": {"command": "ls"}}',
    '{"name": "bas',
    '"arguments": {',
    "{",
    "}",
    '"',
    "\\",
    "bash",
    "\n",
    " ",
    "👋",
  ),
)

test("a text that is no call goes through byte for byte, and one that is loses nothing but the call", () => {
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (pieces, sizes) => {
        const text = pieces.join("")
        const { text: given, held, calls } = found(text, sizes)
        expect(calls.length ? given + held : given).toBe(text)
      },
    ),
    { numRuns: 5_000 },
  )
})

test("the size of the pieces changes nothing", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const text = pieces.join("")
      expect(found(text, [1])).toEqual(found(text, [text.length || 1]))
    }),
    { numRuns: 2_000 },
  )
})

test("a text is held back only while it can become a call", () => {
  const reader = textCalls(TOOLS)
  expect(reader.push("plain words, ")).toBe("plain words, ")
  expect(reader.push("a <")).toBe("a ")
  expect(reader.push("tool_")).toBe("")
  expect(reader.push("box>")).toBe("<tool_box>")
  expect(reader.push('\n```json\n{"name": "pack')).toBe('\n```json\n{"name": "pack')
})

test("long arguments cost time in proportion", async () => {
  const content = JSON.stringify('a } " line of code\n'.repeat(6_000))
  const spent = await cpuMs(() => {
    const { calls } = found(`<tool_call>{"name":"bash","arguments":{"command":${content}}}</tool_call>`, [4])
    expect(calls).toHaveLength(1)
  })
  expect(spent).toBeLessThan(1_500)
})

const OPTIONS = {
  prompt: [],
  tools: [...TOOLS].map(([name, inputSchema]) => ({
    type: "function" as const,
    name,
    inputSchema: inputSchema as never,
  })),
}
const TEXT = '<tool_call>{"name":"bash","arguments":{"command":"ls"}}</tool_call>'
const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}
const finish = (unified: "stop" | "length"): LanguageModelV3StreamPart => ({
  type: "finish",
  finishReason: { unified, raw: unified },
  usage,
})
const said: LanguageModelV3StreamPart[] = [
  { type: "text-start", id: "0" },
  { type: "text-delta", id: "0", delta: TEXT },
  { type: "text-end", id: "0" },
]
const own: LanguageModelV3StreamPart = { type: "tool-call", toolCallId: "a", toolName: "bash", input: "{}" }

function through(parts: LanguageModelV3StreamPart[]): LanguageModelV3StreamPart[] {
  const made: LanguageModelV3StreamPart[] = []
  const emit = callsFromText(OPTIONS, (part) => made.push(part))
  for (const part of parts) emit(part)
  return made
}
const types = (parts: LanguageModelV3StreamPart[]) => parts.map(({ type }) => type)

test("an answer whose text is a call has a call", () => {
  expect(types(through([...said, finish("stop")]))).toEqual([
    "text-start",
    "text-end",
    "tool-input-start",
    "tool-input-delta",
    "tool-input-end",
    "tool-call",
    "finish",
  ])
})

test.each([
  ["was cut for its length", [...said, finish("length")]],
  ["has calls of its own", [...said, own, finish("stop")]],
])("an answer that %s keeps its text", (_, parts) => {
  const made = through(parts)
  expect(types(made)).toEqual(types(parts))
  expect(made[1]).toMatchObject({ delta: TEXT })
})

test("without tools, or where none may be used, nothing is looked for", () => {
  const emit = (): void => {}
  expect(callsFromText({ prompt: [] }, emit)).toBe(emit)
  expect(callsFromText({ ...OPTIONS, toolChoice: { type: "none" } }, emit)).toBe(emit)
})

test("a local model that writes its call as text gets its result", async () => {
  const written = '<tool_call>\n{"name": "read", "arguments": {"filePath": "a.txt"}}\n</tool_call>'
  await using w = await world({
    model: [says(`I look.\n${written}`), says("It says hello.")],
    files: { "a.txt": "hello" },
  })
  await w.prompt("what is in a.txt?")
  const [call] = await w.calls()
  expect(call).toMatchObject({ tool: "read", state: { status: "completed" } })
  expect(w.model.heard()).toContain("hello")
})
