import type { Config } from "@opencode/protocol/config.ts"
import type { TrustItem } from "@opencode/protocol/trust.ts"
import type { Trust } from "../permission/trust.ts"
import { configFromEnvironment, PERMISSION_VARIABLE, permissionText, readPermission } from "./environment.ts"
import { ASK_BEFORE_HARM, guardOver, SAYS_ASKED } from "./fail-closed.ts"
import type { ConfigIssue } from "./issue.ts"
import type { RulesBefore } from "./layers.ts"
import { insteadOfEmpty, withGone, type Former } from "./former.ts"
import { createMerge, type Origin } from "./merge.ts"
import { MAX_HASHED_BYTES, type LocalFilesInput } from "./local-files.ts"
import type { SettledItems } from "./untrusted.ts"
import { configTrust, projectCode, type ConfigTrust } from "./project-code.ts"
import type { Parsed } from "./parse.ts"
import { isPlain, findSources, type Places, type Source } from "./sources.ts"
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
  const budget = { bytes: MAX_HASHED_BYTES }
  let stoodIn = false
  if (options.username) merge.add({ username: options.username }, { layer: "builtin" })
  const found = await withGone(await findSources({ ...options, seen }), former, now)
  for (const given of orderedSources(options, found)) {
    const source = await insteadOfEmpty(given, former, now)
    if (source !== given || (source.file !== undefined && former.get(source.file) === source)) stoodIn = true
    const parsed = await readOrKeep(source, { ...options, seen, budget, merged: merge.value, former })
    const value = parsed.isGuard ? guardOver(parsed.value, merge.value) : parsed.value
    const { layer, file, name } = source
    const origin = { layer, ...(file ? { file } : {}) }
    merge.add(value, origin)
    rules.push(...writtenRules(value, { ...origin, ...(name ? { name } : {}), locate: parsed.locate }))
    issues.push(...parsed.issues)
    items.push(...parsed.items)
    if (parsed.source?.file !== undefined) texts.set(parsed.source.file, parsed.source)
  }
  items.push(...(await projectCode(options, { seen, budget })))
  return {
    value: merge.value,
    generation: options.generation ?? 1,
    origin: (path) => merge.origin(path),
    issues,
    rules,
    trust: configTrust(items, merge, options),
    // What stands in for a moment has to be looked at again.
    reading: { stamp: await takeStamp(looked, stoodIn ? 0 : now), former: texts },
  }
}

export type ReadOptions = LoadOptions & {
  seen(path: string): void
  budget: LocalFilesInput["budget"]
  merged: Config
  former: Former
}

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
  const { file, line, column } = problem
  const place = line === undefined ? "" : ` at line ${line}, column ${column}`
  const message = `${file} cannot be read${place}; what it said before holds until it is mended.`
  const issue = { ...problem, message }
  return { ...kept, issues: [issue, ...kept.issues], source: known }
}

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
  const variables = { env, home: folders.home, folder: source.folder, seen, isPlain: isPlain(source) }
  const items: TrustItem[] = []
  let settled: SettledItems | undefined
  const project = source.layer === "project" && !trusted ? await import("./project-text.ts") : undefined
  if (project && source.leadsTo !== undefined) {
    const link = await project.linkItem(source, options)
    if (link) items.push(link)
    if (!link || !options.trust?.allows(link))
      return { ...(await unreadable({ ...source, problem: project.LINK }, merged)), items }
  }
  const untrusted = await project?.untrustedText(source, options)
  const parsed = await parseConfig({
    text: source.text,
    file: source.file,
    name: source.name,
    ...(source.name === PERMISSION_VARIABLE ? { read: readPermission, isRules: true } : {}),
    ...(source.defines ? await definition(source.defines, merged) : {}),
    async settle(value) {
      if (!untrusted) return settleFreely(value, (text) => substitute(text, variables))
      settled = await untrusted(value)
      return settled
    },
  })
  const { items: found = [], places } = settled ?? {}
  const located = found.map((item) => project?.withLine(item, places?.get(item.id) ?? [], parsed.issues) ?? item)
  return { ...parsed, items: [...items, ...located] }
}

async function definition(defines: NonNullable<Source["defines"]>, merged: Config) {
  const { readDefinition, definitionGuard } = await import("./definition.ts")
  return { read: readDefinition(defines), guard: definitionGuard(defines, merged) }
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
