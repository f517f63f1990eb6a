import { z } from "zod"
import { defineTool } from "./tool.ts"
import { prose } from "./todowrite.prompt.ts"

/** A list that nobody reads to its end is no plan; it is sent to every client at each change. */
const MAX_TODOS = 200
/** One line; what is longer belongs into the answer. */
const MAX_CHARACTERS = 1_000

/** The whole list each time, so that repeating a call leaves the same list. */
export const todowrite = defineTool({
  name: "todowrite",
  prose,
  effect: "idempotent",
  isBound: true,
  permission: "todowrite",
  input: () =>
    z.object({
      todos: z
        .array(
          z.object({
            content: z.string().min(1).max(MAX_CHARACTERS).describe("What is to be done, in one line."),
            status: z.enum(["pending", "in_progress", "completed", "cancelled"]),
            priority: z.enum(["high", "medium", "low"]),
          }),
        )
        .max(MAX_TODOS)
        .describe("The whole list, in the order of the work."),
    }),

  prepare: async () => ({
    asks: [{ permission: "todowrite", patterns: ["*"], always: ["*"], metadata: {} }],
    plan: undefined,
  }),

  async run({ todos }, _, context) {
    await context.todos.set(todos)
    const open = todos.filter(({ status }) => status === "pending" || status === "in_progress")
    return { title: `${open.length} todos`, output: JSON.stringify(todos, null, 2), metadata: { todos } }
  },
})
