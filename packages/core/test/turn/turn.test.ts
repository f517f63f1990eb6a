import { calls, callsMany, badToolJson, says, script, thinks } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const wires = ["openai", "anthropic"] as const

test.each(wires)("a prompt is answered and the answer is on record (%s)", async (wire) => {
  await using w = await world({ wire, model: script(says("hello there")) })
  const answer = await w.prompt("hi")

  expect(answer.info).toMatchObject({ role: "assistant", finish: "stop", providerID: "mock", modelID: "large" })
  expect(answer.parts.map((part) => part.type)).toEqual(["step-start", "text", "step-finish"])
  expect(answer.parts[1]).toMatchObject({ text: "hello there" })
  expect(await w.transcript()).toEqual([
    expect.objectContaining({ info: expect.objectContaining({ role: "user" }) }),
    answer,
  ])
})

test.each(wires)("calls run and their results go back until the model stops (%s)", async (wire) => {
  await using w = await world({
    wire,
    files: { "a.txt": "alpha\n" },
    model: script(
      calls("read", { filePath: "a.txt" }),
      calls("edit", { filePath: "a.txt", oldString: "alpha", newString: "beta" }),
      calls("bash", { command: "cat a.txt" }),
      says("done"),
    ),
  })
  const answer = await w.prompt("change it")

  expect(answer.parts.find((part) => part.type === "text")).toMatchObject({ text: "done" })
  expect(w.read("a.txt")).toBe("beta\n")
  expect((await w.calls()).map((call) => [call.tool, call.state.status])).toEqual([
    ["read", "completed"],
    ["edit", "completed"],
    ["bash", "completed"],
  ])
  expect(w.model.heard()).toContain("beta")
  expect(w.model.unexpected).toEqual([])
})

test.each(wires)("several calls of one answer all get their results, in order (%s)", async (wire) => {
  await using w = await world({
    wire,
    files: { a: "one", b: "two" },
    model: script(
      callsMany([
        { name: "read", input: { filePath: "a" } },
        { name: "bash", input: { command: "echo three > c" } },
        { name: "read", input: { filePath: "b" } },
        { name: "read", input: { filePath: "c" } },
      ]),
      says("ok"),
    ),
  })
  await w.prompt("go")

  expect((await w.calls()).map((call) => call.state.status)).toEqual(Array(4).fill("completed"))
  expect(w.model.heard()).toMatch(/one[\s\S]*two[\s\S]*three/)
})

test("what the tokens cost is added up for the message and the session", async () => {
  await using w = await world({
    model: script(
      calls(
        "glob",
        { pattern: "*" },
        { usage: { input: 1_000, output: 100, cacheRead: 0, cacheWrite: 0, reasoning: 0 } },
      ),
      says("ok", { usage: { input: 2_000, output: 200, cacheRead: 0, cacheWrite: 0, reasoning: 0 } }),
    ),
  })
  const answer = await w.prompt("go")
  const session = await w.session()

  expect(answer.info).toMatchObject({ tokens: { input: 2_000, output: 200 }, cost: 0.0024 })
  expect(session).toMatchObject({ tokens: { input: 3_000, output: 300 } })
  expect(session.cost).toBeCloseTo(0.0036)
})

test("reasoning is kept apart from the answer", async () => {
  await using w = await world({ wire: "anthropic", model: script(thinks("let me see", says("yes"))) })
  const answer = await w.prompt("is it?")
  expect(answer.parts.map((part) => part.type)).toEqual(["step-start", "reasoning", "text", "step-finish"])
  expect(answer.parts[1]).toMatchObject({ text: "let me see" })
})

test("a call that does not parse, or names no tool, becomes a call of `invalid` and the model goes on", async () => {
  await using w = await world({
    model: script(badToolJson("bash", '{"command": "ls'), calls("bahs", { command: "ls" }), says("sorry")),
  })
  const answer = await w.prompt("go")

  expect(await w.calls()).toMatchObject([
    { tool: "invalid", state: { status: "completed", input: { tool: "bash" } } },
    { tool: "invalid", state: { status: "completed", input: { tool: "bahs" } } },
  ])
  expect(w.model.heard()).toContain("bash")
  expect(answer.info).toMatchObject({ finish: "stop" })
})

test("the events of a prompt with one call come in the documented order", async () => {
  await using w = await world({ model: script(calls("bash", { command: "echo hi" }), says("said hi")) })
  await w.prompt("go")
  await w.happened("session.idle")

  const seen = w.events.map((frame) => {
    if (frame.type === "message.updated")
      return `${frame.type} ${(frame.properties as { info: { role: string } }).info.role}`
    if (frame.type === "session.status")
      return `${frame.type} ${(frame.properties as { status: { type: string } }).status.type}`
    if (frame.type !== "message.part.updated") return frame.type
    const { part } = frame.properties as { part: { type: string; state?: { status: string } } }
    return [frame.type, part.type, part.state?.status].filter(Boolean).join(" ")
  })
  const collapsed = seen.filter((name, index) => name !== seen[index - 1])
  expect(collapsed).toEqual([
    "session.created",
    "session.updated",
    "message.created",
    "message.updated user",
    "message.part.updated text",
    "session.status busy",
    "message.created",
    "message.updated assistant",
    "message.part.updated step-start",
    "message.part.updated tool pending",
    "message.part.updated tool running",
    "message.part.updated tool completed",
    "message.part.updated step-finish",
    "message.updated assistant",
    "session.updated",
    "session.status busy",
    "message.created",
    "message.updated assistant",
    "message.part.updated step-start",
    "message.part.updated text",
    "message.part.delta",
    "message.part.updated text",
    "message.part.updated step-finish",
    "message.updated assistant",
    "session.updated",
    "session.status idle",
    "session.idle",
  ])
})

test("a session gets its title from the first prompt, unless it has one", async () => {
  await using w = await world({ model: script(says("a"), says("b")) })
  expect((await w.session()).title).toMatch(/^New session - /)
  await w.prompt("\n  fix the   login page\nplease")
  expect((await w.session()).title).toBe("fix the login page")
  await w.prompt("something else")
  expect((await w.session()).title).toBe("fix the login page")
})

test("an agent with a step limit answers at the limit without tools", async () => {
  await using w = await world({
    config: { agent: { build: { steps: 3 } } },
    model: (request) =>
      request.number < 3 ? calls("bash", { command: `echo ${request.number}` }) : says("that is all"),
  })
  const answer = await w.prompt("loop")
  expect(w.model.requests).toHaveLength(3)
  expect(w.model.requests[2]?.body).toMatchObject({ tool_choice: "none" })
  expect(answer.info).toMatchObject({ finish: "stop" })
})

test("a model that calls tools after they were withdrawn is not obeyed", async () => {
  await using w = await world({
    config: { agent: { build: { steps: 2 } } },
    model: (request) => calls("bash", { command: `echo ${request.number} > made` }),
  })
  await w.prompt("loop")
  expect(w.model.requests).toHaveLength(2)
  expect(w.read("made")).toBe("1\n")
  expect((await w.calls()).map((call) => call.state.status)).toEqual(["completed", "error"])
})

test("the third equal call of a turn asks, however many calls lie between", async () => {
  await using w = await world({
    model: (request) => {
      if (request.number > 6) return says("stopped")
      return calls("bash", { command: request.number % 2 ? "echo again" : `echo ${request.number}` })
    },
  })
  const turn = w.prompt("go")
  const question = await w.asked("doom_loop")
  expect(question.patterns).toEqual(["bash"])
  question.reject("you are going in circles")
  await turn
  expect(
    w.model.requests.some((request) =>
      request.messages.some((m) => m.toolResults.some((r) => r.text.includes("circles"))),
    ),
  ).toBe(true)
})

test.each([
  ["that do not parse", badToolJson("bash", '{"command": ')],
  ["of a tool that is not there", calls("nothing", { x: 1 })],
  ["that a rule denies", calls("bash", { command: "rm -rf x" })],
  ["that fail before they start", calls("edit", { filePath: "gone", oldString: "a", newString: "b" })],
])("equal calls %s are stopped like any others", async (_, call) => {
  await using w = await world({ permission: { bash: { "*": "allow", "rm *": "deny" } }, model: () => call })
  const turn = w.prompt("go")
  ;(await w.asked("doom_loop")).reject()
  await turn
  expect(w.model.requests).toHaveLength(3)
})

test("each answer is on record with a hash of the prompts it was made with", async () => {
  await using w = await world({ model: () => says("ok") })
  const hash = async (input: Parameters<typeof w.prompt>[1] = {}): Promise<string | undefined> =>
    w.home.store.messages.prompts((await w.prompt("go", input)).info.id)
  const first = await hash()
  expect(first).toMatch(/^[0-9a-f]{16}$/)
  expect(await hash()).toBe(first)
  expect(await hash({ tools: { bash: false } })).not.toBe(first)
  expect(await hash({ system: "Be brief." })).not.toBe(first)
})

test("a tool that a prompt switches off does not run, even if the model calls it", async () => {
  await using w = await world({ model: script(calls("bash", { command: "touch made" }), says("fine")) })
  await w.prompt("go", { tools: { bash: false } })
  expect(w.files()).toEqual([])
  expect(w.model.heard()).toContain("switched off")
})
