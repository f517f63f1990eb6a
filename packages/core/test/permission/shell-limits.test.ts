import { cpuMs } from "@opencode/testing/effort.ts"
import { expect, test } from "vitest"
import { decide, rulesFromConfig } from "@opencode/core/permission/rules.ts"
import { pathsOf } from "@opencode/core/permission/shell-paths.ts"
import { MAX_COMMANDS, MAX_LENGTH, MAX_NESTING, MAX_WORDS } from "@opencode/core/permission/shell-rough.ts"
import { analyseShell, asksForShell } from "@opencode/core/permission/shell.ts"

const RULES = [rulesFromConfig({ bash: { "*": "allow", "rm *": "deny" } })]

const verdict = async (command: string) =>
  decide([asksForShell(await analyseShell(command))], { rulesets: RULES, home: "/home/u" }).type

/** Just beyond each limit, with and without something that is forbidden behind it. */
test.each<[string, string]>([
  ["length", `echo '${"x".repeat(MAX_LENGTH)}'`],
  ["nesting", `${"(".repeat(MAX_NESTING + 1)}ls${")".repeat(MAX_NESTING + 1)}`],
  ["substitutions", `echo ${"$(".repeat(MAX_NESTING + 1)}ls${")".repeat(MAX_NESTING + 1)}`],
  ["commands", "ls; ".repeat(MAX_COMMANDS + 1)],
  ["words", `echo ${"x ".repeat(MAX_WORDS)}`],
  ["wrappers", `${"env ".repeat(20)}ls`],
  ["scripts in scripts", `${"eval ".repeat(12)}ls`],
])("beyond the limit of %s a person is asked, and what is denied stays denied", async (_, command) => {
  expect(await verdict(command)).toBe("ask")
  for (const after of ["; rm x", "\nrm x", " && 'r'm x", "; X=$(rm x)", " | /bin/rm x"])
    expect(await verdict(command + after), after).toBe("deny")
})

test("long texts that are no long commands are not doubted: a file written by a here-document", async () => {
  const analysis = await analyseShell(`cat > f <<'E'\n${"const a = [1, (2), { b: 3 }]\n".repeat(3_000)}E\n`)
  expect(analysis.problems).toEqual([])
})

const fill = (piece: string, before = "", after = "") =>
  before + piece.repeat(Math.floor((100_000 - before.length - after.length) / piece.length)) + after

test.each([
  ["commands", fill("ls; ")],
  ["pipes", fill("a|", "", "a")],
  ["words", fill("x ", "ls ")],
  ["substitutions", fill("$(a) ", "echo ")],
  ["nested substitutions", fill("$(", "echo ")],
  ["parentheses", fill("(")],
  ["wrappers", fill("sudo -u x ", "", "ls")],
  ["launchers", fill("watch ")],
  ["braces", fill("{a,b}", "cat ")],
  ["assignments", fill("A=$A$A; ", "", "cat $A")],
  ["variables", fill("$X ", "cat ")],
  ["a program of sed", fill("s/[/x/;", "sed '", "'")],
  ["a program of awk", fill("print ", "awk '", "'")],
  ["moves", fill("cd a; ")],
  ["removals", fill("rm a$X; ")],
  ["backticks", fill("`a` ", "echo ")],
  ["a here-document", fill("x $(a)\n", "cat <<E\n", "E\n")],
  ["arithmetic", fill("1+", "echo $((", "1))")],
  ["conditions", fill("if a; then ")],
  ["redirects", fill("> f ", "a ")],
  ["scripts", fill("sh -c 'a b'; ")],
  ["functions", fill("f() { a; }; ")],
])("a text of 100 kB is judged in a fifth of a second: %s", async (_, command) => {
  const judge = async () => {
    const analysis = await analyseShell(command)
    for (const one of analysis.commands) pathsOf(one, analysis.variables)
    decide([asksForShell(analysis)], { rulesets: RULES, home: "/home/u" })
  }
  // The best of some: collecting garbage and other people's work are not ours.
  let best = Number.POSITIVE_INFINITY
  for (let at = 0; at < 5 && best > BUDGET_MS; at++) best = Math.min(best, await cpuMs(judge))
  expect(best).toBeLessThan(BUDGET_MS)
})
const BUDGET_MS = 200

test("an ordinary command is judged in well under two milliseconds", async () => {
  const judge = async () => {
    const analysis = await analyseShell(
      `for f in src/*.ts; do sed -i 's/a/b/' "$f"; done && npm test -- --run | tee out.log`,
    )
    for (const one of analysis.commands) pathsOf(one, analysis.variables)
    decide([asksForShell(analysis)], { rulesets: RULES, home: "/home/u" })
  }
  for (let at = 0; at < 50; at++) await judge()
  const spent = await cpuMs(async () => {
    for (let at = 0; at < 50; at++) await judge()
  })
  expect(spent / 50).toBeLessThan(2)
})
