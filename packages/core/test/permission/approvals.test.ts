import { cpSync } from "node:fs"
import { calls, says, script } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const ask = (permission: string, pattern: string) => ({ permission, patterns: [pattern], always: [], metadata: {} })
const asking = (permission: string) => [[{ permission, pattern: "*", action: "ask" as const }]]

/** Answers the first question of a turn so that the answer is kept. */
async function saveFirst(w: World, text = "go"): Promise<void> {
  const turn = w.prompt(text)
  const { id } = await w.happened("permission.asked")
  await w.engine.approvals.reply(id, { reply: "always", save: true })
  await turn
}
const saved = (w: World) => w.engine.approvals.list().map(({ permission, pattern }) => `${permission} ${pattern}`)

test("what is saved is saved for this folder's project, not for a copy of it elsewhere", async () => {
  await using w = await world({
    git: true,
    permission: { bash: "ask" },
    model: script(calls("bash", { command: "git status && npm run build" }), says("done")),
  })
  await saveFirst(w)
  expect(saved(w)).toEqual(["bash git status *", "bash npm run build *"])
  expect(w.engine.gate.allows([ask("bash", "git status -s")], { rulesets: asking("bash") })).toBe(true)

  // The same history, so the same project to git.
  cpSync(w.project, w.folder.join("copy"), { recursive: true })
  const copy = await w.engines.at(w.folder.join("copy"))
  expect(copy.approvals.list()).toEqual([])
  expect(copy.gate.allows([ask("bash", "git status -s")], { rulesets: asking("bash") })).toBe(false)
  const [one] = w.engine.approvals.list()
  await expect(copy.approvals.remove(one?.id ?? "")).rejects.toMatchObject({ code: "not_found" })
  expect(w.engine.approvals.list()).toHaveLength(2)
})

test("folders below the worktree share what is saved, folders without a repository do not", async () => {
  await using w = await world({
    git: true,
    files: { "packages/a/x.txt": "x" },
    permission: { bash: "ask" },
    model: script(calls("bash", { command: "make all" }), says("done")),
  })
  await saveFirst(w)
  const below = await w.engines.at(`${w.project}/packages/a`)
  expect(below.approvals.list()).toEqual(w.engine.approvals.list())
  w.folder.write({ "loose/one/.keep": "", "loose/two/.keep": "" })
  const [one, two] = await Promise.all(["one", "two"].map((name) => w.engines.at(w.folder.join("loose", name))))
  const waiting = one!.gate.check({
    sessionID: "ses_a",
    asks: [{ ...ask("bash", "make all"), always: ["make *"] }],
    rulesets: asking("bash"),
    signal: AbortSignal.timeout(10_000),
  })
  await one!.approvals.reply(one!.gate.list()[0]?.id ?? "", { reply: "always", save: true })
  expect(await waiting).toEqual({ type: "allow" })
  expect(one!.approvals.list()).toHaveLength(1)
  expect(two!.approvals.list()).toEqual([])
})

test("what is taken back is asked again, also by the process that was given it", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: script(calls("bash", { command: "make all" }), says("done")),
  })
  await saveFirst(w)
  const { approvals, gate } = w.engine
  const isAllowed = () => gate.allows([ask("bash", "make all")], { rulesets: asking("bash") })
  expect(isAllowed()).toBe(true)
  await approvals.remove(approvals.list()[0]?.id ?? "")
  expect(isAllowed()).toBe(false)
})

test("a denial, a ceiling and a session's rules stand above what is saved", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: script(calls("bash", { command: "make all" }), says("done")),
  })
  await saveFirst(w)
  const { gate } = w.engine
  const make = [ask("bash", "make all")]
  const deny = [{ permission: "bash", pattern: "make *", action: "deny" as const }]
  expect(gate.allows(make, { rulesets: asking("bash") })).toBe(true)
  expect(gate.allows(make, { rulesets: [...asking("bash"), deny] })).toBe(false)
  expect(gate.allows(make, { rulesets: asking("bash"), ceiling: deny })).toBe(false)
  expect(gate.allows(make, { rulesets: asking("bash"), ceiling: asking("bash")[0]! })).toBe(false)
})

test("nothing is kept of an answer for a control file, and it is asked for again", async () => {
  const content = "[alias]\n"
  await using w = await world({
    model: ({ messages }) =>
      messages.at(-1)?.role === "user" ? calls("write", { filePath: ".npmrc", content }) : says("done"),
  })
  await saveFirst(w)
  expect(w.read(".npmrc")).toBe(content)
  expect(saved(w)).toEqual([])
  expect(w.engine.gate.approved()).toEqual([])
  await w.restart()
  expect(w.engine.gate.allows([ask("control_file", ".npmrc")], { rulesets: asking("control_file") })).toBe(false)
})

test("the same approval is saved once, and an ask that offers nothing saves nothing", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: script(
      calls("bash", { command: "make all" }),
      says("one"),
      calls("bash", { command: "$UNKNOWN x" }),
      says("two"),
    ),
  })
  await saveFirst(w)
  const again = w.prompt("again")
  const { id } = await w.happened("permission.asked", ({ patterns }) => patterns[0]?.includes("UNKNOWN") ?? false)
  await w.engine.approvals.reply(id, { reply: "always", save: true })
  await again
  expect(saved(w)).toEqual(["bash make all *"])
  await expect(w.engine.approvals.reply(id, { reply: "always", save: true })).rejects.toMatchObject({
    code: "permission_not_found",
  })
})
