import type { Config } from "@opencode/protocol/config.ts"
import { configFromEnvironment, permissionText } from "./environment.ts"
import { SAYS_ASKED } from "./fail-closed.ts"
import type { Position } from "./document.ts"
import type { ConfigIssue } from "./issue.ts"
import type { Below, RulesBefore } from "./layers.ts"
import { createMerge, type Origin } from "./merge.ts"
import type { Published } from "./organisation.ts"
import type { ParsedConfig } from "./parse.ts"
import type { Restrict } from "./rule-budget.ts"
import { findSources, type Places, type Source } from "./sources.ts"

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
}

/** What one text says. */
export interface Said extends Origin {
  /** What a text without a file is called. */
  name?: string
  value: Config
  /** `value` with what is held back. */
  wanted: Config
  locate(path: readonly string[]): Promise<Position | undefined>
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
  /** Whether requests to a provider would carry a key of the user's (default: a variable that looks like its key). */
  hasCredential?(providerID: string): boolean
}

/** Reads every layer. Never throws for what is written in them: what cannot be used is in `issues`. */
export async function loadConfig(options: LoadOptions): Promise<ConfigSnapshot> {
  const merge = createMerge()
  const restrict = onceLoaded()
  const issues: ConfigIssue[] = []
  const said: Said[] = []
  if (options.username) {
    const value = { username: options.username }
    merge.add(value, { layer: "builtin" })
    said.push({
      layer: "builtin",
      name: "The user of this machine",
      value,
      wanted: value,
      locate: async () => undefined,
    })
  }
  for (const source of orderedSources(options, await findSources(options), await options.organisations?.())) {
    const parsed =
      "problem" in source
        ? await unreadable(source, await belowProject(options, merge.value))
        : await readSource(source, { ...options, restrict }, merge.value)
    const origin: Origin = { layer: source.layer, ...(source.file ? { file: source.file } : {}) }
    merge.add(parsed.value, origin)
    const { value, wanted, locate } = parsed
    said.push({ ...origin, ...(source.name ? { name: source.name } : {}), value, wanted, locate })
    issues.push(...parsed.issues)
  }
  return {
    value: merge.value,
    generation: options.generation ?? 1,
    origin: (path) => merge.origin(path),
    issues,
    said,
  }
}

interface Loading extends LoadOptions {
  /** What takes out of a configuration what its project may not set. */
  restrict(below: Below): Promise<(config: Config) => ReturnType<Restrict>>
}

/** One for all files of a project, made when there is such a file. */
function onceLoaded(): Loading["restrict"] {
  let made: Restrict | undefined
  return async (below) => {
    const { createRestrict } = await import("./rule-budget.ts")
    const restrict = (made ??= createRestrict())
    return (config) => restrict(config, below)
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
    ...text("environment", "OPENCODE_PERMISSION", permissionText(env)),
    ...text("command line", "The command line", commandLine?.text),
    ...found.filter(({ layer }) => layer === "managed"),
  ]
}

async function readSource(source: Source & { text: string }, options: Loading, merged: Config) {
  // Most starts have no configuration at all, and then need neither the schemas nor the parser.
  const { parseConfig } = await import("./parse.ts")
  const { substitute } = await import("./variables.ts")
  const { env, folders, trusted = false } = options
  const isHeldBack = source.layer === "project" && !trusted
  const below = await belowProject(options, merged)
  return parseConfig({
    text: source.text,
    file: source.file,
    name: source.name,
    ...(source.defines ? { read: (await import("./definition.ts")).readDefinition(source.defines) } : {}),
    guard: () => guardOf(source, below),
    substitute: (value) => substitute(value, { env, home: folders.home, folder: source.folder, heldBack: isHeldBack }),
    ...(isHeldBack ? { restrict: await options.restrict(below) } : {}),
  })
}

/** What holds in the place of a text that cannot be read and may have held rules. */
async function guardOf({ defines, isHarmless }: Source, below: Below): Promise<Config> {
  if (isHarmless) return {}
  if (defines) return (await import("./definition.ts")).definitionGuard(defines, below)
  return (await import("./never-looser.ts")).askBeforeHarm(below)
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

async function unreadable(source: Source & { problem: string }, below: Below): Promise<ParsedConfig> {
  const { file = "", problem } = source
  const value = await guardOf(source, below)
  const consequence = Object.keys(value).length > 0 ? `; ${SAYS_ASKED}` : ""
  const message = source.isHarmless ? `${file}: ${problem}.` : `${file} is left out: ${problem}${consequence}.`
  const issue: ConfigIssue = { severity: "error", kind: "unreadable", message, path: [], file }
  return { value, wanted: value, issues: [issue], locate: async () => undefined }
}
