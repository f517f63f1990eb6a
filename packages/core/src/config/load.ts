import type { Config } from "@opencode/protocol/config.ts"
import { configFromEnvironment, PERMISSION_VARIABLE, permissionText, readPermission } from "./environment.ts"
import { ASK_BEFORE_HARM, guardOver, SAYS_ASKED } from "./fail-closed.ts"
import type { ConfigIssue } from "./issue.ts"
import type { Below, RulesBefore } from "./layers.ts"
import { createMerge, type Origin } from "./merge.ts"
import type { Parsed } from "./parse.ts"
import { findSources, type Places, type Source } from "./sources.ts"
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
  /** Whether requests to a provider would carry a key of the user's (default: a variable that looks like its key). */
  hasCredential?(providerID: string): boolean
}

/** Reads every layer. Never throws for what is written in them: what cannot be used is in `issues`. */
export async function loadConfig(options: LoadOptions): Promise<ConfigSnapshot> {
  const merge = createMerge()
  const issues: ConfigIssue[] = []
  const rules: WrittenRules[] = []
  if (options.username) merge.add({ username: options.username }, { layer: "builtin" })
  for (const source of orderedSources(options, await findSources(options))) {
    const parsed =
      "problem" in source ? await unreadable(source, merge.value) : await readSource(source, options, merge.value)
    const value = parsed.isGuard ? guardOver(parsed.value, merge.value) : parsed.value
    const { layer, file, name } = source
    const origin = { layer, ...(file ? { file } : {}) }
    merge.add(value, origin)
    rules.push(...writtenRules(value, { ...origin, ...(name ? { name } : {}), locate: parsed.locate }))
    issues.push(...parsed.issues)
  }
  return {
    value: merge.value,
    generation: options.generation ?? 1,
    origin: (path) => merge.origin(path),
    issues,
    rules,
  }
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

async function readSource(source: Source & { text: string }, options: LoadOptions, merged: Config) {
  // Most starts have no configuration at all, and then need neither the schemas nor the parser.
  const { parseConfig } = await import("./parse.ts")
  const { substitute } = await import("./variables.ts")
  const { env, folders, trusted = false } = options
  const isHeldBack = source.layer === "project" && !trusted
  const below = isHeldBack ? await belowProject(options, merged) : undefined
  const { restrictProject } = await import("./layers.ts")
  return parseConfig({
    text: source.text,
    file: source.file,
    name: source.name,
    ...(source.name === PERMISSION_VARIABLE ? { read: readPermission, isRules: true } : {}),
    ...(source.defines ? await definition(source.defines, merged) : {}),
    substitute: (value) => substitute(value, { env, home: folders.home, folder: source.folder, heldBack: isHeldBack }),
    restrict: below && ((config) => restrictProject(config, below)),
  })
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
): Promise<Parsed> {
  const value = defines ? (await definition(defines, merged)).guard : { permission: ASK_BEFORE_HARM }
  const consequence = Object.keys(value).length > 0 ? `; ${SAYS_ASKED}` : ""
  const message = `${file} is left out: ${problem}${consequence}.`
  const issue: ConfigIssue = { severity: "error", kind: "unreadable", message, path: [], file }
  return { value, issues: [issue], isGuard: true, locate: async (paths) => paths.map(() => undefined) }
}
