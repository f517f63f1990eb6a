import { SHELL_PIECE } from "../config/shell-pieces.ts"

/**
 * The template of a command, and what becomes of it with arguments. Pure. What arguments bring in is text and nothing
 * else: it is not looked at again for placeholders, and never becomes part of a command line.
 */
export type TemplatePiece =
  | { text: string }
  /** To be run by a shell; its arguments are the positional parameters. */
  | { shell: string; written: string }

export interface Filled {
  pieces: TemplatePiece[]
  /** `$1` and so on, as the template counts them. */
  parameters: string[]
}

const PLACEHOLDER = /\$(?:ARGUMENTS|[1-9]\d*)/g

/** The placeholders in a template, each once: numbers, then `$ARGUMENTS`. */
export function hintsOf(template: string): string[] {
  return [...new Set(fillable(template).match(PLACEHOLDER))].sort((a, b) => indexOf(a) - indexOf(b))
}

/** A text that is no template: only all that was typed has a place in it. `$1` may be a price, or code. */
export const fillText = (text: string, given: string): string =>
  text.includes(ALL) ? text.replaceAll(ALL, () => given) : given.trim() ? `${text}\n\n${given}` : text

/** A template without placeholders gets the arguments behind it. */
export function fillTemplate(template: string, given: string): Filled {
  const hints = hintsOf(template)
  const highest = hints.reduce((most, hint) => (hint === ALL ? most : Math.max(most, indexOf(hint))), 0)
  const parameters = parametersOf(given, highest)
  const fill = (text: string): string =>
    text.replaceAll(PLACEHOLDER, (found) => (found === ALL ? given : (parameters[indexOf(found) - 1] ?? "")))

  const pieces: TemplatePiece[] = []
  let end = 0
  for (const match of template.matchAll(SHELL_PIECE)) {
    const [written, command = ""] = match
    pieces.push({ text: fill(template.slice(end, match.index)) }, { shell: forShell(command), written })
    end = match.index + written.length
  }
  pieces.push({ text: fill(template.slice(end)) })
  if (!hints.length && given.trim()) pieces.push({ text: `\n\n${given}` })
  return { pieces, parameters }
}

/** Numbered places for which nothing was given. They become empty, which is seldom what was meant. */
export function placesLeftEmpty(hints: readonly string[], given: string): string[] {
  const words = splitArguments(given).length
  return hints.filter((hint) => hint !== ALL && indexOf(hint) > words)
}

const ALL = "$ARGUMENTS"
const indexOf = (placeholder: string): number =>
  placeholder === ALL ? Number.POSITIVE_INFINITY : Number(placeholder.slice(1))

/** One for each word up to the highest that the template asks for; that one gets all the rest. */
function parametersOf(given: string, highest: number): string[] {
  const words = splitArguments(given)
  if (highest === 0) return words
  const rest = words.slice(highest - 1).join(" ")
  return [...Array.from({ length: highest - 1 }, (_, index) => words[index] ?? ""), rest]
}

/** Words at white space. A word that begins with a quote goes to where it is closed; other quotes are letters. */
export function splitArguments(given: string): string[] {
  return [...given.matchAll(/"([^"]*)"(?=\s|$)|'([^']*)'(?=\s|$)|\S+/g)].map(
    ([word, double, single]) => double ?? single ?? word,
  )
}

/**
 * A command line in which the shell itself puts the arguments in, as values: they can hold no second command. In single
 * quotes a shell leaves everything as it is (`awk '{print $1}'`), and so do we: what is in them may be another program's
 * text, where a value would be part of the program.
 */
const forShell = (command: string): string =>
  outsideSingleQuotes(
    command,
    // The tenth: to a shell `$10` is the first and a nought.
    (found) => (/^\$\d\d/.test(found) ? `\${${found.slice(1)}}` : found),
    (literal) => literal,
  )

/** What arguments can come to stand in: not the single quotes of shell pieces. */
const fillable = (template: string): string =>
  template.replaceAll(SHELL_PIECE, (_, command: string) =>
    outsideSingleQuotes(
      command,
      (found) => found,
      () => "",
    ),
  )

function outsideSingleQuotes(
  command: string,
  place: (placeholder: string) => string,
  keep: (literal: string) => string,
): string {
  // A double-quoted text is one piece, so that an apostrophe in it opens nothing.
  return command.replaceAll(/\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|\$(?:ARGUMENTS|[1-9]\d*)/g, (found) => {
    if (found.startsWith("'") || found.startsWith("\\")) return keep(found)
    return found.replaceAll(/\\[^]|\$(?:ARGUMENTS|[1-9]\d*)/g, (inner) =>
      inner.startsWith("$") ? place(inner) : keep(inner),
    )
  })
}
