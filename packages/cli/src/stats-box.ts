export type Row = [label: string, value: string]

/** As wide as a narrow terminal allows. */
const WIDTH = 56

/** Rows in a frame, with a line between the groups. */
export function boxed(title: string, ...groups: Row[][]): string {
  const line = "─".repeat(WIDTH)
  const heading = title.padStart(Math.floor((WIDTH + title.length) / 2)).padEnd(WIDTH)
  const bodies = groups.map((rows) => rows.map(row).join("\n"))
  return [`┌${line}┐`, `│${heading}│`, `├${line}┤`, bodies.join(`\n├${line}┤\n`), `└${line}┘`].join("\n")
}

function row([label, value]: Row): string {
  const room = WIDTH - 2 - value.length
  const name = label.length > room ? `${label.slice(0, room - 1)}…` : label.padEnd(room)
  return `│ ${name}${value} │`
}
