import { isLong } from "@opencode/testing/effort.ts"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Ask } from "@opencode/core/permission/ask.ts"
import { analyseShell, type ShellAnalysis, type ShellCommand } from "@opencode/core/permission/shell.ts"
import type { ShellWord } from "@opencode/core/permission/shell-words.ts"
import { matches } from "@opencode/core/permission/wildcard.ts"
import { asksForCommand } from "../../src/tool/bash-asks.ts"
import { createPaths } from "../../src/workspace/paths.ts"
import { brokenCommand, shellCommand } from "./shell-grammar.ts"
import { openJail, type Jail, type Ran } from "./shell-jail.ts"

/**
 * What a real shell makes of a command, beside what we say of it before. Whatever runs or is written was predicted, or
 * the prediction has a doubt, and a doubt asks.
 */
const CASES = isLong ? 50_000 : 2_000
const CASES_OF_PART = 2_000
/** In one container, one after the other. */
const AT_ONCE = 100
/** They start ten thousand processes, and a machine may have other things to do. */
const TIMEOUT_MS = 240_000
const MAX_SHOWN = 20
/** A prediction that always doubts would always be right. */
const LEAST_EXACT = 0.4
/** The rest of the time a shell of another kind reads the same text. */
const OF_BASH = 0.8

let jail: Jail
beforeAll(async () => {
  jail = await openJail()
})
afterAll(() => jail.close())

interface Predicted {
  text: string
  analysis: ShellAnalysis
  asks: Ask[]
  top: string
}

async function predict(text: string, shell: "bash" | "sh"): Promise<Predicted> {
  const { work, home, top } = jail.prepare(text)
  const analysis = await analyseShell(text, { HOME: home, FUNCNEST: "20" }, shell)
  const paths = await createPaths({ directory: work, roots: [work], home, allowed: [] })
  return { text, analysis, asks: await asksForCommand(analysis, await paths.resolve("."), paths), top }
}

/** What was not predicted. */
function surprises({ analysis, asks, top }: Predicted, ran: Ran): string[] {
  if (asks.some(({ permission, problems }) => permission === "bash" && problems?.length)) return []
  // What a script does that is run by its name is not looked at, as with any other program.
  const scripts = analysis.commands
    .filter(({ base }) => /^(?:\.|source|(?:ba)?sh)$/.test(base))
    .flatMap(({ argv }) => argv.slice(1).map(({ value }) => /([^/.]+)(?:\.sh)?$/.exec(value)?.[1]))
  const started = ran.programs
    .filter(
      ([name, ...args]) =>
        !scripts.includes(name) && !analysis.commands.some((command) => isOf(command, name ?? "", args)),
    )
    .map((words) => `ran ${JSON.stringify(words)}`)
  if (asks.some(({ permission, problems }) => permission === "edit" && problems?.length)) return started
  const edits = asks.filter(({ permission }) => permission === "edit").flatMap(({ patterns }) => patterns)
  const written = ran.changed.filter((name) => !edits.some((edit) => covers(edit, name, top)))
  const outside = asks
    .filter(({ permission }) => permission === "external_directory")
    .flatMap(({ patterns }) => patterns)
  const beyond = ran.changed.filter(
    (name) =>
      !name.startsWith("work/") && !outside.some((it) => matches(it, `${top}/${name}`) || it === `${top}/${name}/*`),
  )
  return [...started, ...written.map((name) => `wrote ${name}`), ...beyond.map((name) => `left for ${name}`)]
}

const covers = (edit: string, name: string, top: string): boolean => {
  const path = edit.startsWith("/") ? edit : `${top}/work/${edit === "." ? "" : edit}`
  const real = `${top}/${name}`
  return (
    real === path ||
    real.startsWith(`${path.replace(/\/$/, "")}/`) ||
    path.startsWith(`${real}/`) ||
    matches(path, real)
  )
}

/** Could these words be what the command became? */
function isOf({ argv: [first, ...words], base, isFed }: ShellCommand, name: string, args: string[]): boolean {
  if (base !== name.toLowerCase() || first?.isLiteral === false) return false
  return fits(words, args, isFed)
}

function fits([word, ...words]: ShellWord[], args: string[], isFed: boolean): boolean {
  if (word === undefined) return isFed || args.length === 0
  const [arg, ...rest] = args
  // bash expands the tilde of "X=~" wherever it stands.
  if (word.isLiteral && /^\w+=~/.test(word.value))
    return arg?.startsWith(word.value.split("~")[0] ?? "") === true && fits(words, rest, isFed)
  if (word.isLiteral && word.tilde === "~")
    return arg?.endsWith(word.value.slice(1)) === true && fits(words, rest, isFed)
  if (word.isLiteral && !isFed) return arg === word.value && fits(words, rest, isFed)
  if (word.isLiteral) return arg !== undefined && fits(words, rest, isFed)
  const mayBeMany = word.splits || word.segments.some(({ kind }) => kind !== "literal" && kind !== "home")
  if (
    arg !== undefined &&
    arg.startsWith(word.tilde === undefined && !word.splits ? word.lead : "") &&
    fits(words, rest, isFed)
  )
    return true
  if (!mayBeMany) return false
  return fits(words, args, isFed) || (arg !== undefined && fits([word, ...words], rest, isFed))
}

/** The next commands are judged while a shell runs the last. */
async function* outcomes(texts: string[], shell: "bash" | "sh"): AsyncGenerator<[Predicted, Ran]> {
  let before: Predicted[] = []
  let running: Promise<Ran[]> = Promise.resolve([])
  for (let at = 0; at < texts.length + AT_ONCE; at += AT_ONCE) {
    const next: Predicted[] = []
    for (const text of texts.slice(at, at + AT_ONCE)) next.push(await predict(text, shell))
    const ran = await running
    running = next.length > 0 ? jail.run(shell) : Promise.resolve([])
    for (const [index, one] of before.entries()) yield [one, ran[index] ?? { programs: [], changed: [] }]
    before = next
  }
}

const parts = Array.from({ length: CASES / CASES_OF_PART }, (_, at) => at)

test.each(parts)(
  "what a command runs and writes was predicted, or is asked about (%#)",
  async (part) => {
    const seed = (fc.readConfigureGlobal().seed ?? Date.now()) + part
    const kinds = jail.contained
      ? fc.oneof({ weight: 5, arbitrary: shellCommand }, { weight: 1, arbitrary: brokenCommand })
      : shellCommand
    const texts = fc.sample(kinds, { numRuns: CASES_OF_PART, seed })
    const cut = Math.floor(texts.length * OF_BASH)
    const failures: string[] = []
    let [exact, programs] = [0, 0]
    for (const shell of ["bash", "sh"] as const) {
      for await (const [one, ran] of outcomes(shell === "bash" ? texts.slice(0, cut) : texts.slice(cut), shell)) {
        programs += ran.programs.length
        if (one.asks.every(({ problems }) => !problems?.length)) exact++
        const found = surprises(one, ran)
        if (found.length > 0) failures.push(`${shell} (seed ${seed}): ${JSON.stringify(one.text)} ${found.join(", ")}`)
      }
    }
    // The shortest says most.
    expect(failures.sort((one, other) => one.length - other.length).slice(0, MAX_SHOWN)).toEqual([])
    expect(exact / texts.length).toBeGreaterThan(LEAST_EXACT)
    expect(programs).toBeGreaterThan(texts.length)
  },
  TIMEOUT_MS,
)
