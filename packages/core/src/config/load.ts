import type { Config } from "@opencode/protocol/config.ts"
import type { TrustItem } from "@opencode/protocol/trust.ts"
import type { Trust } from "../permission/trust.ts"
import { nowhere, type Locate } from "./document.ts"
import { configFromEnvironment, PERMISSION_VARIABLE, permissionText } from "./environment.ts"
import { insteadOfEmpty, withGone, type Former } from "./former.ts"
import type { ConfigIssue } from "./issue.ts"
import type { RulesBefore } from "./layers.ts"
import { MAX_HASHED_BYTES } from "./local-files.ts"
import { createMerge, type Origin } from "./merge.ts"
import type { Published } from "./organisation.ts"
import { configTrust, projectCode, type ConfigTrust } from "./project-code.ts"
import { readOrKeep, type ReadOptions } from "./read-source.ts"
import { findSources, type Places, type Source } from "./sources.ts"
import type { Restrict } from "./rule-budget.ts"
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
  /** Every text that was read, lowest first, for whoever asks why a value is as it is. */
  readonly said: readonly Said[]
  /** The permission rules of each source, lowest layer first. */
  readonly rules: readonly WrittenRules[]
  /** What of the project's files needs a person's word. */
  readonly trust: ConfigTrust
  /** What it was read from; without it, nobody can tell whether something has changed. */
  readonly reading?: Reading
}

/** What one text says. */
export interface Said extends Origin {
  /** What a text without a file is called. */
  name?: string
  value: Config
  /** `value` with what is held back. */
  wanted: Config
  /** Where members are written; paths begin at the top of the configuration. */
  locate: Locate
}

export interface Reading {
  stamp: Stamp
  former: Former
}

export interface LoadOptions extends Places {
  generation?: number
  /** The user's name on this machine. */
  username?: string
  /** Configuration that organisations publish, lowest first. */
  organisations?(): Promise<Published[]>
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
  const budget = { bytes: MAX_HASHED_BYTES, missing: new Set<string>() }
  let stoodIn = false
  const restrict = onceLoaded()
  const said: Said[] = []
  if (options.username) {
    const value = { username: options.username }
    merge.add(value, { layer: "builtin" })
    said.push({ layer: "builtin", name: ACCOUNT, value, wanted: value, locate: nowhere })
  }
  const found = await withGone(await findSources({ ...options, seen }), former, now)
  const sources = orderedSources(options, found, await options.organisations?.())
  const isHeldBack = !options.trusted && sources.some(({ layer }) => layer === "project")
  const levels = isHeldBack ? (await import("./levels.ts")).createLevels(options) : undefined
  for (const given of sources) {
    const source = await insteadOfEmpty(given, former, now)
    if (source !== given || (source.file !== undefined && former.get(source.file) === source)) stoodIn = true
    const of = { merged: merge.value, around: levels?.below(source) ?? merge.value }
    const parsed = await readOrKeep(source, { ...options, seen, budget, restrict, ...of, former })
    const origin: Origin = { layer: source.layer, ...(source.file ? { file: source.file } : {}) }
    merge.add(parsed.value, origin)
    levels?.add(parsed.value, origin, source)
    const { value, wanted, locate } = parsed
    said.push({ ...origin, ...(source.name ? { name: source.name } : {}), value, wanted, locate })
    rules.push(...writtenRules(value, { ...origin, ...(source.name ? { name: source.name } : {}), locate }))
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
    said,
    rules,
    trust: configTrust(items, merge, options),
    // What stands in for a moment has to be looked at again.
    reading: { stamp: await takeStamp(looked, stoodIn ? 0 : now), former: texts },
  }
}

const ACCOUNT = "The user of this machine"

function onceLoaded(): ReadOptions["restrict"] {
  let made: Restrict | undefined
  return async () => {
    const { createRestrict } = await import("./rule-budget.ts")
    return (made ??= createRestrict())
  }
}

/** The files among the texts that are not files, lowest layer first. */
function orderedSources(options: LoadOptions, found: Source[], published: Published[] = []): Source[] {
  const { env, directory, commandLine } = options
  if (options.onlyUser) return found
  const text = (layer: Source["layer"], name: string, content: string | undefined): Source[] =>
    content === undefined ? [] : [{ layer, name, folder: directory, text: content }]
  const settings = configFromEnvironment(env)
  return [
    ...published.flatMap((one) => text("organisation", one.from, one.text)),
    ...found.filter(({ layer }) => layer !== "managed"),
    ...text("environment", "The environment", Object.keys(settings).length ? JSON.stringify(settings) : undefined),
    ...text("environment", PERMISSION_VARIABLE, permissionText(env)),
    ...text("command line", "The command line", commandLine?.text),
    ...found.filter(({ layer }) => layer === "managed"),
  ]
}
