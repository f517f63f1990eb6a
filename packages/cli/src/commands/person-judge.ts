import type { PermissionRequest } from "@opencode/protocol/permission.ts"
import type { QuestionInfo } from "@opencode/protocol/question.ts"
import { out } from "../out.ts"
import type { TypedLines } from "../typed-lines.ts"
import { leftToPerson, type Judge, type Verdict } from "./run-judge.ts"

export interface PersonJudge {
  lines: TypedLines
  /** What is shown of the work makes room for the question. */
  rest(): void
  /** Only what has to be seen is asked. */
  isAuto: boolean
}

/** Puts each question to the person at the terminal. No line at all is a no: nobody has agreed. */
export function personJudge({ lines, rest, isAuto }: PersonJudge): Judge {
  return {
    refused: [],
    async permission(ask) {
      if (isAuto && !leftToPerson(ask.permission)) return { reply: "once" }
      rest()
      out.note(["", ...askLines(ask)].join("\n"))
      return verdictIn(await lines.ask("Allow? [y] once, [a] always, [n] no, or a no with its reason: "))
    },
    async question({ questions }) {
      rest()
      const answers: string[][] = []
      for (const question of questions) {
        const answer = await answerTo(question, lines)
        if (!answer) return undefined
        answers.push(answer)
      }
      return answers
    },
  }
}

/** What is asked, above the line that asks it. */
export function askLines({ permission, patterns, always, metadata }: PermissionRequest): string[] {
  const diff = typeof metadata.diff === "string" ? [setIn(metadata.diff.trimEnd())] : []
  const more = always.length ? [`Always would allow: ${setIn(always.join(", "))}`] : []
  return [`${permission}: ${setIn(patterns.join(", "))}`, ...diff, ...more]
}

/** Lines of a command, of a change or of a name in it cannot pass for lines of ours. */
const setIn = (text: string): string => text.replaceAll(/\r\n|[\n\r\u2028\u2029]/g, "\n    ")

/** Only a word that means yes is one. */
export function verdictIn(line: string | undefined): Verdict {
  const text = line?.trim() ?? ""
  if (/^(y|yes|once)$/i.test(text)) return { reply: "once" }
  if (/^(a|always)$/i.test(text)) return { reply: "always" }
  const reason = text.replace(/^(n|no)\b[\s,:.]*/i, "")
  return { reply: "reject", ...(reason ? { message: reason } : {}) }
}

async function answerTo(question: QuestionInfo, lines: TypedLines): Promise<string[] | undefined> {
  out.note(`\n${setIn(`${question.header}: ${question.question}`)}`)
  question.options.forEach(({ label, description }, at) =>
    out.note(`  ${at + 1}. ${setIn(`${label}: ${description}`)}`),
  )
  const how = question.multiple ? "Numbers, or your own words: " : "A number, or your own words: "
  const line = await lines.ask(how)
  return line?.trim() ? answersIn(line, question) : undefined
}

/** Numbers that stand for options; anything else is an answer of its own. */
export function answersIn(line: string, { options, multiple = false }: QuestionInfo): string[] {
  const words = line.trim().split(/[\s,]+/)
  const chosen = words.map((word) => (/^\d+$/.test(word) ? options[Number(word) - 1]?.label : undefined))
  const isChoice = chosen.every((label) => label !== undefined) && (multiple || chosen.length === 1)
  return isChoice ? chosen.filter((label) => label !== undefined) : [line.trim()]
}
