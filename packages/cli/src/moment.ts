/** `2026-09-28 13:05`, as the clock of this machine shows it. @param time milliseconds since the epoch */
export function moment(time: number): string {
  const date = new Date(time)
  const two = (value: number): string => String(value).padStart(2, "0")
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}
