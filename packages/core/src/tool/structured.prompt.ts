export const prose = `Gives your final answer in the form that was asked for.

Do all other work first: look, read, run what you need. Then call this once, with the complete answer as its arguments. The turn ends with it; nothing that follows is read.`

/** In the system prompt of a prompt that wants its answer in a form. */
export const USE_TOOL =
  "The answer to this prompt has to be data in a given form. When you are done, give it by calling the tool StructuredOutput, whose arguments are that form. An answer in plain text is not accepted."

/** The same for a model that cannot call tools. */
export const answerInJson = (schema: Record<string, unknown>): string =>
  `The answer to this prompt has to be one JSON value that fits the JSON Schema below. Write the JSON and nothing else: no explanation, no Markdown.\n\n<schema>\n${JSON.stringify(schema)}\n</schema>`

/** After an answer in text, in the place where a person would complain. */
export const asksAgain = (problem: string, withTool: boolean): string =>
  `<system-reminder>\n${problem} ${withTool ? "Give the answer by calling the tool StructuredOutput." : "Answer again, with the JSON alone."}\n</system-reminder>`
