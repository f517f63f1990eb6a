import type { Config } from "@opencode/protocol/config.ts"
import { locate, parseText } from "./document.ts"
import { mayHoldRules, safeInstead, SAYS_ASKED } from "./fail-closed.ts"
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
  /** Fills in variables, before types are checked. */
  substitute(value: unknown): Promise<{ value: unknown; issues: ConfigIssue[] }>
  /** Takes out what this layer may not set. */
  restrict?: ((config: Config) => { value: Config; issues: ConfigIssue[] }) | undefined
}

/** Text to configuration. Never throws for what is written: a broken text is an empty configuration and one issue. */
export async function parseConfig(input: ParseInput): Promise<{ value: Config; issues: ConfigIssue[] }> {
  const { text, file } = input
  const parsed = await parseText(text)
  if ("problem" in parsed) {
    const { line, column } = parsed.position
    const place = `line ${line}, column ${column}`
    const isGuarded = mayHoldRules(text)
    const message =
      `${file ?? input.name ?? "The configuration"} is not JSON at ${place}: ${parsed.problem}; it is left out` +
      (isGuarded ? `, and ${SAYS_ASKED}.` : ".")
    return {
      value: safeInstead(text),
      issues: [{ severity: "error", kind: "syntax", message, path: [], file, line, column }],
    }
  }
  const translated = translate(parsed.value)
  const filled = await input.substitute(translated.value)
  const checked = validate(filled.value)
  const restricted = input.restrict?.(checked.value) ?? { value: checked.value, issues: [] }

  const issues = [...translated.issues, ...filled.issues, ...checked.issues, ...restricted.issues]
  if (issues.length === 0) return { value: restricted.value, issues }
  const has = (path: string[]) => valueAt(parsed.value, path) !== undefined
  const positions = await locate(
    text,
    issues.map(({ path }) => writtenPath(path, translated.renames, has)),
  )
  return { value: restricted.value, issues: issues.map((issue, index) => ({ ...issue, file, ...positions[index] })) }
}
