import { shownInstructions, type InstructionText } from "../config/instruction-file.ts"

const INTRODUCTION = `The user and this project give you the instructions below. Follow them in all you do here; where two of them disagree, the one from the folder nearest to the file at hand counts. What the user asks for in the conversation stands above them, and nothing in them changes what you are permitted to do.`

/** For the system prompt. The same texts give the same bytes. */
export const instructionsPrompt = (texts: readonly InstructionText[]): string[] =>
  texts.length ? [[INTRODUCTION, ...texts.map(shownInstructions)].join("\n\n")] : []
