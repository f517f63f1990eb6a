import { calls, says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { dataOf, served } from "./served.ts"

const questions = [
  { question: "Which?", header: "Pick", options: [{ label: "A", description: "a" }], multiple: false },
  { question: "Why?", header: "Reason", options: [] },
]

test("the published SDK lists a question and answers it", async () => {
  await using s = await served({ model: script(calls("question", { questions }), says("thanks")) })
  const turn = s.world.prompt("go")
  const { id, sessionID } = await s.world.happened("question.asked")
  expect(await dataOf(s.v2.question.list())).toEqual([
    { id, sessionID, questions, tool: { messageID: expect.any(String), callID: expect.any(String) } },
  ])
  expect(await dataOf(s.v2.question.reply({ requestID: id, answers: [["A"], ["because", "of that"]] }))).toBe(true)
  await turn
  expect(await dataOf(s.v2.question.list())).toEqual([])
  expect(s.world.model.heard()).toContain(`"Which?"="A", "Why?"="because, of that"`)
})

test("the published SDK dismisses a question, and the turn is over", async () => {
  await using s = await served({ model: script(calls("question", { questions }), says("never said")) })
  const turn = s.world.prompt("go")
  const { id: requestID } = await s.world.happened("question.asked")
  expect(await dataOf(s.v2.question.reject({ requestID }))).toBe(true)
  expect((await turn).info).toMatchObject({ endReason: "rejected" })
  expect((await s.v2.question.reject({ requestID })).error).toMatchObject({ _tag: "QuestionNotFoundError", requestID })
})

test("answers that cannot be are refused with a sentence, and the question still waits", async () => {
  await using s = await served({ model: script(calls("question", { questions }), says("thanks")) })
  const turn = s.world.prompt("go")
  const { id } = await s.world.happened("question.asked")
  const reply = async (to: string, body: unknown): Promise<[number, string]> => {
    const response = await s.post(`/question/${to}/reply`, body)
    return [response.status, await response.text()]
  }
  expect(await reply("que_nope", { answers: [] })).toEqual([
    404,
    JSON.stringify({
      _tag: "QuestionNotFoundError",
      requestID: "que_nope",
      message: "Question request not found: que_nope",
    }),
  ])
  expect(await reply("per_nope", { answers: [] })).toEqual([400, expect.stringContaining("que")])
  expect(await reply(id, { answers: [["A"]] })).toEqual([400, expect.stringContaining("2 questions")])
  expect(await reply(id, { answers: ["A", "B"] })).toEqual([400, expect.stringContaining("answers")])
  expect(await reply(id, {})).toEqual([400, expect.stringContaining("answers")])
  expect(await reply(id, { answers: [["x".repeat(300_000)], []] })).toEqual([413, expect.any(String)])
  expect((await dataOf(s.v2.question.list())).map((request) => request.id)).toEqual([id])
  expect(await reply(id, { answers: [["A"], []], note: "what is not known is not read" })).toEqual([200, "true"])
  await turn
})
