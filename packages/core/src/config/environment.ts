import { parseJson, type ParsedDocument } from "./document.ts"
import type { Environment } from "./folders.ts"
import { isSet } from "./sources.ts"

/** The variables that stand for one setting each, as a configuration still to be checked. */
export function configFromEnvironment(env: Environment): Record<string, unknown> {
  const compaction = {
    ...(isSet(env.OPENCODE_DISABLE_AUTOCOMPACT) ? { auto: false } : {}),
    ...(isSet(env.OPENCODE_DISABLE_PRUNE) ? { prune: false } : {}),
  }
  return {
    ...(env.OPENCODE_LOG_LEVEL ? { logLevel: env.OPENCODE_LOG_LEVEL.toUpperCase() } : {}),
    ...(isSet(env.OPENCODE_DISABLE_AUTOUPDATE) ? { autoupdate: false } : {}),
    ...(isSet(env.OPENCODE_DISABLE_SHARE)
      ? { share: "disabled" }
      : isSet(env.OPENCODE_AUTO_SHARE)
        ? { share: "auto" }
        : {}),
    ...(Object.keys(compaction).length ? { compaction } : {}),
  }
}

/** Limits that OpenCode has as variables and not as settings. What is no whole number above zero sets nothing. */
export function limitsFromEnvironment(env: Environment): { commandTimeoutMs?: number; maxOutputTokens?: number } {
  const commandTimeoutMs = wholeNumber(env.OPENCODE_EXPERIMENTAL_BASH_DEFAULT_TIMEOUT_MS)
  const maxOutputTokens = wholeNumber(env.OPENCODE_EXPERIMENTAL_OUTPUT_TOKEN_MAX)
  return {
    ...(commandTimeoutMs === undefined ? {} : { commandTimeoutMs: Math.min(commandTimeoutMs, MAX_TIMER_MS) }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  }
}

/** Timers take no more: a longer one would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

function wholeNumber(text: string | undefined): number | undefined {
  const number = Number(text?.trim() || NaN)
  return Number.isSafeInteger(number) && number > 0 ? number : undefined
}

export const PERMISSION_VARIABLE = "OPENCODE_PERMISSION"

/** What the variable holds, as JSON: it may also be one of the three words. */
export function permissionText(env: Environment): string | undefined {
  const written = env[PERMISSION_VARIABLE]?.trim()
  if (!written) return undefined
  return /^(?:allow|ask|deny)$/i.test(written) ? JSON.stringify(written.toLowerCase()) : written
}

/** The variable is one member of a configuration. */
export async function readPermission(text: string): Promise<ParsedDocument> {
  const parsed = await parseJson(text)
  if ("problem" in parsed) return parsed
  const { value, locate } = parsed
  return { value: { permission: value }, locate: (paths) => locate(paths.map((path) => path.slice(1))) }
}
