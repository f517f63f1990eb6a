// Turns samples into rows, and rows into a table. Pure.
import { median } from "./measure.mjs"

/**
 * One row per figure and key. `ratio` is ours over theirs; `state` is "ok" or "MISS" where there is a budget, which
 * is a share of theirs, or a limit, which is an amount of ours.
 * @param samples per figure name and side a list of `{ [key]: number }`, or an Error
 * @param committed what theirs was measured at before, by `<figure>.<key>`
 */
export function makeRows(figures, samples, committed) {
  return figures.flatMap((figure) =>
    figure.rows.map(({ key, title, unit, budget, limit, wall }) => {
      const name = `${figure.name}.${key}`
      const ours = middle(samples[figure.name]?.ours, key)
      const measured = middle(samples[figure.name]?.theirs, key)
      const theirs = measured ?? committed[name]
      const ratio = ratioOf(ours, theirs)
      const state = stateOf(ratio, budget) ?? stateOf(ours, limit)
      return { name, title, unit, ours, theirs, committed: measured === undefined, ratio, budget, limit, wall, state }
    }),
  )
}

/** @param wallCounts whether the machine was quiet enough for wall times */
export function table(rows, { wallCounts }) {
  const lines = rows.map((row) => [
    row.title,
    amount(row.ours, row.unit),
    (row.committed && row.theirs !== undefined ? "~" : "") + amount(row.theirs, row.unit),
    row.ratio === undefined ? "-" : row.ratio.toFixed(3),
    row.limit !== undefined ? amount(row.limit, row.unit) : row.budget === undefined ? "" : row.budget.toFixed(2),
    row.state ?? (row.wall && !wallCounts ? "not meaningful: the machine is busy" : ""),
  ])
  const all = [["figure", "ours", "published", "ratio", "at most", ""], ...lines]
  const widths = all[0].map((_, column) => Math.max(...all.map((line) => line[column].length)))
  const text = all.map((line) =>
    line.map((cell, column) =>
      column === 0 || column === 5 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
    ),
  )
  return text.map((cells) => cells.join("  ").trimEnd()).join("\n")
}

const stateOf = (value, most) => (most === undefined ? undefined : value !== undefined && value <= most ? "ok" : "MISS")

/** Nothing is no part of anything, whatever the other one is. */
function ratioOf(ours, theirs) {
  if (ours === 0) return 0
  return ours !== undefined && theirs > 0 ? ours / theirs : undefined
}

function middle(rounds, key) {
  return Array.isArray(rounds) && rounds.length > 0 ? median(rounds.map((round) => round[key])) : undefined
}

function amount(value, unit) {
  if (value === undefined) return "-"
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2
  return `${value.toFixed(digits)} ${unit}`.trim()
}
