import { resolve } from "node:path"
import type { Ask } from "../permission/ask.ts"
import { TELLING } from "../permission/shell-grammars.ts"
import { distinct, filesOf, pathsOf, type NamedFile } from "../permission/shell-paths.ts"
import { STREAMS } from "../permission/shell-redirects.ts"
import { asksForShell, type ShellAnalysis } from "../permission/shell.ts"
import type { FileRef, Paths } from "../workspace/paths.ts"
import { createPlaces, type FoundPlace } from "./bash-places.ts"
import { asksForFile, asksOutside, ruleName } from "./file-asks.ts"

/**
 * What has to be asked before a command runs: the folders outside the workspace that it names, the files that it reads
 * and writes as far as its words tell, then the command. So a rule for a file holds however the file is opened. A path
 * that only the running shell knows makes the command one that was not wholly understood.
 */
export async function asksForCommand(analysis: ShellAnalysis, folder: FileRef, paths: Paths): Promise<Ask[]> {
  const { source: command, redirects, puzzles, variables } = analysis
  const named = analysis.commands.map((one) => ({ base: one.base, ...pathsOf(one, variables) }))
  const problems = named.flatMap(({ base, unknown }) =>
    unknown.map(({ text }) => `which file ${base} gets with ${text} is known only when it runs`),
  )
  const obscure = [
    ...named.flatMap(({ unknown }) => unknown.flatMap(({ text, isWritten }) => (isWritten ? [text] : []))),
    ...puzzles.flatMap(({ word, access }) => (access === "write" ? [word.text] : [])),
  ]
  const opened = redirects.map(({ path, access }): NamedFile => ({ path, access, isGlob: false }))
  const guessed = puzzles.flatMap(({ word, access }) => filesOf(word, access, variables))
  const told = [...new Set(named.flatMap((one) => one.moves))]
  const near = createPlaces(foldersOf(folder.real, told.slice(0, MAX_MOVES)), paths)
  const moves = [...told, ...(await near.foldersFor(told))]
  // Where home is may be said, if nobody else hears it.
  const isTold = named.every(({ base }) => TELLING.has(base))
  const folders = foldersOf(folder.real, moves.slice(0, MAX_MOVES))
  const all = [
    ...folders.slice(1).map((path): NamedFile => ({ path, access: "look", isGlob: false })),
    ...[...named.flatMap(({ files }) => files), ...opened, ...guessed].filter(
      ({ path }) => !STREAMS.test(path) && !(isTold && path === "~"),
    ),
  ]
  const each = distinct(all)
  const wanted = each.slice(0, MAX_FILES)
  const unseen = each.slice(MAX_FILES)
  if (unseen.length > 0) problems.push(`it names more than ${MAX_FILES} files`)
  const isTooMuch = folders.length > 1 && wanted.length * folders.length > MAX_PLACES
  const astray = named.find((one) => one.astray !== undefined)?.astray
  // What is written there by a relative path has another name than it seems.
  if (astray !== undefined && all.some(isWrittenBelow)) obscure.push(`${astray}/*`)

  const places = createPlaces(isTooMuch ? [folder.real] : folders, paths)
  const found = (await Promise.all(wanted.map(places.find))).flat()
  const lost = astray ?? moves[isTooMuch ? 0 : MAX_MOVES] ?? unseen[0]?.path ?? near.unexpanded() ?? places.unexpanded()
  const touched = (access: "read" | "write") =>
    found.filter((place) => access === place.access || place.access === "change")
  const here: FoundPlace = { file: folder, kind: "directory", access: "look", isName: false }
  const facts = ({ file }: FoundPlace) => ({ filepath: file.absolute, command })
  return [
    ...asksOutside([here, ...found.filter(({ isName }) => !isName)], { command }),
    ...(lost === undefined ? [] : [asksAstray(lost, command)]),
    ...merged([
      ...touched("read").flatMap((place) => asksForFile("read", place, facts(place))),
      ...touched("write").flatMap((place) => withContents(asksForFile("edit", place, facts(place)), place)),
      ...found.flatMap(({ isLoose, file }) => (isLoose ? [doubt(ruleName(file), command)] : [])),
      ...[...new Set(obscure)].map((text) => doubt(text, command)),
      ...unseen.flatMap(({ path, access }) => (access === "look" ? [] : [doubt(path, command, permissionFor(access))])),
    ]),
    asksForShell({ ...analysis, problems: [...new Set([...analysis.problems, ...problems])] }),
  ]
}

/** Every file is looked up, to see where its links lead; the names of the others are compared with rules as they are. */
const MAX_FILES = 500
/** A loop over the packages of a repository; what goes to more folders is asked for like one that nobody knows. */
const MAX_MOVES = 24
/** Every relative path is looked for in all of these folders; so many look-ups take about half a second. */
const MAX_PLACES = 4_000

/** Where relative paths may begin. Whether a `cd` happens, and before what, is not followed: all folders count. */
function foldersOf(start: string, moves: readonly string[]): string[] {
  const folders = new Set([start])
  let current = start
  for (const move of moves) {
    // Our home and what is below it was asked for as a place of its own.
    if (move.startsWith("~")) continue
    current = resolve(current, move)
    folders.add(current).add(resolve(start, move))
  }
  return [...folders]
}

/** From a folder that nobody knows, every relative path may lead outside: so going there is asked for as going outside. */
function asksAstray(word: string, command: string): Ask {
  const problems = [`where it goes to with ${word} is not known before it runs`]
  return {
    permission: "external_directory",
    patterns: [`${word}/*`],
    always: [],
    metadata: { command, problems },
    problems,
  }
}

/** It writes what nobody can name yet: a rule for some files may mean just this. */
const doubt = (name: string, command: string, permission = "edit"): Ask => ({
  permission,
  patterns: [name],
  always: ["*"],
  metadata: { command },
  problems: [`which files are ${permission === "edit" ? "written" : "read"} with ${name} was not looked up`],
})

const isWrittenBelow = ({ path, access }: NamedFile) =>
  /^(?:write|change|fill)$/.test(access) && !path.startsWith("/") && !path.startsWith("~")

const permissionFor = (access: NamedFile["access"]) => (access === "read" || access === "maybe" ? "read" : "edit")

/** Who removes or replaces a folder changes what is in it, so rules for that count as well. */
const withContents = (asks: Ask[], { kind }: FoundPlace): Ask[] =>
  kind !== "directory"
    ? asks
    : asks.map((ask) => ({
        ...ask,
        aliases: Object.fromEntries(ask.patterns.map((name) => [name, [...(ask.aliases?.[name] ?? []), `${name}/*`]])),
      }))

const ORDER = ["control_file", "read", "edit"]

/** One question for each permission. Places outside are asked about once, for the whole command. */
function merged(asks: Ask[]): Ask[] {
  return ORDER.flatMap((permission) => {
    const same = asks.filter((ask) => ask.permission === permission)
    const [first] = same
    if (!first) return []
    const problems = [...new Set(same.flatMap((ask) => ask.problems ?? []))]
    return {
      ...first,
      ...(problems.length > 0 && { problems, metadata: { ...first.metadata, problems } }),
      patterns: [...new Set(same.flatMap((ask) => ask.patterns))],
      always: [...new Set(same.flatMap((ask) => ask.always))],
      aliases: Object.fromEntries(same.flatMap((ask) => Object.entries(ask.aliases ?? {}))),
    }
  })
}
