import { realpath, stat } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@opencode/protocol/config.ts"
import type { TrustItem } from "@opencode/protocol/trust.ts"
import type { Trust } from "../permission/trust.ts"
import { configFromEnvironment, PERMISSION_VARIABLE, permissionText, readPermission } from "./environment.ts"
import { ASK_BEFORE_HARM, guardOver, SAYS_ASKED } from "./fail-closed.ts"
import type { ConfigIssue } from "./issue.ts"
import type { Below, RulesBefore } from "./layers.ts"
import { insteadOfEmpty, withGone, type Former } from "./former.ts"
import { createMerge, type Merge, type Origin } from "./merge.ts"
import type { Parsed } from "./parse.ts"
import { findSources, isSet, projectLevels, type Places, type Source } from "./sources.ts"
import { takeStamp, type Stamp } from "./stamp.ts"
import { writtenRules, type WrittenRules } from "./written-rules.ts"

/** The settings of one workspace at one moment, and where each of them came from. Never changes: a reload makes another. */
export interface ConfigSnapshot {
  readonly value: Config
  /** Counts up with every reload; a running turn keeps the one it began with. */
  readonly generation: number
  /** Who set a value, for an object or list who touched it last; nothing for a value that is not set. */
  origin(path: readonly string[]): Origin | undefined
  readonly issues: readonly ConfigIssue[]
  /** The permission rules of each source, lowest layer first. */
  readonly rules: readonly WrittenRules[]
  /** What of the project's files needs a person's word. */
  readonly trust: ConfigTrust
  /** What it was read from; without it, nobody can tell whether something has changed. */
  readonly reading?: Reading
}

export interface ConfigTrust {
  /** All of it, approved or not. */
  readonly items: readonly TrustItem[]
  /** What nobody had approved when it was read, and is not in effect. */
  readonly pending: readonly TrustItem[]
  /** Whether the shell pieces of a command may run: they are not a project's, or somebody approved this command. */
  mayRunShell(command: string): boolean
}

export interface Reading {
  stamp: Stamp
  former: Former
}

export interface LoadOptions extends Places {
  generation?: number
  /** The user's name on this machine. */
  username?: string
  /** Configuration that an organisation publishes, already fetched. */
  organisation?: { text: string; from: string }
  /** Configuration from flags, as text. */
  commandLine?: { text: string }
  /** The rules before all configuration (`permission/defaults.ts`): what an untrusted project must not loosen. */
  defaults?: RulesBefore
  /** Who says what of a project was approved. Default: nothing was. */
  trust?: Pick<Trust, "allows" | "file">
  /** The reading before this one. */
  before?: Reading | undefined
  /** Whether requests to a provider would carry a key of the user's (default: a variable that looks like its key). */
  hasCredential?(providerID: string): boolean
}

/** Reads every layer. Never throws for what is written in them: what cannot be used is in `issues`. */
export async function loadConfig(options: LoadOptions): Promise<ConfigSnapshot> {
  const merge = createMerge()
  const issues: ConfigIssue[] = []
  const rules: WrittenRules[] = []
  const items: TrustItem[] = []
  const texts = new Map<string, Source & { text: string }>()
  const looked = new Set(options.trust ? [options.trust.file] : [])
  const seen = (path: string): void => void looked.add(path)
  const former = options.before?.former ?? new Map()
  const now = Date.now()
  if (options.username) merge.add({ username: options.username }, { layer: "builtin" })
  const found = await withGone(await findSources({ ...options, seen }), former, now)
  for (const given of orderedSources(options, found)) {
    const source = await insteadOfEmpty(given, former, now)
    const parsed = await readOrKeep(source, { ...options, seen, merged: merge.value, former })
    const value = parsed.isGuard ? guardOver(parsed.value, merge.value) : parsed.value
    const { layer, file, name } = source
    const origin = { layer, ...(file ? { file } : {}) }
    merge.add(value, origin)
    rules.push(...writtenRules(value, { ...origin, ...(name ? { name } : {}), locate: parsed.locate }))
    issues.push(...parsed.issues)
    items.push(...parsed.items)
    if (parsed.source?.file !== undefined) texts.set(parsed.source.file, parsed.source)
  }
  items.push(...(await projectCode(options, seen)))
  return {
    value: merge.value,
    generation: options.generation ?? 1,
    origin: (path) => merge.origin(path),
    issues,
    rules,
    trust: configTrust(items, merge, options),
    reading: { stamp: await takeStamp(looked, now), former: texts },
  }
}

type ReadOptions = LoadOptions & { seen(path: string): void; merged: Config; former: Former }

interface Read extends Parsed {
  items: readonly TrustItem[]
  /** What was read, or what stood in for it; absent when there was nothing that could be. */
  source?: Source & { text: string }
}

/** What a file said when it could last be read holds until it can be read again. */
async function readOrKeep(source: Source, options: ReadOptions): Promise<Read> {
  const read = "problem" in source ? await unreadable(source, options.merged) : await readSource(source, options)
  const known = source.file === undefined ? undefined : options.former.get(source.file)
  const problem = read.issues.find(({ kind }) => kind === "syntax" || kind === "unreadable")
  if (!problem && "text" in source) return { ...read, source }
  if (!known || !problem || source.leadsTo !== undefined) return read
  const kept = await readSource(known, options)
  const message = problem.message.replace(/; it is left out.*$/, "").replace(/ is left out: /, ": ")
  const issue = { ...problem, message: `${message}; what it said before holds until it is mended.` }
  return { ...kept, issues: [issue, ...kept.issues], source: known }
}

function configTrust(
  items: readonly TrustItem[],
  { origin }: Merge,
  { trusted, trust }: Pick<LoadOptions, "trusted" | "trust">,
): ConfigTrust {
  const pending = trusted ? [] : items.filter((item) => !trust?.allows(item))
  return {
    items,
    pending,
    mayRunShell(command) {
      const at = origin(["command", command, "template"])
      return !pending.some(({ kind, path, file }) => kind === "command" && path[1] === command && file === at?.file)
    },
  }
}

async function projectCode(options: LoadOptions, seen: (path: string) => void): Promise<TrustItem[]> {
  if (isSet(options.env.OPENCODE_DISABLE_PROJECT_CONFIG)) return []
  const items: TrustItem[] = []
  const levels = projectLevels(options)
  for (const level of levels) {
    const folder = join(level, ".opencode")
    if (!(await stat(folder).catch(() => undefined))) continue
    const { codeFiles } = await import("./code-files.ts")
    const [bound, within] = [await canonical(level), await canonical(levels[0] ?? level)]
    items.push(...(await codeFiles({ folder, bound, within, home: options.folders.home, seen })))
  }
  return items
}

const canonical = (path: string): Promise<string> => realpath(path).catch(() => path)

/** The files among the texts that are not files, lowest layer first. */
function orderedSources({ env, directory, organisation, commandLine }: LoadOptions, found: Source[]): Source[] {
  const text = (layer: Source["layer"], name: string, content: string | undefined): Source[] =>
    content === undefined ? [] : [{ layer, name, folder: directory, text: content }]
  const settings = configFromEnvironment(env)
  return [
    ...text("organisation", organisation?.from ?? "", organisation?.text),
    ...found.filter(({ layer }) => layer !== "managed"),
    ...text("environment", "The environment", Object.keys(settings).length ? JSON.stringify(settings) : undefined),
    ...text("environment", PERMISSION_VARIABLE, permissionText(env)),
    ...text("command line", "The command line", commandLine?.text),
    ...found.filter(({ layer }) => layer === "managed"),
  ]
}

async function readSource(source: Source & { text: string }, options: ReadOptions): Promise<Omit<Read, "source">> {
  // Most starts have no configuration at all, and then need neither the schemas nor the parser.
  const { parseConfig, settleFreely } = await import("./parse.ts")
  const { substitute } = await import("./variables.ts")
  const { env, folders, seen, merged, trusted = false } = options
  const variables = { env, home: folders.home, folder: source.folder, seen }
  const items: TrustItem[] = []
  if (source.level !== undefined && source.leadsTo !== undefined && !trusted) {
    const item = await linkItem(source, options)
    if (item) items.push(item)
    if (!item || !options.trust?.allows(item))
      return { ...(await unreadable({ ...source, problem: LINK }, merged)), items }
  }
  const untrusted = source.layer === "project" && !trusted ? await untrustedText(source, options) : undefined
  const parsed = await parseConfig({
    text: source.text,
    file: source.file,
    name: source.name,
    ...(source.name === PERMISSION_VARIABLE ? { read: readPermission, isRules: true } : {}),
    ...(source.defines ? await definition(source.defines, merged) : {}),
    async settle(value) {
      if (!untrusted) return settleFreely(value, (text) => substitute(text, variables))
      const settled = await untrusted(value)
      items.push(...settled.items)
      return settled
    },
  })
  return { ...parsed, items: items.map((item) => withLine(item, parsed.issues)) }
}

const LINK = "it is a link to something outside of this project, which is followed once you trust it"

function withLine(item: TrustItem, issues: readonly ConfigIssue[]): TrustItem {
  const line = issues.find(
    ({ kind, path }) =>
      kind === "held_back" &&
      path.length === item.path.length &&
      path.slice(0, -1).every((name, index) => name === item.path[index]) &&
      (path.at(-1) === item.path.at(-1) || /^\d+$/.test(path.at(-1) ?? "")),
  )?.line
  return line === undefined ? item : { ...item, line }
}

async function linkItem(
  source: Source & { text: string },
  { folders, seen }: ReadOptions,
): Promise<TrustItem | undefined> {
  const { file = "", level = "", leadsTo = "" } = source
  const { trustItem } = await import("./held-item.ts")
  const { localFiles } = await import("./local-files.ts")
  const within = await canonical(level)
  const held = { kind: "link" as const, path: [], why: "reads", definition: leadsTo }
  const files = await localFiles(`{file:${leadsTo}}`, { bases: [within], within, home: folders.home, seen })
  return trustItem(held, { file, folder: within }, files)
}

async function untrustedText(source: Source, options: ReadOptions) {
  const { settleUntrusted } = await import("./untrusted.ts")
  const { env, folders, seen, merged, directory, trust } = options
  const { file = "", level = directory } = source
  const input = {
    file,
    bound: await canonical(level),
    within: await canonical(projectLevels(options)[0] ?? level),
    directory,
    below: await belowProject(options, merged),
    variables: { env, home: folders.home, folder: source.folder, seen },
    trust: trust ?? { allows: () => false },
  }
  return (value: unknown) => settleUntrusted(value, input)
}

async function definition(defines: NonNullable<Source["defines"]>, merged: Config) {
  const { readDefinition, definitionGuard } = await import("./definition.ts")
  return { read: readDefinition(defines), guard: definitionGuard(defines, merged) }
}

async function belowProject({ env, folders, defaults, hasCredential }: LoadOptions, config: Config): Promise<Below> {
  const { hasKeyVariable } = await import("./local-provider.ts")
  return {
    config,
    defaults: defaults ?? USUAL_RULES,
    home: folders.home,
    hasCredential: hasCredential ?? ((id) => hasKeyVariable(env, id)),
  }
}

/** Stands in for the program's own rules where the caller gives none: what they ask about must stay asked about. */
const USUAL_RULES: RulesBefore = {
  base: [
    { permission: "*", pattern: "*", action: "allow" },
    { permission: "doom_loop", pattern: "*", action: "ask" },
    { permission: "external_directory", pattern: "*", action: "ask" },
    { permission: "private_address", pattern: "*", action: "ask" },
    { permission: "control_file", pattern: "*", action: "ask" },
    { permission: "read", pattern: "*.env", action: "ask" },
    { permission: "read", pattern: "*.env.*", action: "ask" },
  ],
  agents: {},
}

async function unreadable(
  { file = "", problem, defines }: Source & { problem: string },
  merged: Config,
): Promise<Omit<Read, "source">> {
  const value = defines ? (await definition(defines, merged)).guard : { permission: ASK_BEFORE_HARM }
  const consequence = Object.keys(value).length > 0 ? `; ${SAYS_ASKED}` : ""
  const message = `${file} is left out: ${problem}${consequence}.`
  const issue: ConfigIssue = { severity: "error", kind: "unreadable", message, path: [], file }
  return { value, items: [], issues: [issue], isGuard: true, locate: async (paths) => paths.map(() => undefined) }
}
