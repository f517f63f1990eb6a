import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Intent } from "../../src/model/offline/intent.ts"
import type { Outcome } from "../../src/model/offline/results.ts"
import { MAX_STEPS, nextStep, type Step, type StepInput } from "../../src/model/offline/steps.ts"

const ALL = new Set(["bash", "read", "edit", "write", "glob", "grep"])
const ok = (text: string): Outcome => ({ text, failed: false })
const no = (text: string, refused = false): Outcome => ({ text, failed: true, refused })

/** Answers every call by `world` until the model is done. */
function drive(intents: Intent[], world: (tool: string, input: Record<string, unknown>, n: number) => Outcome) {
  const history: { tool: string; outcome: Outcome }[] = []
  const asked: string[] = []
  for (let steps = 0; steps < 2 * MAX_STEPS; steps++) {
    const step = nextStep({ intents, history, steps, tools: ALL, directory: "/w" })
    if (step.type === "answer") return { text: step.text, steps, asked }
    for (const { tool, input } of step.calls) {
      asked.push(`${tool} ${JSON.stringify(input)}`)
      history.push({ tool, outcome: world(tool, input, history.length) })
    }
  }
  throw new Error("no end")
}

const everyIntent: Intent[] = [
  { type: "list", folder: "src", recursive: false },
  { type: "list", folder: ".", recursive: true },
  { type: "find", glob: "**/*.ts", count: false },
  { type: "search", text: "x", scope: {}, count: false },
  { type: "define", name: "x", scope: {} },
  { type: "read", file: "a.ts", first: 1, last: 3 },
  { type: "replace", from: "x", to: "y", scope: {} },
  { type: "replace", from: "x\ny", to: "", scope: { file: "a.ts" } },
  { type: "create", file: "a.ts", content: "x", overwrite: false },
  { type: "create", file: "a.ts", content: "x", overwrite: true },
  { type: "append", file: "a.ts", content: "x" },
  { type: "run", command: "x" },
  { type: "script", script: "test" },
  { type: "changes" },
  { type: "help", reason: "asked" },
  { type: "unknown", text: "x" },
  { type: "tree", folder: "." },
  { type: "outline", files: ["a.ts", "b.py"] },
  { type: "lines", files: ["a.ts"] },
  { type: "lines", files: [], glob: "**/*.ts" },
  { type: "compare", files: ["a.ts", "b.ts"] },
  { type: "find", glob: "**/*.{ts,js}", count: true },
  { type: "search", text: "x", scope: { include: "*.ts" }, count: true },
  { type: "rename", from: "x", to: "y", scope: {} },
  { type: "rename", from: "x", to: "z", scope: { file: "a.ts" } },
  { type: "move", files: ["a.ts"], to: "b.ts" },
  { type: "move", files: ["a.ts", "c.ts"], to: "lib", isFolder: true, copy: true },
  { type: "delete", files: ["a.ts", "src"] },
  { type: "delete", files: [], glob: "**/*.log" },
  { type: "mkdir", folders: ["x y"] },
  { type: "execute", file: "a.py" },
  { type: "undo" },
  { type: "todo", items: ["a", "b"] },
  { type: "explain", intents: [{ type: "delete", files: ["a.ts"] }] },
  { type: "avoid", names: ["a.ts"] },
  { type: "refrain", text: "run the tests" },
  { type: "read", file: "it" },
]

const texts = [
  "",
  "No files found",
  "/w/a.ts\n/w/b.ts",
  "Found 2 matches\n/w/a.ts:\n  Line 1: x\n\n/w/b.ts:\n  Line 4: xx\n\n(Only the first 100 are shown.)",
  "<path>/w/a.ts</path>\n<type>file</type>\n<content>\n1: x x\n\n(End of file - total 1 lines)\n</content>",
  "<path>/w</path>\n<type>directory</type>\n<entries>\na/\n\n(1 entries)\n</entries>",
  "output\n<shell_metadata>\nCommand exited with code 2\n</shell_metadata>",
  "```\n".repeat(500),
  "x".repeat(100_000),
]

test("whatever comes back, every request ends within the limit, without repeating a call, in a readable answer", () => {
  const outcome = fc.record({ text: fc.constantFrom(...texts), failed: fc.boolean(), refused: fc.boolean() })
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...everyIntent), { minLength: 1, maxLength: 4 }),
      fc.array(outcome, { minLength: 1, maxLength: 20 }),
      (intents, outcomes) => {
        const { text, steps, asked } = drive(intents, (_tool, _input, n) => outcomes[n % outcomes.length] ?? ok(""))
        expect(steps).toBeLessThan(MAX_STEPS)
        expect(text.length).toBeGreaterThan(0)
        expect(text.length).toBeLessThan(80_000)
        for (const call of asked)
          expect(asked.filter((other) => other === call).length).toBeLessThanOrEqual(intents.length * 2)
      },
    ),
    { numRuns: 1000 },
  )
})

test("the same history gives the same step", () => {
  const input: StepInput = {
    intents: [{ type: "search", text: "X", scope: {}, count: false }],
    history: [{ tool: "grep", outcome: ok("No matches found") }],
    steps: 1,
    tools: ALL,
    directory: "/w",
  }
  expect(nextStep(input)).toEqual(nextStep(input))
  expect(input.history).toHaveLength(1)
})

describe("replace", () => {
  const intent: Intent = { type: "replace", from: "x", to: "y", scope: {} }
  const grep = (...files: string[]) =>
    ok(`Found ${files.length} matches\n${files.map((file) => `${file}:\n  Line 1: x`).join("\n\n")}`)
  const file = (text: string) =>
    ok(`<type>file</type>\n<content>\n1: ${text}\n\n(End of file - total 1 lines)\n</content>`)

  test("goes on past a file that cannot be edited, and names it", () => {
    const { text } = drive([intent], (tool, input, n) => {
      if (tool === "grep") return n === 0 ? grep("/w/a.ts", "/w/b.ts") : grep("/w/b.ts")
      if (tool === "read") return file("x x x")
      return input["filePath"] === "/w/b.ts" ? no("/w/b.ts cannot be written.\nmore") : ok("Edit applied successfully.")
    })
    expect(text).toBe(
      "Replaced `x` with `y`: 3 places in 1 file.\n- a.ts (3)\nLeft as they are:\n- b.ts: /w/b.ts cannot be written.",
    )
  })

  test("says at least when a file was shown in part", () => {
    const { text } = drive([intent], (tool, _input, n) => {
      if (tool === "grep") return n === 0 ? grep("/w/a.ts") : ok("No matches found")
      if (tool === "edit") return ok("Edit applied successfully.")
      return ok("<type>file</type>\n<content>\n1: x\n\n(Showing lines 1-1 of 9. Use offset 2 to go on.)\n</content>")
    })
    expect(text).toContain("at least 1 place in 1 file")
  })

  test("many files go in batches, and stop at the limit of steps with what is done", () => {
    const files = Array.from({ length: 400 }, (_, n) => `/w/${n}.ts`)
    const { text, steps } = drive([intent], (tool) => {
      if (tool === "grep") return grep(...files)
      return tool === "read" ? file("x") : ok("Edit applied successfully.")
    })
    expect(steps).toBe(MAX_STEPS - 1)
    expect(text).toContain("Replaced `x` with `y`: 152 places in 152 files.")
    expect(text).toContain(`The limit of ${MAX_STEPS} steps is reached.`)
  })
})

const answers: [string, Intent, Outcome[], RegExp][] = [
  [
    "a folder that is not there",
    { type: "list", folder: "x", recursive: false },
    [no("/w/x does not exist.")],
    /`x` could not be listed: \/w\/x does not exist\./,
  ],
  [
    "an empty folder",
    { type: "list", folder: "x", recursive: false },
    [ok("<type>directory</type>\n<entries>\n\n(0 entries)\n</entries>")],
    /`x` is empty/,
  ],
  [
    "more than a search shows",
    { type: "search", text: "x", scope: {}, count: true },
    [ok("Found 100 matches\n/w/a:\n  Line 1: x x\n\n(Only the first 100 are shown.)"), no("No shell here.")],
    /on more than 1 line of 1 file, more than 2 times in all/,
  ],
  [
    "more than a search shows, and git knows how many",
    { type: "search", text: "x", scope: {}, count: true },
    [ok("Found 100 matches\n/w/a:\n  Line 1: x\n\n(Only the first 100 are shown.)"), ok("  1234\n")],
    /`x` occurs 1234 times, by the count of git/,
  ],
  [
    "other capitals",
    { type: "search", text: "X", scope: {}, count: false },
    [ok("No matches found"), ok("Found 1 matches\n/w/a:\n  Line 1: x")],
    /in other capitals/,
  ],
  ["a picture", { type: "read", file: "a.png" }, [ok("Image read successfully")], /`a.png`: Image read successfully/],
  [
    "a file elsewhere, twice",
    { type: "read", file: "a.ts" },
    [no("not found"), ok("/w/x/a.ts\n/w/y/a.ts")],
    /several of that name:\n- x\/a.ts\n- y\/a.ts/,
  ],
  [
    "a command that was stopped",
    { type: "run", command: "sleep 9" },
    [ok("<shell_metadata>\nUser aborted the command\n</shell_metadata>")],
    /`sleep 9` was stopped \(User aborted the command\)/,
  ],
  ["a cargo project", { type: "script", script: "test" }, [ok("/w/Cargo.toml"), ok("fine")], /`cargo test` succeeded/],
  [
    "a project of another kind",
    { type: "script", script: "build" },
    [ok("/w/deep/package.json")],
    /I do not see how to build/,
  ],
  ["a call out of another history", { type: "run", command: "x" }, [], /history of this turn/],
]
test.each(answers)("%s", (_name, intent, outcomes, expected) => {
  const tools: Partial<Record<Intent["type"], string[]>> = {
    list: ["read"],
    search: intent.type === "search" && intent.count ? ["grep", "bash"] : ["grep", "grep"],
    read: ["read", "glob"],
    run: ["bash"],
    script: ["glob", "bash"],
  }
  const history = outcomes.length
    ? outcomes.map((outcome, index) => ({ tool: tools[intent.type]?.[index] ?? "bash", outcome }))
    : [{ tool: "webfetch", outcome: ok("") }]
  const step: Step = nextStep({ intents: [intent], history, steps: 1, tools: ALL, directory: "/w" })
  expect(step).toMatchObject({ type: "answer", text: expect.stringMatching(expected) })
})
