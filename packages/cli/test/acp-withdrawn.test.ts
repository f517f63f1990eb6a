import { existsSync } from "node:fs"
import { join } from "node:path"
import { acpEditor, type Editor, type Said } from "@opencode/testing/acp-editor.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { expect, test, vi } from "vitest"
import { modelScript } from "./shared.ts"

// A dialog of the editor that is settled by somebody else, or by nobody.

const isDialog = ({ method }: Said): boolean => method === "session/request_permission"
const isWithdrawal = ({ method }: Said): boolean => method === "$/cancel_request"
const dialogs = ({ said }: Editor): unknown[] => said.filter(isDialog).map(({ id }) => id)
const withdrawn = ({ said }: Editor): unknown[] => said.filter(isWithdrawal).map(({ params }) => params.requestId)

const ASKS = { config: { permission: { bash: "ask" } } } as const

/** Whoever shows a dialog to a person, who looks at it until the test says what they choose. */
function person() {
  const choices: ((optionId: string | undefined) => void)[] = []
  const state = { taken: 0 }
  return {
    state,
    permission: (_: object, signal: AbortSignal) => {
      signal.addEventListener("abort", () => state.taken++)
      return new Promise<string | undefined>((resolve) => choices.push(resolve))
    },
    /** The agent's line is seen before the editor has shown it. */
    async chooses(optionId: string | undefined) {
      await vi.waitUntil(() => choices.length > 0)
      choices.shift()!(optionId)
    },
  }
}

/** Everything that was said to it before this is dealt with. */
const roundTrip = (editor: Editor): Promise<unknown> => editor.ask("session/list", {})

const loads = (editor: Editor, sessionId: string, cwd: string): Promise<unknown> =>
  editor.ask("session/load", { sessionId, cwd, mcpServers: [] })

test.each(["the one that asked the model", "the other one"])(
  "two editors show the same dialog: when %s answers it is taken back from who did not, whose late answer changes nothing",
  async (who) => {
    await using at = await modelScript(script(calls("bash", { command: "touch made" }), says("done")), ASKS)
    const [one, two] = [person(), person()]
    const [owner, watcher] = [await acpEditor(at, one), await acpEditor(at, two)]
    const id = await owner.session()
    const answer = owner.prompt(id, "go")
    await owner.hears(isDialog)
    await loads(watcher, id, at.project)
    await watcher.hears(isDialog)

    const [first, late, lateEditor] = who === "the other one" ? [two, one, owner] : [one, two, watcher]
    await first.chooses("once")
    await lateEditor.hears(isWithdrawal)
    expect(withdrawn(lateEditor)).toEqual(dialogs(lateEditor))
    await expect.poll(() => late.state.taken).toBe(1)
    await late.chooses("reject")
    expect(await answer).toMatchObject({ stopReason: "end_turn" })
    await roundTrip(lateEditor)
    expect(existsSync(join(at.project, "made"))).toBe(true)
    expect(first.state.taken).toBe(0)
    for (const editor of [owner, watcher]) {
      expect(editor.said.filter(({ error }) => error)).toEqual([])
      expect(editor.breaches).toEqual([])
    }
  },
)

test("an answer that allows what is asked in another session takes back the dialog there, and both go on", async () => {
  await using at = await modelScript(
    (request) =>
      request.messages.some(({ role }) => role === "tool")
        ? says("done")
        : calls("bash", { command: `touch ${request.messages.at(-1)?.text}` }),
    ASKS,
  )
  const { permission, chooses, state } = person()
  const editor = await acpEditor(at, { permission })
  const ids = [await editor.session(), await editor.session()]
  const answers = [editor.prompt(ids[0]!, "one"), editor.prompt(ids[1]!, "two")]
  await expect.poll(() => dialogs(editor).length).toBe(2)
  expect(new Set(editor.said.filter(isDialog).map(({ params }) => params.sessionId))).toEqual(new Set(ids))
  await chooses("always")
  expect(await Promise.all(answers)).toMatchObject([{ stopReason: "end_turn" }, { stopReason: "end_turn" }])
  expect(withdrawn(editor)).toEqual([dialogs(editor)[1]])
  expect(state.taken).toBe(1)
  for (const file of ["one", "two"]) expect(existsSync(join(at.project, file))).toBe(true)
  expect(editor.breaches).toEqual([])
})

test("a dialog goes with its turn, also that of a subagent, and a late yes runs nothing", async () => {
  await using at = await modelScript(
    script(
      calls("bash", { command: "touch made" }),
      calls("task", { description: "do it", prompt: "do the thing", subagent_type: "general" }),
      calls("bash", { command: "touch made" }),
      says("here"),
    ),
    ASKS,
  )
  const { permission, chooses, state } = person()
  const editor = await acpEditor(at, { permission })
  const id = await editor.session()
  for (const turn of [1, 2]) {
    const answer = editor.prompt(id, "go")
    await expect.poll(() => dialogs(editor).length).toBe(turn)
    await editor.tell("session/cancel", { sessionId: id })
    expect(await answer).toMatchObject({ stopReason: "cancelled" })
    await expect.poll(() => state.taken).toBe(turn)
    expect(withdrawn(editor)).toEqual(dialogs(editor))
    await chooses("once")
  }
  expect(await editor.prompt(id, "still there?")).toMatchObject({ stopReason: "end_turn" })
  expect(existsSync(join(at.project, "made"))).toBe(false)
  expect(editor.said.filter(({ error }) => error)).toEqual([])
  expect(editor.breaches).toEqual([])
})

const QUESTIONS = [{ question: "Which?", header: "Pick", options: [{ label: "A", description: "a" }] }]

test("a form goes with its turn", async () => {
  await using at = await modelScript(script(calls("question", { questions: QUESTIONS }), says("here")))
  const form: { signal?: AbortSignal } = {}
  const editor = await acpEditor(at, {
    capabilities: { elicitation: { form: {} } },
    form: (_, signal) => ((form.signal = signal), new Promise(() => {})),
  })
  const id = await editor.session()
  const answer = editor.prompt(id, "ask me")
  const shown = await editor.hears(({ method }) => method === "elicitation/create")
  await editor.tell("session/cancel", { sessionId: id })
  expect(await answer).toMatchObject({ stopReason: "cancelled" })
  await expect.poll(() => form.signal?.aborted).toBe(true)
  expect(withdrawn(editor)).toEqual([shown.id])
  expect(await editor.prompt(id, "still there?")).toMatchObject({ stopReason: "end_turn" })
  expect(editor.breaches).toEqual([])
})

test.each(["closes the session", "leaves", "cannot show dialogs"])(
  "an editor that only looks on and %s says nothing about what another one is asked",
  async (way) => {
    await using at = await modelScript(script(calls("bash", { command: "touch made" }), says("done")), ASKS)
    const [one, two] = [person(), person()]
    const owner = await acpEditor(at, one)
    const watcher = await acpEditor(at, {
      permission: (request, signal) =>
        way === "cannot show dialogs" ? Promise.reject(new Error("no dialogs here")) : two.permission(request, signal),
    })
    const id = await owner.session()
    const answer = owner.prompt(id, "go")
    await owner.hears(isDialog)
    await loads(watcher, id, at.project)
    await watcher.hears(isDialog)
    if (way === "closes the session") {
      await watcher.ask("session/close", { sessionId: id })
      await expect.poll(() => two.state.taken).toBe(1)
      await two.chooses(undefined)
    }
    if (way === "cannot show dialogs") await watcher.printed("answered with an error")
    if (way === "leaves") expect(await watcher.leave()).toMatchObject({ code: 0, stderr: "" })
    else await roundTrip(watcher)
    await roundTrip(owner)
    expect(withdrawn(owner)).toEqual([])
    await one.chooses("once")
    expect(await answer).toMatchObject({ stopReason: "end_turn" })
    expect(existsSync(join(at.project, "made"))).toBe(true)
    expect([...owner.breaches, ...watcher.breaches]).toEqual([])
  },
)

test("an editor that shows no forms leaves a question to the one that was asked it", async () => {
  await using at = await modelScript(script(calls("question", { questions: QUESTIONS }), says("ok")))
  const form: { answers(): void } = { answers: () => {} }
  const owner = await acpEditor(at, {
    capabilities: { elicitation: { form: {} } },
    form: () =>
      new Promise((resolve) => (form.answers = () => resolve({ action: "accept", content: { answer1: "A" } }))),
  })
  const watcher = await acpEditor(at)
  const id = await owner.session()
  await owner.prompt(id, "/compact")
  await loads(watcher, id, at.project)
  const answer = owner.prompt(id, "ask me")
  await owner.hears(({ method }) => method === "elicitation/create")
  await watcher.hears(({ params }) => params?.update?.status === "in_progress")
  for (const editor of [watcher, owner]) await roundTrip(editor)
  form.answers()
  expect(await answer).toMatchObject({ stopReason: "end_turn" })
  expect(at.model.heard()).toContain('"Which?"="A"')
  expect([...owner.breaches, ...watcher.breaches]).toEqual([])
})

test.each(["cancels it", "deletes the session"])(
  "when somebody else %s, the dialog is taken back and the prompt is answered",
  async (way) => {
    await using at = await modelScript(script(calls("bash", { command: "touch made" }), says("here")), ASKS)
    const { permission, chooses, state } = person()
    const [editor, other] = [await acpEditor(at, { permission }), await acpEditor(at, person())]
    const id = await editor.session()
    const answer = editor.prompt(id, "go")
    await editor.hears(isDialog)
    if (way === "cancels it") {
      await other.ask("session/resume", { sessionId: id, cwd: at.project })
      await other.tell("session/cancel", { sessionId: id })
    } else expect((await at.run(["session", "delete", id])).code).toBe(0)
    expect(await answer).toMatchObject({ stopReason: "cancelled" })
    await expect.poll(() => state.taken).toBe(1)
    expect(withdrawn(editor)).toEqual(dialogs(editor))
    await chooses("once")
    expect(await editor.prompt(await editor.session(), "still there?")).toMatchObject({ stopReason: "end_turn" })
    expect(existsSync(join(at.project, "made"))).toBe(false)
    expect([...editor.breaches, ...other.breaches]).toEqual([])
  },
)
