import { dirname, join, resolve } from "node:path"
import { tuiConfigMembers, type TuiConfig } from "@opencode/protocol/tui-config.ts"
import { parseJson } from "./document.ts"
import { dotted, type ConfigIssue } from "./issue.ts"
import { isObject, valueAt, type JsonObject } from "./json.ts"
import { readSmallFile } from "./read.ts"
import { isSet, projectLevels, type Places } from "./sources.ts"
import { validate } from "./validate.ts"
import { substitute } from "./variables.ts"

/** The settings of the screen. They decide nothing of what an agent does, and are read when a screen asks for them. */
export interface TuiSettings {
  config: TuiConfig
  issues: ConfigIssue[]
}

interface Place {
  file: string
  isProject: boolean
  /** A file of other settings, in which some of the screen stood once. */
  isOlder?: true
  isNamed?: true
}

/**
 * Reads `tui.json` and `tui.jsonc`, later wins: the user's folders, `OPENCODE_TUI_CONFIG`, the project's from the root
 * down, its `.opencode` folders. What stands of the screen in an `opencode.json` counts before the `tui.json` beside it.
 * Never throws for what is written.
 */
export async function loadTui(places: Places): Promise<TuiSettings> {
  const issues: ConfigIssue[] = []
  let config: JsonObject = {}
  for (const place of placesOf(places)) {
    const read = await readPlace(place, places)
    config = merged(config, read.value)
    issues.push(...read.issues)
  }
  return { config: config as TuiConfig, issues }
}

function placesOf({ env, folders, directory, worktree }: Places): Place[] {
  const inFolder = (folder: string, isProject: boolean): Place[] => [
    ...["opencode.json", "opencode.jsonc"].map((name) => ({
      file: join(folder, name),
      isProject,
      isOlder: true as const,
    })),
    ...["tui.json", "tui.jsonc"].map((name) => ({ file: join(folder, name), isProject })),
  ]
  const levels = isSet(env.OPENCODE_DISABLE_PROJECT_CONFIG) ? [] : projectLevels({ directory, worktree })
  const named = env.OPENCODE_TUI_CONFIG
  return [
    ...inFolder(folders.config, false),
    ...inFolder(join(folders.home, ".opencode"), false),
    ...(named ? [{ file: resolve(directory, named), isProject: false, isNamed: true as const }] : []),
    ...levels.flatMap((folder) => inFolder(folder, true)),
    ...levels.flatMap((folder) => inFolder(join(folder, ".opencode"), true)),
  ]
}

async function readPlace(place: Place, { env, folders, trusted = false }: Places) {
  const { file, isProject, isOlder, isNamed } = place
  const read = await readSmallFile(file)
  const nothing = { value: {}, issues: [] as ConfigIssue[] }
  if ("missing" in read) return isNamed ? { value: {}, issues: [unread(file, "it does not exist")] } : nothing
  if ("problem" in read) return isOlder ? nothing : { value: {}, issues: [unread(file, read.problem)] }
  const parsed = await parseJson(read.text)
  if ("problem" in parsed) {
    const issue: ConfigIssue = { ...unread(file, parsed.problem), kind: "syntax", ...parsed.position }
    return isOlder ? nothing : { value: {}, issues: [issue] }
  }
  const written = isOlder ? ofTheScreen(parsed.value) : flattened(parsed.value)
  const isHeldBack = isProject && !trusted
  const filled = await substitute(written, {
    env,
    home: folders.home,
    folder: dirname(file),
    ...(isHeldBack ? { judge: async () => "drop" } : {}),
  })
  const checked = validate(filled.value, tuiConfigMembers)
  const held = isHeldBack ? holdBack(checked.value) : []
  const issues = [...filled.issues, ...checked.issues, ...held]
  const positions = issues.length ? await parsed.locate(issues.map(({ path }) => writtenAt(path, parsed.value))) : []
  return { value: checked.value, issues: issues.map((issue, index) => ({ ...issue, file, ...positions[index] })) }
}

/** Older files have some of it below `tui`. */
function flattened(written: unknown): unknown {
  if (!isObject(written) || !isObject(written.tui)) return written
  const { tui, ...rest } = written
  return { ...tui, ...rest }
}

function ofTheScreen(written: unknown): JsonObject {
  if (!isObject(written)) return {}
  const { theme, keybinds, tui } = written
  return {
    ...(isObject(tui) ? tui : {}),
    ...(theme === undefined ? {} : { theme }),
    ...(keybinds === undefined ? {} : { keybinds }),
  }
}

const writtenAt = (path: string[], written: unknown): string[] =>
  valueAt(written, path) === undefined && valueAt(written, ["tui", ...path]) !== undefined ? ["tui", ...path] : path

/** Of a project that nobody trusts: nothing that runs code or opens files. */
function holdBack(value: JsonObject): ConfigIssue[] {
  const held: ConfigIssue[] = []
  const take = (holder: unknown, path: string[], why: string): void => {
    const key = path.at(-1) ?? ""
    if (!isObject(holder) || holder[key] === undefined) return
    delete holder[key]
    held.push(heldIssue(path, why))
  }
  take(value, ["plugin"], "runs code")
  take(value.attention, ["attention", "sounds"], "opens files")
  return held
}

const heldIssue = (path: string[], why: string): ConfigIssue => ({
  severity: "warning",
  kind: "held_back",
  message: `${dotted(path)} ${why}; it is held back until you trust this project.`,
  path,
})

/** Objects member by member, keys as a whole; anything else is replaced. */
function merged(below: JsonObject, above: JsonObject): JsonObject {
  const value = { ...below }
  for (const [key, member] of Object.entries(above)) {
    const there = value[key]
    value[key] = isObject(member) && isObject(there) ? { ...there, ...member } : member
  }
  return value
}

const unread = (file: string, problem: string): ConfigIssue => ({
  severity: "error",
  kind: "unreadable",
  message: `${file} is left out: ${problem}.`,
  path: [],
  file,
})
