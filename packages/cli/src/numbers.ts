const THOUSAND = 1_000
const MILLION = 1_000_000

/** `1.5K`, `2.0M`: a number for a person to compare. */
export const shortNumber = (value: number): string =>
  value >= MILLION
    ? `${(value / MILLION).toFixed(1)}M`
    : value >= THOUSAND
      ? `${(value / THOUSAND).toFixed(1)}K`
      : String(Math.round(value))

/** Dollars; what is less than a cent shows four digits, so that it does not look like nothing. */
export const money = (value: number): string => `$${value.toFixed(value !== 0 && Math.abs(value) < 0.01 ? 4 : 2)}`

const UNITS = ["B", "KB", "MB", "GB", "TB"]
const STEP = 1_024

export function byteSize(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(STEP)), UNITS.length - 1)
  return `${unit === 0 ? bytes : (bytes / STEP ** unit).toFixed(1)} ${UNITS[unit]}`
}
