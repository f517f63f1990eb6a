import { z } from "zod"
import { MessageID } from "./id.ts"
import { PromptLimits } from "./message.ts"
import { FilePartInput } from "./part.ts"
import { inline, schema, type Infer } from "./schema.ts"

/** A prompt that was written in advance, as clients list it. */
export const Command = schema("Command", () =>
  z.object({
    name: z.string(),
    description: z.string().optional(),
    agent: z.string().optional(),
    model: z.string().optional(),
    /** Who defined it: somebody as a command, an MCP server as a prompt, or a skill. */
    source: z.enum(["command", "mcp", "skill"]).optional(),
    template: z.string(),
    subtask: z.boolean().optional(),
    /** The places in the template that arguments fill: `$1`, `$ARGUMENTS`. */
    hints: z.array(z.string()),
  }),
)
export type Command = Infer<typeof Command>

/** What somebody typed after the slash. */
export const CommandInput = inline(() =>
  z.object({
    messageID: MessageID().optional(),
    agent: z.string().optional(),
    /** `provider/model` */
    model: z.string().optional(),
    arguments: z.string(),
    command: z.string(),
    variant: z.string().optional(),
    limits: PromptLimits().optional(),
    parts: z.array(FilePartInput()).optional(),
  }),
)
export type CommandInput = Infer<typeof CommandInput>
