export interface Statements {
  whole: string[]
  /** What no semicolon has ended yet. */
  rest: string
}

/** Texts, quoted names and comments, in which a semicolon ends nothing; one that is still open reaches to the end. */
const CLOSED =
  /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`[^`]*(?:`|$)|\[[^\]]*(?:\]|$)|--[^\n]*|\/\*[^]*?(?:\*\/|$)|;/g

/** Takes statements apart, as SQLite does not say where one ends. Pure. */
export function sqlStatements(text: string): Statements {
  const whole: string[] = []
  let start = 0
  for (const { 0: found, index } of text.matchAll(CLOSED)) {
    if (found !== ";") continue
    whole.push(text.slice(start, index).trim())
    start = index + 1
  }
  return { whole: whole.filter(saysSomething), rest: text.slice(start) }
}

/** More than comments. */
export const saysSomething = (statement: string): boolean =>
  statement.replaceAll(/--[^\n]*|\/\*[^]*?(?:\*\/|$)/g, "").trim() !== ""
