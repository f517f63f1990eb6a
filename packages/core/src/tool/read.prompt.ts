import { shownInstructions, type InstructionText } from "../config/instruction-file.ts"

export const prose = `Reads a file or lists a folder.

- Up to 2,000 lines from the start. For a later part give \`offset\` (the first line, counted from 1) and \`limit\`; the answer says where to go on.
- Each line comes as \`<number>: <text>\`. The number and the colon are not in the file: leave them out when you quote.
- Lines are cut after 2,000 characters and an answer after 50 KB. To find something in a large file, use grep.
- Notebooks come as their cells with what they printed.
- Images and PDF files are attached, so you can look at them.
- Read what you need in large parts and, when it is several files, in one go: calls of one answer may run together.`

/** After what was read from a folder that has instructions of its own. */
export const folderReminder = (texts: readonly InstructionText[]): string =>
  ["<system-reminder>", "For the files in these folders:", ...texts.map(shownInstructions), "</system-reminder>"].join(
    "\n",
  )
