import type { ShellCommand } from "./shell.ts"
import { formsOf, globMatches, type Form, type Variables } from "./shell-expand.ts"
import { grammarOf, MOVING_OPTIONS, TELLING, type Access } from "./shell-grammars.ts"
import { slotsOf, type Slot } from "./shell-slots.ts"
import { literalWord, type ShellWord } from "./shell-words.ts"

/**
 * The files a command names in its arguments, and what it does to them, so that the bash tool can ask for them as the
 * tools for files do. Of a program that is not known, every word that can only be a path is one, and every other word
 * may be.
 */
export interface NamedPaths {
  files: NamedFile[]
  /** Words that name a file which only the running shell knows, and whether it is written. */
  unknown: Array<{ text: string; isWritten: boolean }>
  /** Folders it goes to, some of them patterns; what is named by a relative path may be in there. */
  moves: string[]
  /** The word for a folder it goes to which only the running shell knows. */
  astray: string | undefined
}

export interface NamedFile {
  /** Absolute, relative to the working folder, or beginning with `~/`. */
  path: string
  /** `maybe`: it is read if there is such a file. */
  access: Access | "maybe"
  /** Only the look of a word says that it is a path: `/api/users` may be text. */
  isGuess?: true
  /** If it is a folder, all that is in it is written. */
  isDeep?: true
  /** The path is a pattern for files, in its last segment or before. */
  isGlob: boolean
  /** It only counts if this is a folder: then the target of a copy lies in it. */
  within?: string
}

/** Longer words are texts. No file system has longer paths. */
const MAX_PATH = 4_096

export function pathsOf(command: ShellCommand, variables: Variables = new Map()): NamedPaths {
  const { base, argv, own } = command
  const words = argv.slice(1, own)
  const grammar = grammarOf(base)
  const found: NamedPaths = { files: [], unknown: [], moves: [], astray: undefined }
  const missing = (text: string, access: Access) => {
    const isWritten = /^(?:write|change|fill)$/.test(access)
    if (!found.unknown.some((one) => one.text === text && one.isWritten === isWritten))
      found.unknown.push({ text, isWritten })
  }
  const add = ({ word, access, isDeep }: Slot) => {
    // Where xargs and find put what they found.
    const fed = command.isFed ? word.value.indexOf("{}") : -1
    if (fed >= 0) {
      const folder = word.path === undefined ? "" : word.path.slice(0, word.path.lastIndexOf("/", fed) + 1)
      if (folder !== "" && word.path?.indexOf("{}") === fed)
        found.files.push({ path: folder, access: "look", isGlob: false })
      return missing(word.text, access)
    }
    if (word.path === undefined) missing(word.text, access)
    found.files.push(...filesOf(word, access, variables).map((file) => (isDeep ? { ...file, isDeep } : file)))
  }
  const named = slotsOf(base, words, grammar)
  for (const slot of named ?? []) add(slot)
  // xargs puts what it reads behind the words that are there.
  const fed =
    command.isFed && grammar && !found.unknown.some(({ text }) => text.includes("{}")) ? grammar.operands : "words"
  if (fed !== "words" && fed !== "look") missing("what it is given", grammar?.hasTarget ? "write" : fed)
  if (grammar?.hasTarget) found.files.push(...inTarget(found))
  if (!named || grammar?.isOpen || GUESSED.has(base)) {
    const printed = TELLING.has(base) ? ownOf(variables) : variables
    for (const word of withoutCode(base, words)) {
      const known = isPathLike(word) ? variables : printed
      for (const form of formsOf(word, known)) found.files.push(...guess(form, base))
    }
  }
  addMoves(command, variables, found)
  found.files = distinct(found.files)
  return found
}

/** Some of whose words are known to be files, and others may be. */
const GUESSED = new Set("tar gtar bsdtar git perl ruby 7z 7za unrar cpio ar jar openssl crontab".split(" "))

/** Printing `$PATH` names no file; `$XDG_DATA_HOME/file` may be meant for the next command of the pipe. */
const isPathLike = ({ segments }: ShellWord): boolean =>
  segments.some(({ kind, text }) => kind !== "unknown" && text.includes("/"))

const ownOf = (variables: Variables): Variables => new Map([...variables].filter(([, { isInherited }]) => !isInherited))

/** What is copied into a folder keeps its name. */
function inTarget({ files, unknown }: NamedPaths): NamedFile[] {
  const target = files.findLast(({ access }) => access === "write")
  if (!target) return []
  if (unknown.length > 0) return [{ path: target.path, access: "fill", isGlob: false, within: target.path }]
  return files
    .filter((file) => file !== target && file.access !== "look")
    .map(({ path, isGlob }) => ({
      path: `${target.path}/${path.slice(path.replace(/\/+$/, "").lastIndexOf("/") + 1)}`,
      access: "write",
      isGlob,
      within: target.path,
    }))
}

function addMoves({ base, argv, settled }: ShellCommand, variables: Variables, found: NamedPaths): void {
  const words = argv.slice(1)
  let targets: ShellWord[]
  if (/^(?:cd|chdir|pushd)$/.test(base)) {
    targets = words.filter((word) => word.value !== "--" && !/^-[LPe@n]*$|^\+\d+$/.test(word.value)).slice(0, 1)
    if (words.length === 0) targets = [HOME]
    // Where these lead, the text does not say.
    const isBack = words.some(({ value }) => value === "-")
    if (variables.has(isBack ? "OLDPWD" : "CDPATH")) found.astray ??= [base, ...words.map(({ text }) => text)].join(" ")
    if (words.length === 0) found.files.push({ path: "~", access: "look", isGlob: false })
  } else {
    const option = Object.hasOwn(MOVING_OPTIONS, base) ? MOVING_OPTIONS[base] : undefined
    targets = option ? words.filter((_, at) => option.test(words[at - 1]?.value ?? "")) : []
    for (const word of targets) {
      found.files.push(...filesOf(word, "look", variables))
    }
  }
  for (const word of targets) {
    const forms = formsOf(word, variables)
    for (const { text, open } of forms) if (open !== "unknown") found.moves.push(text)
    const isKnown =
      forms.every(({ open, lead }) => open === undefined || (open === "glob" && !lead.startsWith("/"))) &&
      word.segments.every(({ kind, name, text }) => kind !== "unknown" || isSettled(name, text, settled, variables))
    if (!isKnown) found.astray ??= word.text
  }
}

const HOME: ShellWord = { ...literalWord("~"), tilde: "~", path: "~" }

const isSettled = (name: string | undefined, text: string, settled: ReadonlySet<string>, variables: Variables) =>
  text === "$(git rev-parse --show-toplevel)" ||
  (name !== undefined && (settled.has(name) || (name === "PWD" && !variables.has(name))))

/** What one word stands for where a path is expected. */
export const filesOf = (word: ShellWord, access: Access, variables: Variables): NamedFile[] =>
  formsOf(word, variables).flatMap((form) => placesOf(form, access))

/** The places a form of such a word stands for. */
function placesOf({ text, lead, open }: Form, access: NamedFile["access"]): NamedFile[] {
  if (open === undefined) return text === "" || text.length > MAX_PATH ? [] : [{ path: text, access, isGlob: false }]
  const folder = lead.slice(0, lead.lastIndexOf("/") + 1)
  const found: NamedFile[] = folder === "" ? [] : [{ path: folder, access: "look", isGlob: false }]
  if (open === "unknown") return found
  const segments = text.split("/")
  // Before version 5.2 a pattern like ".*" stands for the folder above as well.
  const upwards = segments.findIndex((segment) => /[*?[]/.test(segment) && globMatches(segment, ".."))
  if (upwards >= 0) found.push({ path: [...segments.slice(0, upwards), ".."].join("/"), access: "look", isGlob: false })
  return [{ path: text, access, isGlob: true }, ...found]
}

/** A word of a program that nothing is known about. */
function guess({ text, lead, open }: Form, base: string): NamedFile[] {
  if (text.length > MAX_PATH || /[\n\0]/.test(text)) return []
  const isTelling = TELLING.has(base)
  const found: NamedFile[] = []
  for (const value of valuesIn(text)) {
    const cut = open === undefined ? undefined : lead.slice(text.length - value.length)
    if (/^(?:\/|~(?:\/|$))/.test(value) || /(?:^|\/)\.\.(?:\/|$)/.test(value)) {
      const access = isTelling ? "look" : "maybe"
      const places = placesOf(
        open === undefined ? { text: value, lead: value } : { text: value, lead: cut ?? "", open },
        access,
      )
      // Where it leads is asked about as well, unless nothing could be there.
      found.push(
        ...places.filter((place) => place.access === "maybe"),
        ...places.map((place) => ({ ...place, access: "look" as const, isGuess: true as const })),
      )
    } else if (!isTelling && open !== "unknown" && value !== "" && !value.startsWith("-")) {
      found.push({ path: value, access: "maybe", isGlob: open === "glob" })
    }
  }
  return found
}

/** What in a word may be a path: itself, what follows an option or a name in it, a part before a colon. */
function valuesIn(text: string): string[] {
  const file = /\bfile:(?:\/\/[^/]*)?(\/.*)$/i.exec(text)?.[1]
  if (file !== undefined) return [decoded(file)]
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(text)) return []
  const value = /^-\w(?=[/~.])(?!\/$)(.*)$/.exec(text)?.[1] ?? /^(?:-{1,2}[\w.-]+|[\w.]+)=(.*)$/.exec(text)?.[1]
  const whole = value === undefined ? [text] : [value]
  const bare = whole.map((it) => it.replace(/^@/, ""))
  // "/from:/to", and a file in a commit of git.
  const parts = bare.flatMap((it) => (it.includes(":") ? [it, ...it.split(":").slice(0, 2)] : [it]))
  return value === undefined || text.startsWith("-") ? parts : [text, ...parts]
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // Not an encoding, so it is the name itself.
    return path
  }
}

/** Options whose value is a program in the language of the interpreter, and no path. */
const CODE: ReadonlyArray<readonly [RegExp, RegExp]> = [
  [/^(?:[a-z]*sh|python[\d.]*|fish)$/, /^-\w*c$/],
  [/^(?:node|nodejs|bun|deno)$/, /^(?:-\w*[ep]|--eval|--print)$/],
  [/^(?:perl|ruby|lua|osascript)$/, /^-\w*[eE]$/],
  [/^php$/, /^-\w*r$/],
  [/^git$/, /^(?:-m|--message|--grep|-S|-G|-c|-e|grep)$/],
  [/^(?:gh|glab)$/, /^(?:-t|-b|--title|--body)$/],
]

function withoutCode(base: string, words: ShellWord[]): ShellWord[] {
  const option = CODE.find(([name]) => name.test(base))?.[1]
  // Between the signs of a comparison there are values.
  if (base === "test" || base === "[") {
    const isSign = (word: ShellWord | undefined) => /^(?:[=!]?=|-(?:eq|ne|lt|le|gt|ge))$/.test(word?.value ?? "")
    return words.filter((_, at) => !isSign(words[at - 1]) && !isSign(words[at + 1]))
  }
  return option ? words.filter((_, at) => !option.test(words[at - 1]?.value ?? "")) : words
}

export function distinct(files: NamedFile[]): NamedFile[] {
  const seen = new Map(
    files.map((file) => [
      `${file.access} ${file.isGlob} ${file.isGuess} ${file.isDeep} ${file.within} ${file.path}`,
      file,
    ]),
  )
  return [...seen.values()]
}
