import { dirname, join, relative, sep } from "node:path"
import type { Ignore } from "ignore"
import { readAllBytes } from "./files.ts"

/** The ignore files of one folder and, through `parent`, of those above it. The nearest that says something decides. */
export interface IgnoreRules {
  folder: string
  rules: Ignore
  parent?: IgnoreRules | undefined
}

/** Real ones have a few hundred lines. */
const MAX_IGNORE_BYTES = 1024 * 1024
/** A later file overrules an earlier one: `.ignore` can take back what `.gitignore` says. */
export const RULE_FILES = [".gitignore", ".ignore", ".rgignore"]

export async function ignoreRulesFor(folder: string, parent?: IgnoreRules): Promise<IgnoreRules | undefined> {
  const texts = await Promise.all(
    RULE_FILES.map((name) => readAllBytes(join(folder, name), MAX_IGNORE_BYTES).catch(() => undefined)),
  )
  if (texts.every((text) => text === undefined)) return parent
  return (await rulesMaker())(folder, texts, parent)
}

/** For whoever reads the files by itself: `texts` in the order of `RULE_FILES`. */
export async function rulesMaker(): Promise<
  (folder: string, texts: (Buffer | undefined)[], parent?: IgnoreRules) => IgnoreRules
> {
  const { default: ignore } = await import("ignore")
  return (folder, texts, parent) => {
    const rules = ignore()
    for (const text of texts) if (text) rules.add(text.toString())
    return { folder, rules, parent }
  }
}

/** The rules that apply inside a folder before its own are read. */
export async function ignoreRulesAbove(folder: string): Promise<IgnoreRules | undefined> {
  if (dirname(folder) === folder) return undefined
  const above = dirname(folder)
  return await ignoreRulesFor(above, await ignoreRulesAbove(above))
}

export function isIgnored(path: string, isFolder: boolean, rules: IgnoreRules | undefined): boolean {
  for (let level = rules; level; level = level.parent) {
    const way = relative(level.folder, path).split(sep).join("/")
    const { ignored, unignored } = level.rules.test(isFolder ? `${way}/` : way)
    if (ignored || unignored) return ignored
  }
  return false
}
