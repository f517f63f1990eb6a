import { z } from "zod"
import { APIError } from "./error.ts"
import { MessageID, PartID, SessionID } from "./id.ts"
import { ModelRef } from "./model-ref.ts"
import { schema, type Infer } from "./schema.ts"
import { Tokens } from "./tokens.ts"

const owned = () => ({ id: PartID(), sessionID: SessionID(), messageID: MessageID() })
const freeForm = () => z.record(z.string(), z.unknown())
const moment = () => z.number().int().min(0)

const text = () => ({
  text: z.string(),
  /** Written by the program, not by a person; shown to the model all the same. */
  synthetic: z.boolean().optional(),
  /** Shown to people only. */
  ignored: z.boolean().optional(),
  time: z.object({ start: moment(), end: moment().optional() }).optional(),
  metadata: freeForm().optional(),
})

export const TextPart = schema("TextPart", () => z.object({ ...owned(), type: z.literal("text"), ...text() }))
export type TextPart = Infer<typeof TextPart>

export const ReasoningPart = schema("ReasoningPart", () =>
  z.object({
    ...owned(),
    type: z.literal("reasoning"),
    text: z.string(),
    /** Opaque blobs of the provider (signatures); they go back to their issuer only. */
    metadata: freeForm().optional(),
    time: z.object({ start: moment(), end: moment().optional() }),
  }),
)
export type ReasoningPart = Infer<typeof ReasoningPart>

export const FilePartSourceText = schema("FilePartSourceText", () =>
  z.object({ value: z.string(), start: z.number(), end: z.number() }),
)
export const FileSource = schema("FileSource", () =>
  z.object({ text: FilePartSourceText(), type: z.literal("file"), path: z.string() }),
)
const position = () => z.object({ line: moment(), character: moment() })
export const Range = schema("Range", () => z.object({ start: position(), end: position() }))
export const SymbolSource = schema("SymbolSource", () =>
  z.object({
    text: FilePartSourceText(),
    type: z.literal("symbol"),
    path: z.string(),
    range: Range(),
    name: z.string(),
    kind: moment(),
  }),
)
export const ResourceSource = schema("ResourceSource", () =>
  z.object({ text: FilePartSourceText(), type: z.literal("resource"), clientName: z.string(), uri: z.string() }),
)
export const FilePartSource = schema("FilePartSource", () =>
  z.discriminatedUnion("type", [FileSource(), SymbolSource(), ResourceSource()]),
)

const file = () => ({
  type: z.literal("file"),
  mime: z.string(),
  filename: z.string().optional(),
  url: z.string(),
  source: FilePartSource().optional(),
})
export const FilePart = schema("FilePart", () => z.object({ ...owned(), ...file() }))
export type FilePart = Infer<typeof FilePart>

export const ToolStatePending = schema("ToolStatePending", () =>
  z.object({ status: z.literal("pending"), input: freeForm(), raw: z.string() }),
)
export const ToolStateRunning = schema("ToolStateRunning", () =>
  z.object({
    status: z.literal("running"),
    input: freeForm(),
    title: z.string().optional(),
    metadata: freeForm().optional(),
    time: z.object({ start: moment() }),
  }),
)
export const ToolStateCompleted = schema("ToolStateCompleted", () =>
  z.object({
    status: z.literal("completed"),
    input: freeForm(),
    output: z.string(),
    title: z.string(),
    metadata: freeForm(),
    time: z.object({ start: moment(), end: moment(), compacted: moment().optional() }),
    attachments: z.array(FilePart()).optional(),
  }),
)
export const ToolStateError = schema("ToolStateError", () =>
  z.object({
    status: z.literal("error"),
    input: freeForm(),
    error: z.string(),
    metadata: freeForm().optional(),
    time: z.object({ start: moment(), end: moment() }),
  }),
)
export const ToolState = schema("ToolState", () =>
  z.discriminatedUnion("status", [ToolStatePending(), ToolStateRunning(), ToolStateCompleted(), ToolStateError()]),
)
export type ToolState = Infer<typeof ToolState>

export const ToolPart = schema("ToolPart", () =>
  z.object({
    ...owned(),
    type: z.literal("tool"),
    callID: z.string(),
    tool: z.string(),
    state: ToolState(),
    metadata: freeForm().optional(),
  }),
)
export type ToolPart = Infer<typeof ToolPart>

export const StepStartPart = schema("StepStartPart", () =>
  z.object({ ...owned(), type: z.literal("step-start"), snapshot: z.string().optional() }),
)
export const StepFinishPart = schema("StepFinishPart", () =>
  z.object({
    ...owned(),
    type: z.literal("step-finish"),
    reason: z.string(),
    snapshot: z.string().optional(),
    cost: z.number(),
    tokens: Tokens(),
  }),
)
export type StepFinishPart = Infer<typeof StepFinishPart>
export const SnapshotPart = schema("SnapshotPart", () =>
  z.object({ ...owned(), type: z.literal("snapshot"), snapshot: z.string() }),
)
export const PatchPart = schema("PatchPart", () =>
  z.object({ ...owned(), type: z.literal("patch"), hash: z.string(), files: z.array(z.string()) }),
)

const agent = () => ({
  type: z.literal("agent"),
  name: z.string(),
  source: z.object({ value: z.string(), start: moment(), end: moment() }).optional(),
})
export const AgentPart = schema("AgentPart", () => z.object({ ...owned(), ...agent() }))

const subtask = () => ({
  type: z.literal("subtask"),
  prompt: z.string(),
  description: z.string(),
  agent: z.string(),
  model: ModelRef().optional(),
  command: z.string().optional(),
})
export const SubtaskPart = schema("SubtaskPart", () => z.object({ ...owned(), ...subtask() }))

export const RetryPart = schema("RetryPart", () =>
  z.object({
    ...owned(),
    type: z.literal("retry"),
    attempt: z.number().int().min(0),
    error: APIError(),
    time: z.object({ created: moment() }),
  }),
)
export const CompactionPart = schema("CompactionPart", () =>
  z.object({
    ...owned(),
    type: z.literal("compaction"),
    auto: z.boolean(),
    overflow: z.boolean().optional(),
    tail_start_id: MessageID().optional(),
  }),
)

export const Part = schema("Part", () =>
  z.discriminatedUnion("type", [
    TextPart(),
    SubtaskPart(),
    ReasoningPart(),
    FilePart(),
    ToolPart(),
    StepStartPart(),
    StepFinishPart(),
    SnapshotPart(),
    PatchPart(),
    AgentPart(),
    RetryPart(),
    CompactionPart(),
  ]),
)
export type Part = Infer<typeof Part>
export type PartOf<Type extends Part["type"]> = Extract<Part, { type: Type }>

// What a prompt brings: the same parts before they belong to a message.

const unowned = () => ({ id: PartID().optional() })

export const TextPartInput = schema("TextPartInput", () =>
  z.object({ ...unowned(), type: z.literal("text"), ...text() }),
)
export const FilePartInput = schema("FilePartInput", () => z.object({ ...unowned(), ...file() }))
export const AgentPartInput = schema("AgentPartInput", () => z.object({ ...unowned(), ...agent() }))
export const SubtaskPartInput = schema("SubtaskPartInput", () => z.object({ ...unowned(), ...subtask() }))
