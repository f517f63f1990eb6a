import { z } from "zod"
import { inline, type Infer } from "./schema.ts"

/** Instructions that an agent reads when the task calls for them. */
export const Skill = inline(() =>
  z.object({
    name: z.string(),
    description: z.string().optional(),
    /** The file, or `<built-in>`. */
    location: z.string(),
    content: z.string(),
  }),
)
export type Skill = Infer<typeof Skill>
