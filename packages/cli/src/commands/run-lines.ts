import { inline, type Infer } from "@opencode/protocol/schema.ts"
import { MessageError } from "@opencode/protocol/error.ts"
import { PermissionReply } from "@opencode/protocol/permission.ts"
import { Tokens } from "@opencode/protocol/tokens.ts"
import { z } from "zod"
import { RunReason } from "./run-reason.ts"

/**
 * The lines of `run --format jsonl`: a contract with programs of others. Within a version members and types of lines may
 * be added and nothing else; whoever reads them passes over what it does not know. `npm run gen` writes the JSON Schema.
 */
export const RUN_LINES_VERSION = 1

const line = <Type extends string, Shape extends z.ZodRawShape>(type: Type, about: string, shape: Shape) =>
  z
    .object({ type: z.literal(type), timestamp: z.number().int().describe("Milliseconds since 1970."), ...shape })
    .describe(about)

const nothing = (what: string) => `Null when ${what}.`

const startLine = () =>
  line("start", "The first line, when there is a session.", {
    version: z.literal(RUN_LINES_VERSION),
    sessionID: z.string(),
    directory: z.string().describe("Where the session works."),
  })

const stepLine = () =>
  line("step", "A model is asked; the first step is 1.", {
    step: z.number().int(),
    agent: z.string(),
    model: z.string().describe("provider/model"),
  })

const textLine = () => line("text", "A text of the model, whole.", { text: z.string() })

const reasoningLine = () => line("reasoning", "With --thinking: what the model thought, whole.", { text: z.string() })

const toolLine = () =>
  line("tool", "A call that is over.", {
    callID: z.string(),
    tool: z.string(),
    status: z.enum(["completed", "error"]),
    title: z.string().describe("What was done, in a few words."),
    input: z.record(z.string(), z.unknown()),
    output: z.string().describe("What the model was told; of a failed call why."),
    durationMs: z.number(),
  })

const askLine = () =>
  line("ask", "A call, of a subagent too, wanted what a rule asks a person about. It was answered without one.", {
    permission: z.string(),
    patterns: z.array(z.string()),
    reply: PermissionReply(),
  })

const retryLine = () =>
  line("retry", "The provider failed, and is asked again.", {
    attempt: z.number().int(),
    waitMs: z.number(),
    message: z.string(),
  })

const resultLine = () =>
  line("result", "The last line, always there and there once, however the run ended.", {
    version: z.literal(RUN_LINES_VERSION),
    success: z.boolean(),
    reason: RunReason().describe("Why it is over."),
    exitCode: z.number().int(),
    message: z
      .string()
      .nullable()
      .describe(`Why it is no success. ${nothing("it is one")}`),
    error: MessageError()
      .nullable()
      .describe(`What the model's last message says of it. ${nothing("it says nothing")}`),
    sessionID: z.string().nullable().describe(nothing("there is no session")),
    messageID: z
      .string()
      .nullable()
      .describe(`The last message of the model. ${nothing("there is none")}`),
    text: z.string().describe("The answer: the texts of the last message. Empty when there is none."),
    structured: z.unknown().describe(`The object that --output-schema asked for. ${nothing("there is none")}`),
    steps: z.number().int().describe("Answers of models, those of subagents included."),
    tokens: Tokens().describe("Of these answers."),
    cost: z.number().describe("US dollars, of answers whose price is known."),
    files: z.array(z.string()).describe("Files that were changed, as far as it is known; whole paths."),
    durationMs: z.number(),
  })

export const RunLine = inline(() =>
  z.discriminatedUnion("type", [
    startLine(),
    stepLine(),
    textLine(),
    reasoningLine(),
    toolLine(),
    askLine(),
    retryLine(),
    resultLine(),
  ]),
)
export type RunLine = Infer<typeof RunLine>

/** For programs in other languages. */
export function runLineSchema(): Record<string, unknown> {
  // Of input, so that members which are added later are allowed.
  const title = "A line of `opencode run --format jsonl`"
  return { ...z.toJSONSchema(RunLine(), { target: "draft-7", io: "input" }), title }
}
