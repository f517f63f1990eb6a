import { z } from "zod"
import { MessageID, QuestionID, SessionID } from "./id.ts"
import { schema, type Infer } from "./schema.ts"

export const QuestionOption = schema("QuestionOption", () =>
  z.object({
    label: z.string().describe("What is shown and answered, in one to five words"),
    description: z.string().describe("What the choice means"),
  }),
)

/** One thing that a model wants to know. Whatever the options are, an answer may be in the person's own words. */
export const QuestionInfo = schema("QuestionInfo", () =>
  z.object({
    question: z.string().describe("The whole question"),
    header: z.string().describe("A short label, at most 30 characters"),
    options: z.array(QuestionOption()).describe("The choices"),
    multiple: z.boolean().optional(),
    custom: z.boolean().optional(),
  }),
)
export type QuestionInfo = Infer<typeof QuestionInfo>

export const QuestionTool = schema("QuestionTool", () => z.object({ messageID: MessageID(), callID: z.string() }))

export const QuestionRequest = schema("QuestionRequest", () =>
  z.object({
    id: QuestionID(),
    sessionID: SessionID(),
    questions: z.array(QuestionInfo()).describe("In the order in which they are answered"),
    tool: QuestionTool().optional(),
  }),
)
export type QuestionRequest = Infer<typeof QuestionRequest>

/** Labels of options, or other words; none for a question that was left open. */
export const QuestionAnswer = schema("QuestionAnswer", () => z.array(z.string()))
export type QuestionAnswer = Infer<typeof QuestionAnswer>
