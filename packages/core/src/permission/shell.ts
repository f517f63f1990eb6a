import type { Command, SyntaxNode } from "unbash"
import type { Ask } from "./ask.ts"
import { dialectHazards, type Dialect } from "./shell-dialects.ts"
import type { Variables } from "./shell-expand.ts"
import { guesses, withHoles } from "./shell-guesses.ts"
import { commandHazards, hazardsOf } from "./shell-hazards.ts"
import { SYSTEM, SYSTEM_FOLDER } from "./shell-names.ts"
import { patternOf, prefixOf } from "./shell-prefix.ts"
import { addRedirect, inputOf } from "./shell-redirects.ts"
import { isTooDeep, MAX_COMMANDS, MAX_LENGTH, MAX_WORDS, roughCommands } from "./shell-rough.ts"
import { startHazards } from "./shell-starters.ts"
import { addInherited, addValues, settledNames } from "./shell-variables.ts"
import { isRunner } from "./shell-runners.ts"
import { literalWord, shellWord, type ShellWord } from "./shell-words.ts"
import { unwrap, type InnerCommand, type InnerScript } from "./shell-wrappers.ts"
import { HOLE } from "./wildcard.ts"

/**
 * Command text to everything it would run, read and write. One parser, one tree, no early "allow": whatever is not
 * wholly understood is a problem, and a problem means that a person is asked. The text is read as bash or sh reads it;
 * it must be run by one of them.
 */
export interface ShellAnalysis {
  source: string
  /** Every simple command at any depth, in the order of the text; a wrapper comes before what it runs. */
  commands: ShellCommand[]
  /** Files that the shell itself opens. A path is absolute, relative to the working folder, or begins with `~/`. */
  redirects: Array<{ path: string; access: "read" | "write" }>
  /** The same for those whose path is known only when it runs. */
  puzzles: Array<{ word: ShellWord; access: "read" | "write" }>
  /** Variables that are set, in commands' prefixes too. */
  assignments: string[]
  /** The values they may have, as far as the text and the environment say. */
  variables: Variables
  /** Whether parts of it were not even looked at; rules that deny are compared with all that could be a command. */
  isCut: boolean
  /** Sentences that say why the analysis is not complete. Empty means complete. */
  problems: string[]
}

export interface ShellCommand {
  argv: ShellWord[]
  /** The command's name without its folder, in lower case. */
  base: string
  /** Its words, normalised and joined; what rules are matched against. */
  text: string
  /** The pattern that "always" would allow. */
  prefix: string
  /** Other spellings of it that a deny rule may use. */
  aliases: string[]
  /** It is given more arguments when it runs, by xargs or find. */
  isFed: boolean
  /** How many of the words are its own; the rest are those of a command that it runs. */
  own: number
  /** Variables that have one of the values given to them in the text when it runs, and no other. */
  settled: ReadonlySet<string>
}

/** Scripts in scripts (`sh -c 'sh -c …'`): nobody needs more, and quoting doubles the text at every level. */
const MAX_SCRIPT_DEPTH = 8
/** Wrappers around one command (`sudo env nice …`): keeps the work linear in the length of the text. */
const MAX_WRAPPERS = 16

/** Words of a command that nobody knows the grammar of, each of which may begin another; and how much of that counts. */
const MAX_TAILS = 100
const MAX_TAIL = 1_000

/** Blanks looked at behind a command's name; nobody writes more before a parenthesis. */
const MAX_GAP = 1_000

type Unbash = typeof import("unbash")

/** One script, and how it is read. */
interface Reading {
  bash: Unbash
  dialect: Dialect
  depth: number
  /** Words that may still be looked at, in this script and all around it. */
  words: { left: number }
}

/**
 * @param environment what the command's variables are before it sets any
 * @param dialect of the shell that will run it
 */
export async function analyseShell(
  command: string,
  environment: Readonly<Record<string, string>> = {},
  dialect: Dialect = "bash",
): Promise<ShellAnalysis> {
  const bash = await import("unbash")
  const found: ShellAnalysis = {
    source: command,
    commands: [],
    redirects: [],
    puzzles: [],
    assignments: [],
    variables: new Map(),
    isCut: false,
    problems: [],
  }
  try {
    if (command.length > MAX_LENGTH) throw new Error("no shell takes a text of this length")
    if (isTooDeep(command)) throw new Error("it is nested too deeply")
    walk(command, { bash, dialect, depth: 0, words: { left: MAX_WORDS } }, found)
  } catch (error) {
    // The text is hostile; a parser that gives up on it (stack, memory) must end in a question, not in a crash.
    found.isCut = true
    found.problems.push(`cannot be analysed: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (command.includes(HOLE)) found.problems.push("it has characters in it that no shell can be given")
  addInherited(found.variables, command, environment)
  if (found.commands.length === 0) found.problems.push("no command was recognised")
  found.problems = [...new Set(found.problems)]
  // What was not understood may set any variable.
  if (found.problems.length > 0) found.commands = found.commands.map((one) => ({ ...one, settled: new Set() }))
  return found
}

/** The question the bash tool asks: one pattern for each simple command. */
export function asksForShell({ source, commands, problems, variables, isCut }: ShellAnalysis): Ask {
  const isClear = problems.length === 0
  // "/bin/rm x; /usr/bin/rm x" is one pattern with two aliases.
  const aliases: Record<string, string[]> = {}
  const open: Record<string, string[]> = {}
  const add = (to: Record<string, string[]>, text: string, found: string[]) => {
    if (found.length > 0) to[text] = [...new Set([...((Object.hasOwn(to, text) && to[text]) || []), ...found])]
  }
  for (const command of commands) {
    add(aliases, command.text, [...command.aliases, ...guesses(command, variables)])
    add(open, command.text, withHoles(command))
  }
  const patterns = commands.length > 0 ? [...new Set(commands.map((command) => command.text))] : [source.trim()]
  if (isCut) add(aliases, patterns[0] ?? "", roughCommands(source))
  return {
    permission: "bash",
    patterns,
    // Approving a prefix would not help next time: what is not understood is asked again.
    always: isClear ? [...new Set(commands.map((command) => command.prefix))] : [],
    metadata: isClear ? { command: source } : { command: source, problems },
    ...(Object.keys(aliases).length > 0 && { aliases }),
    ...(Object.keys(open).length > 0 && { open }),
    ...(!isClear && { problems }),
  }
}

function walk(source: string, reading: Reading, found: ShellAnalysis) {
  const { bash, depth } = reading
  if (depth > MAX_SCRIPT_DEPTH) throw new Error("scripts are nested too deeply")
  const script = bash.parse(source)
  const settledAt = settledNames(script, source)
  const todo: Array<{ node: SyntaxNode; text: string }> = [{ node: script, text: source }]
  // A loop and not a recursion: "1+1+1+…" is a tree as deep as the text is long.
  for (let next = todo.pop(); next; next = todo.pop()) {
    if (found.commands.length >= MAX_COMMANDS) throw new Error(`it has more than ${MAX_COMMANDS} commands`)
    const { node } = next
    // Positions below a script in escaped backticks are those of its own text.
    const text = (node.type === "Script" && node.source) || next.text
    found.problems.push(...hazardsOf(node), ...dialectHazards(node, text, reading.dialect))
    addValues(node, found.variables)
    if (node.type === "Assignment") found.assignments.push(node.name)
    if (node.type === "Redirect") addRedirect(node, found)
    if (node.type === "Command") {
      if ((reading.words.left -= node.suffix.length + 1) < 0) throw new Error(`it has more than ${MAX_WORDS} words`)
      // To bash this is a syntax error; the parser (unbash 6.0.4) steps over the parenthesis in silence.
      if (node.name && /^[\s\\]*\(/.test(text.slice(node.name.end, node.name.end + MAX_GAP))) {
        found.problems.push("syntax: unexpected (")
      }
      for (const { text: inner, dialect = reading.dialect } of addCommands(node, found, settledAt)) {
        walk(inner, { ...reading, dialect, depth: depth + 1 }, found)
      }
    }
    const children: SyntaxNode[] = []
    bash.forEachChild(node, (child) => children.push(child))
    for (const child of children.reverse()) todo.push({ node: child, text })
  }
}

/** @returns scripts that the command hands to a shell */
function addCommands(
  node: Command,
  found: ShellAnalysis,
  settledAt: (pos: number) => ReadonlySet<string>,
): InnerScript[] {
  if (!node.name) return []
  const scripts: InnerScript[] = []
  const words = [
    shellWord(node.name),
    ...node.args.map((arg) => (arg.type === "Word" ? shellWord(arg) : assignmentWord(arg.text))),
  ]
  const around: Array<{ wrapper: ShellCommand; own: string; at: number }> = []
  const todo: Array<Pick<InnerCommand, "argv" | "isFed" | "mark"> & { wrappers: number }> = [
    { argv: words, isFed: false, wrappers: 0 },
  ]
  for (let next = todo.shift(); next; next = todo.shift()) {
    const { argv, isFed, mark, wrappers } = next
    const [name] = argv
    if (!name) continue
    if (!name.isLiteral || name.value === "" || name.value === "{}" || name.value.startsWith("-")) {
      found.problems.push(`the command "${name.text}" is known only when it runs`)
    }
    const base = baseOf(name.value)
    const { inner, scripts: more, problems, isOpaque } = unwrap(base, argv, { isFed, mark, input: inputOf(node) })
    const isBuried = inner.length > 0 && wrappers >= MAX_WRAPPERS
    if (isBuried) found.problems.push("commands are nested too deeply to be analysed")
    found.problems.push(...problems, ...commandHazards(base, argv), ...startHazards(base, argv))
    scripts.push(...more)

    const first = inner[0]
    const own = first && base !== "find" ? first.start : argv.length
    const takesTails = isOpaque || isBuried || isRunner(argv, base)
    const described = describe(argv, base, { isFed, takesTails, own, settled: settledAt(node.pos) })
    found.commands.push(described)
    if (first && base !== "find" && !isBuried) {
      around.push({
        wrapper: described,
        own: patternOf(argv.slice(0, first.start)),
        at: found.commands.length,
      })
    }
    if (!isBuried) todo.unshift(...inner.map((one) => ({ ...one, wrappers: wrappers + 1 })))
  }
  // What a wrapper runs stands right behind it. "Always" for "sudo ls" is for ls under sudo, not for sudo.
  for (const { wrapper, own, at } of around.reverse()) wrapper.prefix = `${own} ${found.commands[at]?.prefix ?? ""}`
  return scripts
}

const baseOf = (name: string) =>
  name
    .slice(name.lastIndexOf("/") + 1)
    .toLowerCase()
    .replace(/\.exe$/, "")

function describe(
  argv: ShellWord[],
  base: string,
  { takesTails, ...facts }: Pick<ShellCommand, "isFed" | "own" | "settled"> & { takesTails: boolean },
): ShellCommand {
  const [name, ...args] = argv
  const spelled = name?.text ?? ""
  const join = (first: string) => [first, ...args.map((word) => word.text)].join(" ")
  const system = SYSTEM.exec(spelled)?.[1]
  const text = join(system ?? spelled)
  // The last segment as written, for rules with capitals, and in lower case, for file systems that ignore it.
  const aliases = new Set([spelled, spelled.slice(spelled.lastIndexOf("/") + 1), base].map(join))
  if (takesTails) {
    let at = text.length - join("").length + 1
    for (const word of args.slice(0, MAX_TAILS)) {
      const tail = text.slice(at, at + MAX_TAIL)
      aliases.add(tail).add(tail.replace(SYSTEM_FOLDER, "")).add(word.value.slice(0, MAX_TAIL))
      at += word.text.length + 1
    }
  }
  aliases.delete(text)
  const words = system === undefined ? argv : [literalWord(system), ...args]
  return { argv, base, text, prefix: prefixOf(words, base), aliases: [...aliases], ...facts }
}

/** `A=1` among the arguments of `export` and its like; its parts are visited as an assignment. */
function assignmentWord(text: string): ShellWord {
  const word = literalWord(text)
  return {
    ...word,
    text: /[\s"'`$\\]/.test(text) ? text : word.text,
    isLiteral: !/["'`$\\]/.test(text),
  }
}
