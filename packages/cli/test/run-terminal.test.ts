import { fileURLToPath } from "node:url"
import { openTerminal } from "@opencode/core/process/terminal.ts"
import type { Installation } from "@opencode/testing/command.ts"
import { calls, says, script, stalls, streams } from "@opencode/testing/script.ts"
import { expect, test, vi } from "vitest"
import { modelScript } from "./shared.ts"

vi.setConfig({ testTimeout: 60_000 })

const BIN = fileURLToPath(new URL("../bin/opencode.mjs", import.meta.url))

/** The command in a terminal, as a person starts it. */
async function inTerminal(at: Installation, args: string[], env: Record<string, string> = {}) {
  const said = { all: "" }
  const terminal = await openTerminal({
    file: process.execPath,
    args: [BIN, ...args],
    cwd: at.project,
    env: { ...at.env, TERM: "xterm-256color", ...env },
    data: (text) => void (said.all += text),
  })
  return {
    ...terminal,
    said: () => said.all,
    shows: (text: string | RegExp) => expect.poll(() => said.all, { timeout: 30_000 }).toMatch(text),
  }
}

// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const MARKS = /\u001b\[(0|1|2|31|32)m|\r\u001b\[2K/g
const ESCAPE = "\u001b"

const work = script(
  calls("edit", { filePath: "a.txt", oldString: "two", newString: "\u001b[31mTWO" }),
  calls("bash", { command: "printf '\\033]0;owned\\007'; exit 3" }),
  says("All \u001b[2J done."),
)
const files = { "a.txt": "one\ntwo\n" }

test("a terminal is shown calls, the lines that they changed, and what was used", async () => {
  await using at = await modelScript(work, { files })
  const terminal = await inTerminal(at, ["run", "go"])
  expect(await terminal.exited).toBe(0)
  const text = terminal.said().replaceAll(MARKS, "")
  expect(text).toContain("✓ edit a.txt")
  expect(text).toMatch(/ {2}-two\r\n {2}\+\\u001b\[31mTWO/)
  expect(text).toContain("(exit 3)")
  expect(text).toContain("All \\u001b[2J done.\r\n")
  expect(text).toMatch(/3 steps · \d+ s · 360 tokens · \$0\.0004\r\n$/)
})

test.each([
  ["as it is", {}, ["\u001b[32m", "\r\u001b[2K"]],
  ["with NO_COLOR", { NO_COLOR: "1" }, ["\r\u001b[2K"]],
  ["with CI", { CI: "true" }, ["\u001b[32m"]],
  ["for a screen reader", { ACCESSIBLE: "1" }, []],
  ["that can do nothing", { TERM: "dumb" }, []],
] as const)("a terminal %s gets these marks and nothing of a model's", async (_, env, marks) => {
  await using at = await modelScript(work, { files })
  const terminal = await inTerminal(at, ["run", "go"], env)
  expect(await terminal.exited).toBe(0)
  for (const mark of ["\u001b[32m", "\r\u001b[2K"])
    expect(terminal.said().includes(mark)).toBe((marks as readonly string[]).includes(mark))
  expect(terminal.said().replaceAll(MARKS, "")).not.toContain(ESCAPE)
  if (marks.length === 0) expect(terminal.said()).toContain("done: edit a.txt")
})

test("what happens now stands in one line, however narrow it is", async () => {
  await using at = await modelScript(() => streams(40, "word ", { delayMs: 50 }))
  const terminal = await inTerminal(at, ["run", "go"])
  terminal.resize({ rows: 20, cols: 24 })
  await terminal.exited
  const drawn = terminal
    .said()
    .split("\u001b[2K")
    .map((text) => text.replaceAll(MARKS, "").split("\r")[0] ?? "")
  const moving = drawn.filter((text) => /^[·•] /.test(text))
  expect(moving.at(-1)).toMatch(/^[·•] step 1: .* · \d+ s$/)
  expect(moving.at(-1)?.length).toBeLessThan(24)
  expect(terminal.said()).toContain("word word")
})

test("control characters, which take more room when they are visible, do not make that line a second one", async () => {
  const command = `sleep 2 # ${"\u0007".repeat(20)}`
  await using at = await modelScript(script(calls("bash", { command }), says("done")))
  const terminal = await inTerminal(at, ["run", "go"])
  await terminal.exited
  const drawn = terminal
    .said()
    .split("\u001b[2K")
    .map((text) => text.replaceAll(MARKS, "").split("\r")[0] ?? "")
  const moving = drawn.filter((text) => text.includes("bash sleep"))
  expect(moving.some((text) => text.includes("\\u0007"))).toBe(true)
  expect(Math.max(...moving.map((text) => text.length))).toBeLessThan(80)
})

test("a person in a terminal is asked, can stop the model, and ends with Ctrl-D", async () => {
  await using at = await modelScript(
    script(calls("bash", { command: "touch made" }), says("made it"), stalls(says("never whole"), 1)),
    { config: { permission: { bash: "ask" } } },
  )
  const terminal = await inTerminal(at, ["run", "-i", "make it"])
  await terminal.shows("Allow?")
  terminal.write("y\r")
  await terminal.shows("made it")
  terminal.write("and now\r")
  await at.model.received(3)
  terminal.write("\u0003")
  await terminal.shows("Stopping.")
  await terminal.shows(/Aborted[\s\S]*> /)
  terminal.write("\u0004")
  expect(await terminal.exited).toBe(130)
})

test("Ctrl-C at a question is a no, and ends the turn", async () => {
  await using at = await modelScript(script(calls("bash", { command: "touch made" }), says("never")), {
    config: { permission: { bash: "ask" } },
  })
  const terminal = await inTerminal(at, ["run", "-i", "make it"])
  await terminal.shows("Allow?")
  terminal.write("\u0003")
  await terminal.shows(/Stopping[\s\S]*> /)
  terminal.write("\u0004")
  expect(await terminal.exited).toBe(130)
  expect(at.model.requests).toHaveLength(1)
})
