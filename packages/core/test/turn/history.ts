/** Random histories, as a store may hold them after crashes, aborts, odd clients and changes of model. */
import { PIXEL } from "@opencode/testing/pixel.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { FilePart, Part, ToolPart, ToolState } from "@opencode/protocol/part.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import fc from "fast-check"
import type { ToolDefinition } from "../../src/turn/compile.ts"

/** A package for each wire of the scripted server. */
export const FAMILIES = ["@ai-sdk/openai-compatible", "@ai-sdk/anthropic", "@ai-sdk/openai", "@ai-sdk/google"] as const
/** Packages with rules of their own besides. */
const OTHERS = [
  "@ai-sdk/azure",
  "@ai-sdk/google-vertex",
  "@ai-sdk/google-vertex/anthropic",
  "@ai-sdk/amazon-bedrock",
  "@ai-sdk/mistral",
  "@ai-sdk/groq",
  "@ai-sdk/xai",
  "@ai-sdk/perplexity",
  "@ai-sdk/togetherai",
  "@openrouter/ai-sdk-provider",
] as const
export type Family = (typeof FAMILIES)[number] | (typeof OTHERS)[number]

export const TOOLS: ToolDefinition[] = [
  {
    name: "bash",
    description: "Runs a command.",
    inputSchema: { type: "object", properties: { command: { type: "string" } }, additionalProperties: false },
  },
  { name: "read", description: "Reads a file.", inputSchema: { type: "object", properties: {} } },
  {
    name: "mcp",
    description: "Of a server that others wrote.",
    inputSchema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $defs: { level: { enum: [1, 2, null] } },
      type: "object",
      properties: {
        level: { $ref: "#/$defs/level" },
        place: { anyOf: [{ type: "string", format: "uri" }, { type: "null" }] },
        many: { type: ["array", "null"] },
        fixed: { const: true },
      },
      required: ["level", "gone"],
      additionalProperties: false,
    },
  },
]

export const modelOf = (
  npm: Family,
  { image = true, pdf = true, toolcall = true, interleaved = true, providerID = "mock", id = "large" } = {},
): Model => ({
  id,
  providerID,
  api: { id, url: "http://127.0.0.1/v1", npm },
  name: id,
  capabilities: {
    temperature: true,
    reasoning: true,
    attachment: image,
    toolcall,
    input: { text: true, audio: false, image, video: false, pdf },
    output: { text: true, audio: false, image: false, video: false, pdf: false },
    interleaved,
  },
  cost: { input: 0, output: 0, cache: { read: 0, write: 0 } },
  limit: { context: 100_000, output: 8_000 },
  status: "active",
  options: {},
  headers: {},
  release_date: "2026-01-01",
})

export const anyModel: fc.Arbitrary<Model> = fc
  .record({
    npm: fc.constantFrom<Family>(...FAMILIES, ...FAMILIES, ...OTHERS),
    image: fc.boolean(),
    pdf: fc.boolean(),
    toolcall: fc.boolean(),
    interleaved: fc.boolean(),
    providerID: fc.constantFrom("mock", "other"),
    id: fc.constantFrom("large", "small"),
  })
  .map(({ npm, ...abilities }) => modelOf(npm, abilities))

/** One value for all samples, cut in the middle of a character. */
const LONG_TEXT = `${"all work and no play ".repeat(1_000)}\ud83d`

/** Nothing, blanks, plain words, half a character, controls, and text that looks like a protocol. */
const text = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "\n\t ",
    "\u00a0",
    "\ud83d",
    "tail \udc00",
    "a\u0000b",
    "ends with blanks \n",
    '{"a":1}',
    "🙂",
    "</notes> <notes>",
    LONG_TEXT,
  ),
  fc.string({ maxLength: 12 }),
)
const metadata = fc.constantFrom<Record<string, unknown> | undefined>(
  undefined,
  {},
  { anthropic: {} },
  { anthropic: { signature: "c2lnbmVk" } },
  { anthropic: { signature: "" } },
  { anthropic: { redactedData: "b3BhcXVl" } },
  { openai: { itemId: "rs_1" } },
  { openai: { itemId: "rs_1", reasoningEncryptedContent: null } },
  { openai: { itemId: "rs_2", reasoningEncryptedContent: "c2VhbGVk" } },
  { openai: { itemId: "msg_1", phase: "commentary" } },
  { azure: { itemId: "rs_3", reasoningEncryptedContent: "c2VhbGVk" } },
  { google: { thoughtSignature: "c2lnbmVk" } },
  { vertex: { thoughtSignature: "c2lnbmVk" } },
  { mock: { thoughtSignature: "c2lnbmVk" } },
  { bedrock: { signature: "c2lnbmVk" } },
  { openrouter: { reasoning_details: [{ type: "reasoning.encrypted", data: "c2VhbGVk" }] } },
  { openrouter: { reasoning_details: [] } },
)
const moment = fc.integer({ min: 0, max: 9 })
/** One value for all samples: fast-check copies what it prints, and this is long. */
const HUGE = `data:image/png;base64,${"A".repeat(5_000_004)}`

const file = fc.record({
  mime: fc.constantFrom(
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "IMAGE/PNG",
    "image/jpg",
    "image/*",
    "image/svg+xml",
    "image/tiff",
    "image/png; q=1",
    "application/pdf",
    "application/zip",
    "audio/wav",
    "text/plain",
    "text/html",
    "application/x-directory",
    "",
    "nonsense",
  ),
  url: fc.constantFrom(
    `data:image/png;base64,${PIXEL}`,
    `data:image/png;charset=x;base64,${PIXEL}`,
    "data:image/png;base64,",
    "data:image/png;base64,AAA",
    "data:image/png;base64",
    "data:,",
    "data:image/jpeg;base64,/9j/4AAQSkZJRg==",
    "data:application/pdf;base64,JVBERi0xLjQK",
    `data:application/pdf;base64,${PIXEL}`,
    "data:image/png;base64,AA==AA==",
    "data:image/png;base64,!!!",
    "data:text/plain,%5BThe%20stored%20body%20of%20this%20part%20is%20missing.%5D",
    "file:///etc/passwd",
    "https://example.com/a.png",
    "",
    HUGE,
  ),
  filename: fc.constantFrom(undefined, "", "a.png", 'odd "name"\n.png', "x".repeat(300)),
})

const owned = { id: "prt_x", sessionID: "ses_x", messageID: "msg_x" }
/** Few, so that compactions find their notes and their tails, and some messages are there twice. */
const messageID = fc.constantFrom("msg_a", "msg_b", "msg_c", "msg_d", "msg_e", "msg_f")
const filePart = file.map(
  ({ filename, ...rest }) =>
    ({ ...owned, type: "file", ...rest, ...(filename === undefined ? {} : { filename }) }) as FilePart,
)

const input = fc.oneof(
  fc.constant({}),
  fc.record({ command: text }),
  fc.constantFrom({ nested: { list: [1, null, { deep: "\ud800" }] } }, { "odd key": true, "": 0 }),
)
const state: fc.Arbitrary<ToolState> = fc.oneof(
  fc.record({ status: fc.constant("pending" as const), input, raw: text }),
  fc.record({ status: fc.constant("running" as const), input, time: fc.record({ start: moment }) }),
  fc.record({
    status: fc.constant("error" as const),
    input,
    error: text,
    time: fc.record({ start: moment, end: moment }),
  }),
  fc
    .record({
      input,
      output: text,
      attachments: fc.option(fc.array(filePart, { maxLength: 2 }), { nil: undefined }),
      compacted: fc.option(moment, { nil: undefined }),
    })
    .map(({ input, output, attachments, compacted }) => ({
      status: "completed" as const,
      input,
      output,
      title: "",
      metadata: {},
      time: { start: 1, end: 2, ...(compacted === undefined ? {} : { compacted }) },
      ...(attachments ? { attachments } : {}),
    })),
)
/** Few ids, so that some are there twice; some are illegal, too long, or end like those that doubling makes. */
const callID = fc.constantFrom(
  "call_0",
  "call_0",
  "call_0_2",
  "toolu_01",
  "",
  "call:1/ä",
  "c".repeat(100),
  "functions.bash:0",
)
const toolPart = fc
  .record({
    callID,
    tool: fc.constantFrom("bash", "read", "invalid", "gone_tool", "mcp.server/tool", "", "t".repeat(200), "bash "),
    state,
    metadata,
  })
  .map((part) => ({ ...owned, type: "tool", ...part }) as ToolPart)

const textPart = fc
  .record({ text, synthetic: fc.boolean(), ignored: fc.boolean(), metadata })
  .map((part) => ({ ...owned, type: "text", ...part }) as Part)
const reasoningPart = fc
  .record({ text, metadata })
  .map((part) => ({ ...owned, type: "reasoning", time: { start: 1 }, ...part }) as Part)
const otherPart = fc.constantFrom<Part>(
  { ...owned, type: "step-start" },
  { ...owned, type: "step-finish", reason: "stop", cost: 0, tokens: noTokens() },
  { ...owned, type: "snapshot", snapshot: "abc" },
  { ...owned, type: "patch", hash: "abc", files: [] },
  { ...owned, type: "agent", name: "explore" },
  { ...owned, type: "subtask", prompt: " ", description: "d", agent: "explore" },
  { ...owned, type: "subtask", prompt: "look", description: "d", agent: "explore" },
  { ...owned, type: "compaction", auto: true },
  { ...owned, type: "agent", name: "" },
  {
    ...owned,
    type: "retry",
    attempt: 1,
    time: { created: 1 },
    error: { name: "APIError", data: { message: "busy", isRetryable: true } },
  },
  { ...owned, type: "hologram", shape: { a: 1 } } as unknown as Part,
)

const userMessage: fc.Arbitrary<MessageWithParts> = fc
  .record({
    id: messageID,
    agent: fc.constantFrom("build", "plan", "custom"),
    parts: fc.array(fc.oneof({ weight: 4, arbitrary: textPart }, { weight: 2, arbitrary: filePart }, otherPart), {
      maxLength: 4,
    }),
  })
  .map(({ id, agent, parts }) => ({
    info: {
      id,
      sessionID: "ses_x",
      role: "user",
      time: { created: 1 },
      agent,
      model: { providerID: "mock", modelID: "large" },
    },
    parts,
  }))

/** Asks for notes, with a tail that is there, comes later, or never was. */
const compactionMessage: fc.Arbitrary<MessageWithParts> = fc
  .record({
    message: userMessage,
    auto: fc.boolean(),
    tail: fc.option(messageID, { nil: undefined }),
    isBare: fc.boolean(),
  })
  .map(({ message, auto, tail, isBare }) => ({
    info: message.info,
    parts: [
      { ...owned, type: "compaction", auto, ...(tail === undefined ? {} : { tail_start_id: tail }) },
      ...(isBare ? [] : message.parts),
    ],
  }))

const assistantMessage: fc.Arbitrary<MessageWithParts> = fc
  .record({
    id: messageID,
    parentID: messageID,
    summary: fc.constantFrom(undefined, undefined, false, true, true),
    finish: fc.constantFrom(undefined, "stop", "tool-calls", "length"),
    providerID: fc.constantFrom("mock", "mock", "other"),
    modelID: fc.constantFrom("large", "large", "small"),
    isDone: fc.boolean(),
    parts: fc.array(fc.oneof({ weight: 3, arbitrary: toolPart }, textPart, reasoningPart, otherPart, filePart), {
      maxLength: 5,
    }),
  })
  .map(({ id, parentID, summary, finish, providerID, modelID, isDone, parts }) => ({
    info: {
      id,
      sessionID: "ses_x",
      role: "assistant",
      parentID,
      ...(summary === undefined ? {} : { summary }),
      ...(finish === undefined ? {} : { finish }),
      time: { created: 1, ...(isDone ? { completed: 2 } : {}) },
      providerID,
      modelID,
      mode: "build",
      agent: "build",
      path: { cwd: "/", root: "/" },
      cost: 0,
      tokens: noTokens(),
      ...(isDone ? {} : { error: { name: "MessageAbortedError" as const, data: { message: "Aborted" } } }),
    },
    parts,
  }))

/** In any order: the model may come first, or twice, and so may the person. */
export const anyHistory: fc.Arbitrary<MessageWithParts[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: userMessage },
    { weight: 5, arbitrary: assistantMessage },
    { weight: 1, arbitrary: compactionMessage },
  ),
  { maxLength: 9 },
)
