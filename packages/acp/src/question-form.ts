import type { QuestionAnswer, QuestionInfo, QuestionRequest } from "@opencode/protocol/question.ts"
import { ElicitationAnswer } from "./params.ts"
import type { CreateElicitationRequest } from "./wire.ts"

/** A model's questions as a form of the editor, and the form's fields as answers. Pure. */

const choiceField = (index: number): string => `answer${index + 1}`
const ownField = (index: number): string => `own${index + 1}`

export function formOf({ questions, tool }: QuestionRequest, sessionId: string): CreateElicitationRequest {
  const properties = Object.fromEntries(questions.flatMap(fieldsOf))
  return {
    mode: "form",
    sessionId,
    ...(tool ? { toolCallId: tool.callID } : {}),
    message: questions.map(({ question }) => question).join("\n"),
    requestedSchema: { type: "object", properties },
  } as CreateElicitationRequest
}

function fieldsOf({ question, header, options, multiple, custom }: QuestionInfo, index: number): [string, object][] {
  const about = { title: header || question, description: question }
  const choices = options.map(({ label, description }) => ({ const: label, title: label, description }))
  const own = { type: "string", title: "In your own words", description: question }
  if (choices.length === 0) return [[ownField(index), { ...own, ...about }]]
  const choice = multiple
    ? { type: "array", ...about, items: { anyOf: choices } }
    : { type: "string", ...about, oneOf: choices }
  return [[choiceField(index), choice], ...(custom === false ? [] : [[ownField(index), own] as [string, object]])]
}

/** One answer for each question, in their order; undefined when the person wants to give none. */
export function answersOf(questions: QuestionInfo[], answer: unknown): QuestionAnswer[] | undefined {
  const parsed = ElicitationAnswer().safeParse(answer)
  if (!parsed.success || parsed.data.action !== "accept") return undefined
  const content = parsed.data.content ?? {}
  return questions.map((_, index) =>
    [content[choiceField(index)], content[ownField(index)]]
      .flat()
      .filter((word): word is string => typeof word === "string" && word !== ""),
  )
}
