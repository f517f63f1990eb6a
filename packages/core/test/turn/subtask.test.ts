import { calls, says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { cast, childrenOf, textOf } from "./cast.ts"

const subtask = (prompt: string, more = {}) => ({
  type: "subtask" as const,
  prompt,
  description: `do ${prompt}`,
  agent: "general",
  ...more,
})

const LARGE = { model: { providerID: "mock", modelID: "large" } }
/** Tells the parent's requests from those of the subagent. */
const PLEASE = { type: "text" as const, text: "please" }

test("a prompt that gives a task itself starts it without asking the model, which then goes on with the result", async () => {
  await using w = await world({
    permission: { task: "deny" }, // the user's own word counts more
    model: cast([says("all in all, two")], { "count files": [says("Two files.")] }),
  })
  const answer = await w.prompt("", { parts: [PLEASE, subtask("count files", { command: "count" })] })
  const messages = await w.transcript()

  expect(messages.map(({ info }) => info.role)).toEqual(["user", "assistant", "user", "assistant"])
  expect(messages[1]).toMatchObject({
    info: { finish: "tool-calls", parentID: messages[0]?.info.id },
    parts: [
      { type: "step-start" },
      {
        type: "tool",
        tool: "task",
        state: {
          status: "completed",
          input: { prompt: "count files", description: "do count files", subagent_type: "general", command: "count" },
          output: expect.stringContaining("Two files."),
        },
      },
      { type: "step-finish" },
    ],
  })
  expect(messages[2]?.parts).toMatchObject([
    { type: "text", text: "Summarize the task tool output above and continue with your task.", synthetic: true },
  ])
  expect(textOf(answer.parts)).toBe("all in all, two")
  expect(answer.info).toMatchObject({ endReason: "stop" })
  expect((await childrenOf(w)).map(({ title }) => title)).toEqual(["do count files (@general subagent)"])
  expect(w.model.unexpected).toEqual([])
})

test("several tasks of one prompt are done, each with the model that was chosen for it", async () => {
  await using w = await world({
    config: { agent: { general: { model: "mock/small" } } },
    model: cast([says("both are done")], {
      one: [says("1")],
      two: [calls("bash", { command: "touch made" }), says("2")],
    }),
  })
  await w.prompt("", { parts: [PLEASE, subtask("one", LARGE), subtask("two", LARGE)] })
  expect((await w.calls()).map(({ state }) => state.status)).toEqual(["completed", "completed"])
  expect(w.files()).toEqual(["made"])
  expect(w.model.unexpected).toEqual([])
})

test("a task that cannot be started is told to the model, and the turn goes on", async () => {
  await using w = await world({ model: cast([says("I see"), says("I see")], {}) })
  await w.prompt("", { parts: [PLEASE, subtask("x", { agent: "compaction" })] })
  await w.prompt("", { parts: [PLEASE, subtask("x", { model: { providerID: "mock", modelID: "small" } })] })
  const [primary, small] = await w.calls()
  expect(primary?.state).toMatchObject({ status: "error", error: expect.stringContaining("compaction") })
  expect(small?.state).toMatchObject({ status: "error", error: expect.stringContaining("small") })
  expect((await w.transcript()).at(-1)?.info).toMatchObject({ endReason: "stop" })
})

test("an abort ends a task that the prompt gave, and nothing more is asked", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: cast([], { x: [calls("bash", { command: "ls" })] }),
  })
  const turn = w.prompt("", { parts: [PLEASE, subtask("x")] })
  await w.asked("bash")
  await w.engine.sessions.abort((await w.session()).id)
  expect((await turn).info).toMatchObject({ endReason: "aborted" })
  expect(w.model.requests).toHaveLength(1)
  expect(w.engine.gate.list()).toEqual([])
})

test("a bare no to a task that the prompt gave ends the turn", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: cast([], { x: [calls("bash", { command: "ls" })] }),
  })
  const turn = w.prompt("", { parts: [PLEASE, subtask("x")] })
  ;(await w.asked("bash")).reject()
  expect((await turn).info).toMatchObject({ endReason: "rejected" })
  expect(w.model.requests).toHaveLength(1)
})

test("the tasks of a prompt that steers are done although another prompt came right behind it", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: cast([calls("bash", { command: "true" }), says("all in all, two")], { "count files": [says("Two files.")] }),
  })
  const first = w.prompt("go")
  const ask = await w.asked("bash")
  const { sessions } = w.engine
  const { id } = await w.session()
  const { answer: second } = await sessions.prompt(id, { parts: [PLEASE, subtask("count files")] })
  const { answer: third } = await sessions.prompt(id, { parts: [{ type: "text", text: "hurry" }] })
  ask.once()

  const answers = await Promise.all([first, second, third])
  expect(answers.map((answer) => textOf(answer?.parts ?? []))).toEqual(Array(3).fill("all in all, two"))
  expect((await w.calls()).map(({ tool, state }) => [tool, state.status])).toEqual([
    ["bash", "completed"],
    ["task", "completed"],
  ])
})

test("what a prompt wants in a form comes in it, also after the tasks that it gives", async () => {
  await using w = await world({
    model: cast([calls("StructuredOutput", { files: 2 })], { "count files": [says("Two files.")] }),
  })
  const schema = { type: "object", properties: { files: { type: "number" } }, required: ["files"] }
  const format = { type: "json_schema" as const, schema }
  const answer = await w.prompt("", { parts: [PLEASE, subtask("count files")], format })
  expect(answer.info).toMatchObject({ structured: { files: 2 }, endReason: "stop" })
})
