import type { Config } from "@opencode/protocol/config.ts"
import type { TrustItem } from "@opencode/protocol/trust.ts"
import { nowhere } from "./document.ts"
import { PERMISSION_VARIABLE, readPermission } from "./environment.ts"
import { SAYS_ASKED } from "./fail-closed.ts"
import type { Former } from "./former.ts"
import type { ConfigIssue } from "./issue.ts"
import type { LoadOptions } from "./load.ts"
import type { LocalFilesInput } from "./local-files.ts"
import type { ParsedConfig } from "./parse.ts"
import type { Restrict } from "./rule-budget.ts"
import { isPlain, type Source } from "./sources.ts"
import type { SettledItems } from "./untrusted.ts"

export interface ReadOptions extends LoadOptions {
  seen(path: string): void
  budget: LocalFilesInput["budget"]
  /** What takes out of a configuration what its project may not set: one for all its files, made when there is one. */
  restrict(): Promise<Restrict>
  /** The layers below. */
  merged: Config
  /** Of a project's file: what it must not loosen. */
  around: Config
  former: Former
}

interface Read extends ParsedConfig {
  items: readonly TrustItem[]
  /** What was read, or what stood in for it; absent when there was nothing that could be. */
  source?: Source & { text: string }
}

/** What a file said when it could last be read holds until it can be read again. */
export async function readOrKeep(source: Source, options: ReadOptions): Promise<Read> {
  const read = "problem" in source ? await unreadable(source, options) : await readSource(source, options)
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

async function readSource(source: Source & { text: string }, options: ReadOptions): Promise<Omit<Read, "source">> {
  // Most starts have no configuration at all, and then need neither the schemas nor the parser.
  const { parseConfig, settleFreely } = await import("./parse.ts")
  const { substitute } = await import("./variables.ts")
  const { env, folders, seen, trusted = false } = options
  const variables = { env, home: folders.home, folder: source.folder, seen, isPlain: isPlain(source) }
  const items: TrustItem[] = []
  let settled: SettledItems | undefined
  const project = source.layer === "project" && !trusted ? await import("./project-text.ts") : undefined
  if (project && source.leadsTo !== undefined) {
    const link = await project.linkItem(source, options)
    if (link) items.push(link)
    if (!link || !options.trust?.allows(link))
      return { ...(await unreadable({ ...source, problem: project.LINK }, options)), items }
  }
  const untrusted = await project?.untrustedText(source, options)
  const parsed = await parseConfig({
    text: source.text,
    file: source.file,
    name: source.name,
    ...(source.name === PERMISSION_VARIABLE ? { read: readPermission, isRules: true } : {}),
    ...(source.defines ? { read: (await import("./definition.ts")).readDefinition(source.defines) } : {}),
    guard: () => guardOf(source, options),
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

/** What holds in the place of a text that cannot be read and may have held rules. */
async function guardOf({ defines, isHarmless }: Source, options: ReadOptions): Promise<Config> {
  if (isHarmless) return {}
  const below = (await import("./below.ts")).belowProject(options)
  if (defines) return (await import("./definition.ts")).definitionGuard(defines, below)
  return (await import("./never-looser.ts")).askBeforeHarm(below)
}

async function unreadable(source: Source & { problem: string }, options: ReadOptions): Promise<Omit<Read, "source">> {
  const { file = "", problem } = source
  const value = await guardOf(source, options)
  const consequence = Object.keys(value).length > 0 ? `; ${SAYS_ASKED}` : ""
  const message = source.isHarmless ? `${file}: ${problem}.` : `${file} is left out: ${problem}${consequence}.`
  const issue: ConfigIssue = { severity: "error", kind: "unreadable", message, path: [], file }
  return { value, wanted: value, items: [], issues: [issue], locate: nowhere }
}
