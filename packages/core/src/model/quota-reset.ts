/**
 * When a quota that is used up is whole again, from the headers in which providers count it. Only those whose count has
 * reached nought say anything of a refusal: a provider lists all its quotas with each answer.
 *
 * Written as a moment (`2026-11-20T12:00:00Z`, Anthropic), as a length (`6m0.5s`, OpenAI and those that follow it), as
 * seconds, or as seconds or milliseconds since the epoch (OpenRouter).
 * @param headers names in lower case
 * @param now milliseconds since the epoch
 * @returns milliseconds, not negative, of the last of them; undefined when nothing (legible) was said
 */
export function quotaReset(headers: Record<string, string> | undefined, now: number): number | undefined {
  const waits = Object.entries(headers ?? {}).flatMap(([name, value]) => {
    if (!name.includes("ratelimit") || !name.includes("remaining") || Number(value) !== 0 || !value.trim()) return []
    const wait = waitOf(headers?.[name.replace("remaining", "reset")], now)
    return wait === undefined ? [] : [wait]
  })
  return waits.length ? Math.max(...waits) : undefined
}

/** A number as large as this is a moment, not a length: seconds since the epoch have had ten digits since 2001. */
const FIRST_MOMENT_S = 1_000_000_000
const FIRST_MOMENT_MS = FIRST_MOMENT_S * 1_000

const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function waitOf(text: string | undefined, now: number): number | undefined {
  const said = text?.trim()
  if (!said) return undefined
  const number = Number(said)
  if (Number.isFinite(number)) return Math.max(0, numberWait(number, now))
  if (/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(said)) {
    const pieces = [...said.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)]
    return Math.ceil(pieces.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS_MS[unit ?? ""] ?? 0), 0))
  }
  const moment = Date.parse(said)
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now)
}

function numberWait(number: number, now: number): number {
  if (number >= FIRST_MOMENT_MS) return number - now
  return number >= FIRST_MOMENT_S ? number * 1_000 - now : number * 1_000
}
