import { z } from "zod"
import { MessageID } from "./id.ts"
import { schema, type Infer } from "./schema.ts"
import { Session } from "./session.ts"

export const FoundMessage = schema("FoundMessage", () =>
  z.object({
    messageID: MessageID(),
    role: z.enum(["user", "assistant"]),
    /** Milliseconds since the epoch. */
    time: z.number(),
    /** One line around what was found. */
    excerpt: z.string(),
  }),
)
export type FoundMessage = Infer<typeof FoundMessage>

/** A session in whose title or texts all words were found. */
export const FoundSession = schema("FoundSession", () =>
  z.object({
    session: Session(),
    /** The newest messages that have them. None when only the title has. */
    messages: z.array(FoundMessage()),
    /** Messages that are not listed. */
    more: z.number().int().min(0),
  }),
)
export type FoundSession = Infer<typeof FoundSession>
