import type { Script, SyntaxNode } from "unbash"
import { MAX_FORMS, type Variables } from "./shell-expand.ts"
import { literalWord, shellWord, type ShellWord } from "./shell-words.ts"

/**
 * Which values the variables of a script are given, by its text or by the environment it starts in, and where it is
 * certain that they have them.
 */

export function addValues(node: SyntaxNode, variables: Variables): void {
  if (node.type === "Assignment") {
    const words = node.value.type === "ArrayValue" ? node.value.elements : [node.value]
    give(variables, node.name, words.map(shellWord), node.append === true)
  }
  if (node.type === "For" || node.type === "Select") {
    give(variables, node.name.value, node.wordlist?.map(shellWord) ?? [], false)
  }
  // "${X:=value}" assigns as well.
  if (
    node.type === "ParameterExpansion" &&
    node.operation?.type === "Default" &&
    node.operation.operator.endsWith("=")
  ) {
    give(variables, node.parameter, [shellWord(node.operation.operand)], false)
  }
}

function give(variables: Variables, name: string, words: ShellWord[], isAppended: boolean): void {
  const known = variables.get(name)
  if (!known) variables.set(name, { words, isAppended })
  else {
    for (const word of words) {
      // One more than is looked at says that there are too many.
      const isNew = known.words.length <= MAX_FORMS && !known.words.some(({ text }) => text === word.text)
      if (isNew) known.words.push(word)
    }
    known.isAppended ||= isAppended
  }
}

/** The shell sets these itself, whatever the text says. */
const SPECIAL =
  /^(?:PWD|OLDPWD|HOME|CDPATH|IFS|_|REPLY|OPT\w*|S?RANDOM|SECONDS|LINENO|EPOCH\w*|COLUMNS|LINES|BASH\w*|DIRSTACK|FUNCNAME|GROUPS|HIST\w*|MAPFILE|COPROC|E?UID|PPID|SHLVL)$/

/** What is expanded: `$X`, `${X`, `$1`, `$@`. */
const EXPANDED = /\$\{?(\w+|[@*!])/g

/**
 * The values that variables have before the script says anything: those of the environment, and none at all for one
 * that is neither there nor set by the script, so that `$NOTHING/etc/passwd` is `/etc/passwd`.
 */
export function addInherited(variables: Variables, source: string, environment: Readonly<Record<string, string>>) {
  for (const name of new Set(Array.from(source.matchAll(EXPANDED), ([, found]) => found ?? ""))) {
    if (SPECIAL.test(name)) continue
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined
    // A command like `read` may set whatever it names.
    if (value === undefined && (variables.has(name) || isMentioned(name, source))) continue
    // Without quotes, the shell makes several words of one that has blanks.
    const words = new Set([value ?? "", ...(value ?? "").split(/\s+/)])
    if (variables.has(name)) give(variables, name, [...words].map(literalWord), false)
    else variables.set(name, { words: [...words].map(literalWord), isAppended: false, isInherited: true })
  }
}

/** By its bare name, as what sets it has to. */
const isMentioned = (name: string, text: string): boolean =>
  /^[a-z_]/i.test(name) && new RegExp(`(?<![\\w$]|\\$\\{)${name}(?!\\w)`).test(text)

/** More assignments than this are a program; each is looked for in the whole text. */
const MAX_NAMES = 32

/**
 * Certain is a name that the script mentions as a variable to be set exactly once: in a statement of its top level,
 * for all that follows, or by a `for`, for its body. Everything else may or may not have happened. It only holds for
 * a script that was understood.
 * @returns for a place in the text, the names that are certain there
 */
export function settledNames(script: Script, source: string): (pos: number) => ReadonlySet<string> {
  const spans: Array<{ name: string; from: number; to: number }> = []
  for (const { command, background } of script.commands) {
    if (command.type === "For" && command.wordlist) {
      spans.push({ name: command.name.value, from: command.body.pos, to: command.body.end })
    }
    if (background || command.type !== "Command" || command.name) continue
    for (const prefix of command.prefix) {
      if (prefix.type === "Assignment" && !prefix.append && !prefix.index) {
        spans.push({ name: prefix.name, from: command.end, to: Number.POSITIVE_INFINITY })
      }
    }
  }
  // Names can be written in code, and positions in backticks are not those of this text.
  const isPlain = spans.length <= MAX_NAMES && !/`|\$'/.test(source)
  const unquoted = isPlain && spans.length > 0 ? source.replace(/['"\\]/g, "") : ""
  const certain = isPlain ? spans.filter(({ name }) => !SPECIAL.test(name) && isSetOnce(name, unquoted)) : []
  return (pos) => new Set(certain.filter(({ from, to }) => from <= pos && pos < to).map(({ name }) => name))
}

/** By the text and not by the tree: whatever sets a variable (`read`, `printf -v`, arithmetic) has to name it. */
function isSetOnce(name: string, text: string): boolean {
  if (!/^\w+$/.test(name)) return false
  return (text.match(new RegExp(`(?<!\\w|\\$\\{?)${name}(?!\\w)|\\$\\{${name}:?=`, "g"))?.length ?? 0) === 1
}
