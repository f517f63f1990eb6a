import { calls, says, script } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { beginningOf, cast, childrenOf, starts, task } from "../turn/cast.ts"

const which = (header = "Colour") => ({
  question: "Which colour?",
  header,
  options: [
    { label: "Red", description: "like a rose" },
    { label: "Blue", description: "like the sea" },
  ],
})
const asks = (...questions: object[]) => calls("question", { questions })

test("the user's answers reach the model, in the order of the questions and in their own words too", async () => {
  await using w = await world({
    model: script(asks(which(), { ...which(), question: "And besides?", multiple: true }, which()), says("thanks")),
  })
  const turn = w.prompt("go")
  const request = await w.happened("question.asked")
  const { id: sessionID } = await w.session()
  const [call] = await w.calls()
  expect(request).toEqual({
    id: expect.stringMatching(/^que_/),
    sessionID,
    questions: [which(), { ...which(), question: "And besides?", multiple: true }, which()],
    tool: { messageID: call?.messageID, callID: call?.callID },
  })
  expect(call?.state.status).toBe("running")
  expect(w.engine.questions.list()).toEqual([request])
  const answers = [["Blue"], ["Red", "a bit of green"], []]
  w.engine.questions.reply(request.id, answers)
  await turn

  expect(w.engine.questions.list()).toEqual([])
  expect(await w.happened("question.replied")).toEqual({ sessionID, requestID: request.id, answers })
  const [{ state } = { state: undefined }] = await w.calls()
  expect(state).toMatchObject({ status: "completed", metadata: { answers }, title: "Asked 3 questions" })
  expect(state?.status === "completed" && state.output).toContain(
    `User has answered your questions: "Which colour?"="Blue", "And besides?"="Red, a bit of green", "Which colour?"=unanswered.`,
  )
  expect(w.model.heard()).toContain("a bit of green")
})

test("a dismissed question ends the turn, and the call says why", async () => {
  await using w = await world({ model: script(asks(which()), says("never said")) })
  const turn = w.prompt("go")
  const { id } = await w.happened("question.asked")
  w.engine.questions.reply(id, undefined)
  const { info } = await turn
  expect(info).toMatchObject({ finish: "tool-calls", endReason: "rejected" })
  expect(await w.calls()).toMatchObject([
    { state: { status: "error", error: expect.stringContaining("The user dismissed this question") } },
  ])
  expect(await w.happened("question.rejected")).toMatchObject({ requestID: id })
  expect(w.model.requests).toHaveLength(1)
})

test("with continue_loop_on_deny the model goes on after a dismissed question", async () => {
  await using w = await world({
    config: { experimental: { continue_loop_on_deny: true } },
    model: script(asks(which()), says("then red")),
  })
  const turn = w.prompt("go")
  w.engine.questions.reply((await w.happened("question.asked")).id, undefined)
  await turn
  expect(w.model.heard()).toContain("The user dismissed this question")
})

test("an abort takes the question back, and a late answer changes nothing", async () => {
  await using w = await world({ model: script(asks(which()), says("never said")) })
  const turn = w.prompt("go")
  const { id, sessionID } = await w.happened("question.asked")
  await w.engine.sessions.abort(sessionID)
  await turn
  expect(w.engine.questions.list()).toEqual([])
  expect(w.events.filter(({ type }) => type === "question.rejected")).toHaveLength(1)
  expect(() => w.engine.questions.reply(id, [["Red"]])).toThrow(expect.objectContaining({ code: "question_not_found" }))
  expect(w.events.map(({ type }) => type)).not.toContain("question.replied")
  expect(await w.calls()).toMatchObject([{ state: { status: "error", metadata: { interrupted: true } } }])
})

test("a reply with a wrong number of answers is refused, and the question still waits", async () => {
  await using w = await world({ model: script(asks(which(), which()), says("thanks")) })
  const turn = w.prompt("go")
  const { id } = await w.happened("question.asked")
  for (const answers of [[], [["Red"]], [["Red"], ["Red"], ["Red"]]]) {
    expect(() => w.engine.questions.reply(id, answers)).toThrow(
      expect.objectContaining({ code: "bad_request", message: expect.stringContaining("2 questions") }),
    )
  }
  w.engine.questions.reply(id, [["Red"], ["Blue"]])
  await turn
})

test("the end of the process leaves no call running and no question waiting", async () => {
  await using w = await world({ model: script(asks(which()), says("never said")) })
  const turn = w.prompt("go")
  await w.happened("question.asked")
  await w.restart()
  await turn.catch(() => {}) // its process ended
  expect(w.engine.questions.list()).toEqual([])
  expect((await w.calls()).map(({ state }) => state.status)).toEqual(["error"])
})

test("a header that is too long is cut for clients, and kept as the model wrote it", async () => {
  const header = "Which of the many colours that there are"
  await using w = await world({ model: script(asks(which(header)), says("thanks")) })
  const turn = w.prompt("go")
  const { id, questions } = await w.happened("question.asked")
  expect(questions[0]?.header).toBe("Which of the many colours tha…")
  w.engine.questions.reply(id, [["Red"]])
  await turn
  expect((await w.calls())[0]?.state.input).toEqual({ questions: [which(header)] })
})

test.each([
  ["no question", { questions: [] }],
  ["an option without a label", { questions: [{ ...which(), options: [{ label: "", description: "x" }] }] }],
  ["no list", { questions: "Which?" }],
])("a call with %s is told what is wrong, and asks nobody", async (_, input) => {
  await using w = await world({ model: script(calls("question", input), says("sorry")) })
  await w.prompt("go")
  expect(w.events.map(({ type }) => type)).not.toContain("question.asked")
  expect(w.model.heard()).toContain("Invalid input for tool question")
})

test("it is offered where somebody can answer: to build and plan, not to subagents, nor where the session denies it", async () => {
  await using w = await world({
    model: cast([says("ok"), says("ok"), starts(task("look")), says("ok")], {
      look: [says("seen")],
      alone: [says("ok")],
    }),
  })
  await w.prompt("go")
  await w.prompt("go", { agent: "plan" })
  await w.prompt("go", { agent: "build" })
  const { id } = await w.engine.sessions.create({
    permission: [{ permission: "question", pattern: "*", action: "deny" }],
  })
  const { answer } = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "alone" }] })
  await answer
  const offered = (beginning: string) =>
    w.model.requests
      .filter((request) => beginningOf(request).startsWith(beginning))
      .map(({ tools }) => tools.includes("question"))
  expect({ go: offered("go"), look: offered("look"), alone: offered("alone") }).toEqual({
    go: [true, true, true, true],
    look: [false],
    alone: [false],
  })
})

test("where it is denied, a call of it all the same is refused without a question", async () => {
  await using w = await world({ permission: { question: "deny" }, model: script(asks(which()), says("sorry")) })
  await w.prompt("go")
  expect(w.events.map(({ type }) => type)).not.toContain("question.asked")
  expect(w.model.heard()).toContain("The user has specified a rule")
})

test("what a subagent asks reaches whoever answers for the folder, and the subagent goes on", async () => {
  await using w = await world({
    permission: { question: "allow" },
    model: cast([starts(task("look")), says("done")], { look: [asks(which()), says("it is blue")] }),
  })
  const turn = w.prompt("go")
  const request = await w.happened("question.asked")
  const [child] = await childrenOf(w)
  expect(request.sessionID).toBe(child?.id)
  w.engine.questions.reply(request.id, [["Blue"]])
  await turn
  expect(w.model.heard()).toContain("it is blue")
})
