import type { AssistantMessage, PromptLimits } from "@opencode/protocol/message.ts"
import { calls, callsMany, neverAnswers, says } from "@opencode/testing/script.ts"
import type { HeardRequest } from "@opencode/testing/model-server.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const mayCall = ({ body }: HeardRequest): boolean => body.tool_choice !== "none"

/** A model that never stops by itself: it calls while it may. */
const endless = (request: HeardRequest) =>
  mayCall(request) ? calls("bash", { command: `echo ${request.number}` }) : says("this is what was done")

const last = async (w: World, limits: PromptLimits): Promise<AssistantMessage> => {
  const { info } = await w.prompt("go", { limits })
  if (info.role !== "assistant") throw new Error("no answer")
  return info
}

test("a prompt's steps are all that is asked of the model, and the last of them may not call tools", async () => {
  await using w = await world({ permission: "allow", model: endless })
  const info = await last(w, { steps: 3 })
  expect(info).toMatchObject({ endReason: "steps" })
  expect(w.model.requests.map(mayCall)).toEqual([true, true, false])
})

test.each<[PromptLimits, string]>([
  [{ cost: 0.0001 }, "cost"],
  [{ tokens: 100 }, "tokens"],
])("a prompt with the limits %j ends after the answer that uses them up", async (limits, endReason) => {
  await using w = await world({ permission: "allow", model: endless })
  expect(await last(w, limits)).toMatchObject({ endReason, error: { name: "UnknownError" } })
  expect(w.model.requests).toHaveLength(1)
})

test("a prompt's time ends a model that does not answer", async () => {
  await using w = await world({ model: () => neverAnswers() })
  const info = await last(w, { time: 200 })
  expect(info).toMatchObject({ endReason: "time", error: { data: { message: expect.stringContaining("0.2 s") } } })
})

test("limits hold for the turn of their prompt, and not for the next", async () => {
  await using w = await world({ permission: "allow", model: endless })
  await last(w, { steps: 2 })
  const before = w.model.requests.length
  w.model.requests.length = 0
  expect(before).toBe(2)
  expect(await last(w, { steps: 4 })).toMatchObject({ endReason: "steps" })
  expect(w.model.requests).toHaveLength(4)
})

test("subagents use what their prompt was given", async () => {
  const input = { description: "do it", prompt: "do it", subagent_type: "general" }
  await using w = await world({
    permission: "allow",
    model: (request) =>
      request.messages.some(({ text }) => text === "do it")
        ? endless(request)
        : mayCall(request)
          ? callsMany([{ name: "task", input }])
          : says("so far"),
  })
  expect(await last(w, { steps: 5 })).toMatchObject({ endReason: "steps" })
  expect(w.model.requests).toHaveLength(5)
})

test("a server's own limits stay where a prompt asks for more", async () => {
  await using w = await world({ permission: "allow", model: endless, limits: { steps: 2 } })
  await last(w, { steps: 50 })
  expect(w.model.requests).toHaveLength(2)
})
