import { z } from "zod"
import { schema, type Infer } from "./schema.ts"

/** One thing to do. `status` and `priority` are open words for clients; the tool that writes them has a closed list. */
export const Todo = schema("Todo", () =>
  z.object({
    content: z.string().describe("Brief description of the task"),
    status: z.string().describe("Current status of the task: pending, in_progress, completed, cancelled"),
    priority: z.string().describe("Priority level of the task: high, medium, low"),
  }),
)
export type Todo = Infer<typeof Todo>
