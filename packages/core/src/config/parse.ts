import type { Config } from "@opencode/protocol/config.ts"
import { nowhere, parseJson, type Locate, type ParsedDocument, type Unreadable } from "./document.ts"
import { safeInstead, SAYS_ASKED } from "./fail-closed.ts"
import type { ConfigIssue } from "./issue.ts"
import { valueAt } from "./json.ts"
import { translate, writtenPath } from "./translate.ts"
import { validate } from "./validate.ts"

export interface ParseInput {
  text: string
  /** Shown in the issues. */
  file?: string | undefined
  /** What the text is called when it has no file: `OPENCODE_CONFIG_CONTENT`. */
  name?: string | undefined
  /** Takes the text apart. Default: JSON with comments. */
  read?: ((text: string) => Promise<ParsedDocument>) | undefined
  /** It holds rules and nothing else. */
  isRules?: boolean
  /** What holds where the text cannot be read and may have held rules. */
  guard?(): Promise<Config>
  /** Fills in variables, checks the types, and takes out what this layer may not set. */
  settle(value: unknown): Promise<Settled>
}

export interface Settled {
  /** What is in effect of it. */
  value: Config
  /** What it says, with what is held back. */
  wanted: Config
  issues: ConfigIssue[]
}

export interface ParsedConfig extends Settled {
  /** Where members are written, by their present names. */
  locate: Locate
}

/** Text to configuration. Never throws for what is written: a broken text is an empty configuration and one issue. */
export async function parseConfig(input: ParseInput): Promise<ParsedConfig> {
  const { text, file } = input
  const parsed = await (input.read ?? parseJson)(text)
  if ("problem" in parsed) return broken(parsed, input, await safeInstead(text, input))
  const translated = translate(parsed.value)
  const settled = await input.settle(translated.value)

  const issues = [...translated.issues, ...settled.issues]
  const has = (path: string[]) => valueAt(parsed.value, path) !== undefined
  const asWritten = (path: readonly string[]): string[] => {
    const found = writtenPath(path, translated.renames, has)
    if (has(found)) return found
    // What a translation made has its place in what it was made of; anything else where it would stand.
    const made = OLDER.map((name) => path.map((key) => (key === "permission" ? name : key))).find(has)
    return made ?? (path.length < 2 ? found : asWritten(path.slice(0, -1)))
  }
  const locate: Locate = (paths) => parsed.locate(paths.map(asWritten))
  if (issues.length === 0) return { ...settled, issues, locate }
  const positions = await locate(issues.map(({ path }) => path))
  return { ...settled, issues: issues.map((issue, index) => ({ ...issue, file, ...positions[index] })), locate }
}

/** Other names that rules may be written under, wherever they stand. */
const OLDER = ["permissions", "tools"]

/** Of a text that its layer may write as it likes. */
export async function settleFreely(
  value: unknown,
  substitute: (value: unknown) => Promise<{ value: unknown; issues: ConfigIssue[] }>,
): Promise<Settled> {
  const filled = await substitute(value)
  const checked = validate(filled.value)
  return { value: checked.value, wanted: checked.value, issues: [...filled.issues, ...checked.issues] }
}

function broken({ problem, position }: Unreadable, { file, name }: ParseInput, guarded: Config): ParsedConfig {
  const { line, column } = position
  const message =
    `${file ?? name ?? "The configuration"} cannot be read at line ${line}, column ${column}: ${problem}; it is left out` +
    (Object.keys(guarded).some((key) => key !== "sandbox") ? `, and ${SAYS_ASKED}.` : ".")
  const issue: ConfigIssue = { severity: "error", kind: "syntax", message, path: [], file, line, column }
  return { value: guarded, wanted: guarded, issues: [issue], locate: nowhere }
}
