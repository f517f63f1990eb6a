import type { Config } from "@opencode/protocol/config.ts"
import { parseJson, type ParsedDocument, type Unreadable } from "./document.ts"
import { ASK_BEFORE_HARM, SAYS_ASKED, mayHoldRules, safeInstead } from "./fail-closed.ts"
import type { ConfigIssue } from "./issue.ts"
import { valueAt } from "./json.ts"
import { translate, writtenPath } from "./translate.ts"
import { validate } from "./validate.ts"
import type { WrittenRules } from "./written-rules.ts"

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
  guard?: Config
  /** Fills in variables, checks the types, and takes out what this layer may not set. */
  settle(value: unknown): Promise<Settled>
}

export interface Settled {
  value: Config
  issues: ConfigIssue[]
}

export interface Parsed extends Settled {
  /** Nothing of it was written: it stands for rules that cannot be read. */
  isGuard?: true
  /** Where members are written, by their present names. */
  locate: WrittenRules["locate"]
}

/** Text to configuration. Never throws for what is written: a broken text is an empty configuration and one issue. */
export async function parseConfig(input: ParseInput): Promise<Parsed> {
  const { text, file } = input
  const parsed = await (input.read ?? parseJson)(text)
  if ("problem" in parsed) return broken(parsed, input)
  const translated = translate(parsed.value)
  const settled = await input.settle(translated.value)

  const issues = [...translated.issues, ...settled.issues]
  const has = (path: string[]) => valueAt(parsed.value, path) !== undefined
  /** A member that a translation made has its place in what it was made of. */
  const asWritten = (path: readonly string[]): string[] => {
    const found = writtenPath(path, translated.renames, has)
    return has(found) || path.length < 2 ? found : asWritten(path.slice(0, -1))
  }
  const locate: Parsed["locate"] = (paths) => parsed.locate(paths.map(asWritten))
  const { value } = settled
  if (issues.length === 0) return { value, issues, locate }
  const positions = await locate(issues.map(({ path }) => path))
  return { value, issues: issues.map((issue, index) => ({ ...issue, file, ...positions[index] })), locate }
}

/** Of a text that its layer may write as it likes. */
export async function settleFreely(
  value: unknown,
  substitute: (value: unknown) => Promise<{ value: unknown; issues: ConfigIssue[] }>,
): Promise<Settled> {
  const filled = await substitute(value)
  const checked = validate(filled.value)
  return { value: checked.value, issues: [...filled.issues, ...checked.issues] }
}

function broken(
  { problem, position }: Unreadable,
  { text, file, name, guard, isRules = mayHoldRules(text) }: ParseInput,
): Parsed {
  const { line, column } = position
  const rules = isRules ? (guard ?? { permission: ASK_BEFORE_HARM }) : {}
  const guarded = { ...safeInstead(text, guard), ...rules }
  const message =
    `${file ?? name ?? "The configuration"} cannot be read at line ${line}, column ${column}: ${problem}; it is left out` +
    (Object.keys(guarded).some((key) => key !== "sandbox") ? `, and ${SAYS_ASKED}.` : ".")
  const issue: ConfigIssue = { severity: "error", kind: "syntax", message, path: [], file, line, column }
  return { value: guarded, issues: [issue], isGuard: true, locate: async (paths) => paths.map(() => undefined) }
}
