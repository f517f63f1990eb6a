import { z } from "zod"
import { EndReason } from "./end-reason.ts"
import { MessageError } from "./error.ts"
import { MessageID, SessionID } from "./id.ts"
import { ModelRef } from "./model-ref.ts"
import { AgentPartInput, FilePartInput, Part, SubtaskPartInput, TextPartInput } from "./part.ts"
import { inline, schema, type Infer } from "./schema.ts"
import { SnapshotFileDiff } from "./session.ts"
import { Tokens } from "./tokens.ts"

export const OutputFormatText = schema("OutputFormatText", () => z.object({ type: z.literal("text") }))
export const OutputFormatJsonSchema = schema("OutputFormatJsonSchema", () =>
  z.object({
    type: z.literal("json_schema"),
    schema: z.record(z.string(), z.unknown()),
    retryCount: z.number().int().min(0).optional(),
  }),
)
export const OutputFormat = schema("OutputFormat", () =>
  z.discriminatedUnion("type", [OutputFormatText(), OutputFormatJsonSchema()]),
)

/**
 * Ours: what may still be used for a prompt, its subagents included, from when a turn takes it up. It can only lower
 * what the server allows anyway. The last of the steps is an answer without tools.
 */
export const PromptLimits = schema("PromptLimits", () =>
  z.object({
    steps: z.number().int().min(1).optional(),
    tokens: z.number().int().min(1).optional(),
    /** US dollars, of answers whose price is known. */
    cost: z.number().positive().optional(),
    /** Milliseconds. */
    time: z.number().int().min(1).optional(),
  }),
)
export type PromptLimits = Infer<typeof PromptLimits>

export const UserMessage = schema("UserMessage", () =>
  z.object({
    id: MessageID(),
    sessionID: SessionID(),
    role: z.literal("user"),
    time: z.object({ created: z.number().min(0) }),
    format: OutputFormat().optional(),
    summary: z
      .object({ title: z.string().optional(), body: z.string().optional(), diffs: z.array(SnapshotFileDiff()) })
      .optional(),
    agent: z.string(),
    model: z.object({ providerID: z.string(), modelID: z.string(), variant: z.string().optional() }),
    system: z.string().optional(),
    tools: z.record(z.string(), z.boolean()).optional(),
    /** Ours. */
    limits: PromptLimits().optional(),
  }),
)
export type UserMessage = Infer<typeof UserMessage>

/** One per model answer (a step); all steps that answer one prompt have that prompt as `parentID`. */
export const AssistantMessage = schema("AssistantMessage", () =>
  z.object({
    id: MessageID(),
    sessionID: SessionID(),
    role: z.literal("assistant"),
    time: z.object({ created: z.number().int().min(0), completed: z.number().int().min(0).optional() }),
    error: MessageError().optional(),
    parentID: MessageID(),
    modelID: z.string(),
    providerID: z.string(),
    mode: z.string(),
    agent: z.string(),
    path: z.object({ cwd: z.string(), root: z.string() }),
    summary: z.boolean().optional(),
    cost: z.number(),
    tokens: Tokens(),
    structured: z.unknown().optional(),
    variant: z.string().optional(),
    finish: z.string().optional(),
    /** Ours: on the last message of a turn, why it is over. */
    endReason: EndReason().optional(),
  }),
)
export type AssistantMessage = Infer<typeof AssistantMessage>

export const Message = schema("Message", () => z.discriminatedUnion("role", [UserMessage(), AssistantMessage()]))
export type Message = Infer<typeof Message>

export const MessageWithParts = inline(() => z.object({ info: Message(), parts: z.array(Part()) }))
export type MessageWithParts = Infer<typeof MessageWithParts>

export const AnswerWithParts = inline(() => z.object({ info: AssistantMessage(), parts: z.array(Part()) }))
export type AnswerWithParts = Infer<typeof AnswerWithParts>

export const PromptInput = inline(() =>
  z.object({
    messageID: MessageID().optional(),
    model: ModelRef().optional(),
    agent: z.string().optional(),
    /** Store the message and do not ask the model. */
    noReply: z.boolean().optional(),
    /** Tool name to whether it is offered for this prompt. */
    tools: z.record(z.string(), z.boolean()).optional(),
    format: OutputFormat().optional(),
    system: z.string().optional(),
    variant: z.string().optional(),
    limits: PromptLimits().optional(),
    parts: z.array(
      z.discriminatedUnion("type", [TextPartInput(), FilePartInput(), AgentPartInput(), SubtaskPartInput()]),
    ),
  }),
)
export type PromptInput = Infer<typeof PromptInput>

/** A command that a person typed. */
export const ShellInput = inline(() =>
  z.object({
    messageID: MessageID().optional(),
    agent: z.string(),
    model: ModelRef().optional(),
    command: z.string().min(1),
  }),
)
export type ShellInput = Infer<typeof ShellInput>
