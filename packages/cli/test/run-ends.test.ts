import { readFileSync } from "node:fs"
import { Validator, type Schema } from "@cfworker/json-schema"
import type { Config } from "@opencode/protocol/config.ts"
import {
  calls,
  emptyStream,
  fails,
  neverAnswers,
  overflows,
  overloaded,
  rateLimited,
  says,
  stalls,
  unauthorized,
  type Reply,
} from "@opencode/testing/script.ts"
import type { HeardRequest } from "@opencode/testing/model-server.ts"
import { expect, test, vi } from "vitest"
import { RunLine, type RunLine as Line } from "../src/commands/run-lines.ts"
import { exitCodeOf } from "../src/commands/run-outcome.ts"
import { RunReason } from "../src/commands/run-reason.ts"
import { modelScript } from "./shared.ts"

vi.setConfig({ testTimeout: 120_000 })

const FORMATS = ["default", "json", "jsonl"] as const
const schema = JSON.parse(readFileSync(new URL("../schema/run-jsonl-1.json", import.meta.url), "utf8")) as Schema
const validator = new Validator(schema, "7")

interface Row {
  reply?: (request: HeardRequest) => Reply
  args?: string[]
  config?: Config
  reason: RunReason
  /** With `--detailed-exit-codes`. */
  detailed: number
  /** Files of the project. */
  files?: Record<string, string>
  /** Standard error has it, whatever the format. */
  says?: RegExp
  /** The answer, as far as there was one. */
  text?: string
}

const answer = says("here it is")
const soon = { headers: { "retry-after-ms": "1" } }
const endless = ({ body, number }: HeardRequest): Reply =>
  body.tool_choice !== "none" ? calls("bash", { command: `echo ${number}` }) : says("so far")
const form = JSON.stringify({ type: "object", properties: { n: { type: "number" } }, required: ["n"] })

/** Every way in which a run can end, as far as a script can bring it about. */
const ROWS: Record<string, Row> = {
  "an answer": { reply: () => answer, reason: "stop", detailed: 0, text: "here it is" },
  "one step that was all there was": {
    reply: () => answer,
    args: ["--max-steps", "1"],
    reason: "steps",
    detailed: 0,
    text: "here it is",
  },
  "a refusal by the provider": { reply: () => fails(400), reason: "provider", detailed: 1, says: /./ },
  "a conversation that is too long": { reply: () => overflows(), reason: "context", detailed: 1, says: /./ },
  "an answer that was cut": {
    reply: () => says("half of it", { finish: "length" }),
    reason: "output-length",
    detailed: 1,
    says: /cut/,
    text: "half of it",
  },
  "a content filter": {
    reply: () => says("no", { finish: "content-filter" }),
    reason: "content-filter",
    detailed: 1,
    says: /filter/,
    text: "no",
  },
  "an answer without text": { reply: () => says(" \n"), reason: "empty", detailed: 1, says: /without an answer/ },
  "a model that goes in circles": {
    reply: () => calls("read", { filePath: ".keep" }),
    config: { permission: { doom_loop: "allow" } },
    reason: "repetition",
    detailed: 1,
    says: /same calls/,
  },
  "no object of the wanted form": {
    reply: () => says("not a bit of JSON"),
    args: ["--output-schema", "form.json"],
    files: { "form.json": form },
    reason: "structured-output",
    detailed: 1,
    text: "not a bit of JSON",
    says: /structured output/,
  },
  "an unknown model": { args: ["-m", "mock/lagre"], reason: "usage", detailed: 2, says: /Did you mean/ },
  "an unknown agent": { args: ["--agent", "biuld"], reason: "usage", detailed: 2, says: /biuld/ },
  "an unknown session": { args: ["-s", "ses_nope"], reason: "usage", detailed: 2, says: /ses_nope/ },
  "an unknown command": { args: ["--command", "inti"], reason: "usage", detailed: 2, says: /init/ },
  "an unknown option": { args: ["--modle", "x"], reason: "usage", detailed: 2, says: /--model/ },
  "a file that is not there": { args: ["-f", "gone.txt"], reason: "usage", detailed: 2, says: /gone\.txt/ },
  "a file without a name": { args: ["-f", ""], reason: "usage", detailed: 2, says: /file/ },
  "a folder that is not there": { args: ["--dir", "gone"], reason: "usage", detailed: 2, says: /gone/ },
  "a limit that is none": { args: ["--timeout", "soon"], reason: "usage", detailed: 2, says: /15m/ },
  "a schema that cannot be used": {
    args: ["--output-schema", "form.json"],
    files: { "form.json": '{"type": 5}' },
    reason: "usage",
    detailed: 2,
    says: /form\.json/,
  },
  "a schema that is no JSON": {
    args: ["--output-schema", "form.json"],
    files: { "form.json": "{" },
    reason: "usage",
    detailed: 2,
    says: /form\.json is no JSON/,
  },
  "a refused key": { reply: () => unauthorized(), reason: "authentication", detailed: 3, says: /401|key|auth/i },
  "too many requests": { reply: () => rateLimited({ retryAfterMs: 1 }), reason: "rate-limit", detailed: 4, says: /./ },
  "a provider that is overloaded": { reply: () => overloaded(soon), reason: "retries", detailed: 4, says: /./ },
  "steps that are used up": {
    reply: endless,
    args: ["--max-steps", "2"],
    reason: "steps",
    detailed: 5,
    says: /2 steps/,
    text: "so far",
  },
  "money that is used up": {
    reply: endless,
    args: ["--max-cost", "0.0001"],
    reason: "cost",
    detailed: 5,
    says: /\$0\.0001/,
  },
  "time that is over": {
    reply: () => neverAnswers(),
    args: ["--timeout", "1.5s"],
    reason: "time",
    detailed: 5,
    says: /limit of .* s /,
  },
  "a permission that nobody gave": {
    reply: () => calls("bash", { command: "touch made" }),
    config: { permission: { bash: "ask" } },
    reason: "rejected",
    detailed: 6,
    says: /touch made.*--auto/,
  },
}

const emptyStreams: Row = { reply: () => emptyStream(), reason: "retries", detailed: 4, says: /./ }

type Cell = [ending: string, format: (typeof FORMATS)[number], row: Row]
const CELLS = Object.entries({ ...ROWS, "an answer that never came": emptyStreams }).flatMap(([ending, row]) =>
  FORMATS.map((format): Cell => [ending, format, row]),
)

test.concurrent.each(CELLS)("%s, printed as %s, has its code and its last word", async (_, format, row) => {
  await using at = await modelScript(row.reply ?? (() => answer), { config: row.config ?? {}, files: row.files ?? {} })
  const args = ["run", "--format", format, ...(row.args ?? [])]
  // The code of those who did not ask for more does not depend on the format: once is enough.
  if (format === "default") expect((await at.run([...args, "go"])).code).toBe(row.detailed === 0 ? 0 : 1)
  const { stdout, stderr, code } = await at.run([...args, "--detailed-exit-codes", "go"])
  expect(code).toBe(row.detailed)
  if (row.says) expect(stdout + stderr).toMatch(row.says)
  // A stack is for nobody.
  expect(stderr).not.toMatch(/\n\s+at /)
  LAST_WORD[format](stdout, { ...row, code })
})

const LAST_WORD: Record<(typeof FORMATS)[number], (stdout: string, row: Row & { code: number | null }) => void> = {
  default: (stdout, { text, reason }) =>
    expect(stdout).toBe(text === undefined || reason === "structured-output" ? "" : `${text}\n`),

  json(stdout, { code, text }) {
    const all = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; error?: { name: string } })
    if (text !== undefined) expect(all).toContainEqual(expect.objectContaining({ type: "text" }))
    const errors = all.filter(({ type }) => type === "error")
    expect(errors).toHaveLength(code === 0 ? 0 : 1)
    for (const { error } of errors) expect(error).toMatchObject({ name: expect.stringMatching(/Error$/) })
  },

  jsonl(stdout, { code, reason, text = "" }) {
    const all = linesOf(stdout)
    expect(all.at(-1)).toMatchObject({
      type: "result",
      version: 1,
      success: code === 0,
      exitCode: code,
      reason,
      text,
      message: code === 0 ? null : expect.stringMatching(/./),
    })
    expect(all.filter(({ type }) => type === "result")).toHaveLength(1)
    expect(all.filter(({ type }) => type === "start")).toHaveLength(reason === "usage" ? 0 : 1)
  },
}

/** As the contract has them: by the schema that programs of others use, and nothing that it does not name. */
function linesOf(stdout: string): Line[] {
  return stdout
    .trim()
    .split("\n")
    .map((text) => {
      const line: unknown = JSON.parse(text)
      expect(validator.validate(line)).toMatchObject({ valid: true })
      const known = RunLine().parse(line)
      expect(known).toEqual(line)
      return known
    })
}

test.each(FORMATS)("Ctrl-C ends a run that is printed as %s with 130, and says so", async (format) => {
  await using at = await modelScript(() => stalls(says("this will never end"), 1))
  const run = at.start(["run", "--format", format, "--detailed-exit-codes", "go"])
  await at.model.received(1)
  run.child.kill("SIGINT")
  const { code, stdout } = await run.finished
  expect(code).toBe(130)
  if (format === "jsonl") expect(linesOf(stdout).at(-1)).toMatchObject({ reason: "aborted", exitCode: 130 })
})

test("a second Ctrl-C leaves at once, and the last line is there all the same", async () => {
  await using at = await modelScript(() =>
    calls("bash", { command: "trap '' TERM INT; echo on; sleep 60 & wait; sleep 60" }),
  )
  const run = at.start(["run", "--format", "jsonl", "go"])
  await at.model.received(1)
  run.child.kill("SIGINT")
  await run.printed("Stopping.")
  run.child.kill("SIGINT")
  const { code, stdout } = await run.finished
  expect(code).toBe(130)
  expect(linesOf(stdout).at(-1)).toMatchObject({ type: "result", reason: "aborted" })
})

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s before there is a turn has its last line too",
  async (signal) => {
    await using at = await modelScript(() => says("never"))
    const run = at.start(["run", "--format", "jsonl", "go"], { isTalkedTo: true })
    await run.printed("Waiting for the end of standard input")
    run.child.kill(signal)
    const { code, stdout } = await run.finished
    expect(code).toBe(130)
    expect(linesOf(stdout)).toMatchObject([{ type: "result", reason: "aborted", exitCode: 130, sessionID: null }])
  },
)

test("as JSON, a run that was stopped before its turn says so in the one line there is", async () => {
  await using at = await modelScript(() => says("never"))
  const run = at.start(["run", "--format", "json", "go"], { isTalkedTo: true })
  await run.printed("Waiting for the end of standard input")
  run.child.kill("SIGINT")
  const { code, stdout } = await run.finished
  expect(code).toBe(130)
  expect(JSON.parse(stdout)).toMatchObject({ type: "error", error: { data: { message: "Stopped." } } })
})

test("a terminal that is closed ends the turn, and what was done is on record", async () => {
  await using at = await modelScript(() => stalls(says("this will never end"), 1))
  const run = at.start(["run", "--format", "jsonl", "go"])
  await at.model.received(1)
  run.child.kill("SIGHUP")
  const { code, stdout } = await run.finished
  expect(code).toBe(130)
  expect(linesOf(stdout).at(-1)).toMatchObject({ reason: "aborted", error: { name: "MessageAbortedError" } })
})

test.each([
  [["--print-logs", "run", "--format", "jsonl", "--nope", "go"]],
  [["--log-level", "ERROR", "run", "--format=jsonl", "--nope", "go"]],
])("options before the command do not take the last line away: %j", async (args) => {
  await using at = await modelScript(() => says("never"))
  const { code, stdout } = await at.run(args)
  expect(code).toBe(1)
  expect(linesOf(stdout)).toMatchObject([{ type: "result", reason: "usage" }])
})

test.each(RunReason().options)("without the option %s is 0, 1 or 130", (reason) => {
  const codes = [true, false].map((isSuccess) => exitCodeOf({ reason, isSuccess }, false))
  expect(codes).toEqual([0, reason === "aborted" ? 130 : 1])
})
