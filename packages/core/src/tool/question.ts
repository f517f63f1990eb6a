import type { QuestionAnswer, QuestionInfo } from "@opencode/protocol/question.ts"
import { z } from "zod"
import { Rejection } from "../lib/fault.ts"
import { clip } from "../lib/text.ts"
import { prose } from "./question.prompt.ts"
import type { Questions } from "./questions.ts"
import { defineTool, type Tool } from "./tool.ts"

/** Clients show it as a tab. A longer one is cut, since to refuse it would cost a step. */
const MAX_HEADER = 30
/** More than a person answers at a time. */
const MAX_QUESTIONS = 20
/** More than a screen shows. */
const MAX_OPTIONS = 50

export const questionTool = (questions: Questions): Tool =>
  defineTool({
    name: "question",
    prose,
    // No other call runs beside it: a person answers one thing after the other.
    effect: "idempotent",
    isBound: true,
    permission: "question",
    input: () =>
      z.object({
        questions: z
          .array(
            z.object({
              question: z.string().min(1).describe("The whole question."),
              header: z.string().describe("A short label of at most 30 characters."),
              options: z
                .array(
                  z.object({
                    label: z.string().min(1).describe("The choice in one to five words."),
                    description: z.string().describe("What it means."),
                  }),
                )
                .max(MAX_OPTIONS)
                .describe("The choices. Empty when only the user's own words make sense."),
              multiple: z.boolean().optional().describe("Whether several may be chosen (default false)."),
            }),
          )
          .min(1)
          .max(MAX_QUESTIONS),
      }),

    prepare: async ({ questions }) => ({
      asks: [{ permission: "question", patterns: ["*"], always: ["*"], metadata: {} }],
      plan: questions.map(shown),
    }),

    async run(_, asked, { sessionID, messageID, callID, signal }) {
      const answers = await questions.ask({ sessionID, questions: asked, tool: { messageID, callID }, signal })
      if (!answers) throw new Rejection("The user dismissed this question")
      const said = asked.map(({ question }, index) => `"${question}"=${spoken(answers[index] ?? [])}`)
      return {
        title: asked.length === 1 ? "Asked 1 question" : `Asked ${asked.length} questions`,
        output: `User has answered your questions: ${said.join(", ")}. Go on with these answers in mind.`,
        metadata: { answers },
      }
    },
  })

const shown = ({ header, ...question }: QuestionInfo): QuestionInfo => ({
  ...question,
  header: clip(header, MAX_HEADER),
})

const spoken = (answer: QuestionAnswer): string => (answer.length > 0 ? `"${answer.join(", ")}"` : "unanswered")
