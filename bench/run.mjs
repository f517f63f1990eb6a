// `npm run bench`: what ours costs beside the published OpenCode, each figure against its budget.
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { cpus, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { deltas } from "./figures/deltas.mjs"
import { fanOut } from "./figures/fan-out.mjs"
import { find } from "./figures/find.mjs"
import { idle } from "./figures/idle.mjs"
import { long } from "./figures/long.mjs"
import { many } from "./figures/many.mjs"
import { requests } from "./figures/requests.mjs"
import { run } from "./figures/run.mjs"
import { serve } from "./figures/serve.mjs"
import { bashSteps, readSteps } from "./figures/steps.mjs"
import { transcript } from "./figures/transcript.mjs"
import { turns } from "./figures/turns.mjs"
import { version } from "./figures/version.mjs"
import { endAll } from "./measure.mjs"
import { startModel } from "./model.mjs"
import { findPublished, PUBLISHED_VERSION, readFigures, writeFigures } from "./published.mjs"
import { makeRows, table } from "./report.mjs"
import { makeSide } from "./sides.mjs"

const FIGURES = [
  version,
  serve,
  run,
  idle,
  deltas,
  fanOut,
  readSteps,
  bashSteps,
  many,
  long,
  turns,
  requests,
  find,
  transcript,
]

const USAGE = `usage: npm run bench -- [options]
  --only <name>    this figure alone; repeatable: ${FIGURES.map(({ name }) => name).join(", ")}
  --rounds <n>     so many rounds of each figure
  --quick          one round, fewer steps
  --json <file>    every sample and row as JSON
  --no-fail        exit code 0 even when a budget is missed
  --record         keep what the published one measured in bench/published.json`

/** Above this load per core, wall times tell of the neighbours. */
const QUIET_LOAD = 0.5

async function main() {
  const options = readOptions()
  if (options.help) return console.log(USAGE)
  if (process.platform !== "linux") throw new Error("The bench needs Linux: it reads what processes cost from /proc.")
  const load = loadavg()[0]
  const wallCounts = load <= QUIET_LOAD * cpus().length
  const began = performance.now()

  const published = findPublished()
  if (published.why)
    console.log(`The published ${PUBLISHED_VERSION} is not here (${published.why}); its kept figures are used.`)
  const folder = mkdtempSync(join(tmpdir(), "opencode-bench-"))
  const clear = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  for (const signal of ["SIGINT", "SIGTERM"])
    process.once(signal, () => {
      endAll()
      clear()
      process.exit(130)
    })
  try {
    const model = await startModel(folder)
    try {
      const commands = { ours: await ourCommand(), ...(published.path ? { theirs: [published.path] } : {}) }
      const sides = Object.entries(commands).map(([name, argv]) =>
        makeSide({ name, argv, root: join(folder, name), modelUrl: model.url }),
      )
      const samples = {}
      for (const figure of options.figures) {
        process.stderr.write(`${figure.name} …\n`)
        samples[figure.name] = await measure(figure, sides, { ...options, model })
      }
      const kept = readFigures()
      const rows = makeRows(options.figures, samples, kept.figures)
      console.log(table(rows, { wallCounts }))
      const seconds = Math.round((performance.now() - began) / 1_000)
      console.log(`\n${machine()}, load ${load.toFixed(2)} before; ${seconds} s`)
      if (rows.some((row) => row.committed)) console.log(`~ measured before, on ${kept.machine}`)
      if (options.record) record(rows, kept)
      if (options.json)
        writeFileSync(options.json, `${JSON.stringify(asJson({ rows, samples, load }), undefined, 2)}\n`)
      if (options.fail && rows.some((row) => row.state === "MISS")) process.exitCode = 1
    } finally {
      await model.close()
    }
  } finally {
    clear()
  }
}

/** Rounds of one figure for all sides, which take turns at going first. A side that fails is told once and left out. */
async function measure(figure, all, tools) {
  const sides = all.filter(({ name }) => figure.sides?.includes(name) ?? true)
  const rounds = tools.rounds ?? (tools.quick ? 1 : figure.rounds)
  const results = Object.fromEntries(sides.map(({ name }) => [name, []]))
  const once = async (side, keep) => {
    if (!Array.isArray(results[side.name])) return
    try {
      const sample = await figure.measure(side, tools)
      if (keep) results[side.name].push(sample)
    } catch (error) {
      process.stderr.write(`${figure.name}, ${side.name}: ${error.message}\n`)
      results[side.name] = { error: error.message }
    }
  }
  // What a side does only the first time (files read from disk, folders made) belongs to no round.
  if (!figure.cold) for (const side of sides) await once(side, false)
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? sides : sides.toReversed()
    if (figure.together) await Promise.all(order.map((side) => once(side, true)))
    else for (const side of order) await once(side, true)
  }
  return results
}

/** The bundle as it is in this checkout, built now; or what OPENCODE_BENCH_OURS says. */
async function ourCommand() {
  const given = process.env.OPENCODE_BENCH_OURS
  if (given && !existsSync(given)) throw new Error(`OPENCODE_BENCH_OURS: there is no ${given}`)
  if (given) return [process.execPath, given]
  const { build } = await import("../scripts/build.mjs")
  await build()
  return [process.execPath, fileURLToPath(new URL("../packages/cli/bin/opencode.mjs", import.meta.url))]
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      rounds: { type: "string" },
      quick: { type: "boolean" },
      json: { type: "string" },
      "no-fail": { type: "boolean" },
      record: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  })
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new Error(`--rounds is a number above 0.`)
  for (const name of values.only ?? [])
    if (!FIGURES.some((figure) => figure.name === name)) throw new Error(`There is no figure ${name}.\n${USAGE}`)
  const figures = FIGURES.filter(({ name }) => values.only?.includes(name) ?? true)
  return { ...values, rounds, figures, fail: !values["no-fail"] }
}

function record(rows, kept) {
  const measured = rows.filter((row) => !row.committed && row.theirs !== undefined)
  const figures = Object.fromEntries(measured.map((row) => [row.name, Number(row.theirs.toPrecision(3))]))
  writeFigures({ version: PUBLISHED_VERSION, machine: machine(), figures: { ...kept.figures, ...figures } })
}

const asJson = ({ rows, samples, load }) => ({
  published: PUBLISHED_VERSION,
  commit: execFileSync("git", ["rev-parse", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" }).trim(),
  node: process.version,
  machine: machine(),
  load,
  rows,
  samples,
})

const machine = () => `${cpus().length} x ${cpus()[0].model.trim()}`

main().catch((error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
})
