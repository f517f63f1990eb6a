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

/** `OPENCODE_PERMISSION` as the text of a configuration: it holds JSON, or one of the three words. */
export function permissionText(env: Environment): string | undefined {
  const written = env.OPENCODE_PERMISSION?.trim()
  if (!written) return undefined
  const isWord = /^(?:allow|ask|deny)$/i.test(written)
  return `{"permission":${isWord ? JSON.stringify(written.toLowerCase()) : written}}`
}
