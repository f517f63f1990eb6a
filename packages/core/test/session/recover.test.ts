import type { AssistantMessage, UserMessage } from "@opencode/protocol/message.ts"
import type { ToolPart } from "@opencode/protocol/part.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { spawnSync } from "node:child_process"
import { expect, test } from "vitest"

/** A process that has ended. */
const deadPid = (): number => spawnSync("true").pid

interface Left {
  prompts: string[]
  /** Index in `prompts` of the one after which the answer was begun. */
  answeredAfter?: number
  calls?: { tool: string; status: "pending" | "running"; hasIntent?: boolean }[]
}

/** What a process that died left in the store. */
async function leave(w: World, { prompts, answeredAfter, calls = [] }: Left): Promise<string> {
  const { id: sessionID } = await w.session()
  const { store } = w.home
  await store.write((tx) => {
    store.leases.take(tx, { sessionID, owner: { pid: deadPid() }, now: 1 })
    for (const [index, text] of prompts.entries()) {
      const messageID = `msg_prompt${index}`
      store.messages.put(tx, userMessage(messageID, sessionID))
      store.parts.put(tx, { id: `prt_prompt${index}`, sessionID, messageID, type: "text", text }, 0)
      store.inbox.admit(tx, { sessionID, messageID, options: null, admitted: 1 })
      if (index !== answeredAfter) continue
      store.messages.put(tx, answer("msg_answer", sessionID, messageID))
      for (const [position, { tool, status, hasIntent }] of calls.entries()) {
        const callID = `call_${position}`
        store.parts.put(tx, callPart({ tool, status, callID, sessionID }), position)
        const intent = {
          messageID: "msg_answer",
          callID,
          sessionID,
          tool,
          effect: "unsafe",
          input: {},
          started: 1,
        } as const
        if (hasIntent) store.intents.open(tx, intent)
      }
    }
  })
  return sessionID
}

test.each([
  ["an unsafe call with an intent", { tool: "bash", status: "running", hasIntent: true }, /unknown: check before/],
  ["an unsafe call that had no intent yet", { tool: "bash", status: "running" }, /before this call started/],
  [
    "a tool that is not known any more, with an intent",
    { tool: "gone", status: "running", hasIntent: true },
    /unknown/,
  ],
  ["a tool that is not known any more", { tool: "gone", status: "running" }, /before this call started/],
  ["a call that only reads", { tool: "read", status: "running" }, /can be made again/],
  ["a call that can be repeated", { tool: "todowrite", status: "running" }, /can be made again/],
  ["a call that was not begun", { tool: "read", status: "pending" }, /before this call started/],
] as const)("%s is closed with what is known of it, and nothing is run", async (_, call, says_) => {
  await using w = await world({ model: [] })
  await leave(w, { prompts: ["go"], answeredAfter: 0, calls: [call] })
  expect((await w.calls())[0]?.state).toMatchObject({ status: "error", error: expect.stringMatching(says_) })
  expect((await w.transcript())[1]?.info).toMatchObject({
    error: { name: "MessageAbortedError" },
    time: { completed: expect.any(Number) },
  })
  expect(w.model.requests).toEqual([])
})

test("a client that follows parts alone hears of the calls that are closed", async () => {
  await using w = await world({ model: [] })
  await leave(w, { prompts: ["go"], answeredAfter: 0, calls: [{ tool: "bash", status: "running", hasIntent: true }] })
  const [call] = await w.calls()
  const told = w.events.flatMap(({ type, properties }) =>
    type === "message.part.updated" && "part" in properties ? [properties.part] : [],
  )
  expect(told).toEqual([call])
})

test("an answer that was begun is the answer of every prompt that it knew, and nobody is asked again", async () => {
  await using w = await world({ model: [] })
  const id = await leave(w, { prompts: ["one", "two"], answeredAfter: 1 })
  await w.transcript()
  expect(w.engine.sessions.status()).toEqual({})
  expect(w.home.store.inbox.unanswered(id)).toEqual([])
  expect(w.home.store.leases.get(id)).toBeUndefined()
  expect(w.model.requests).toEqual([])
})

test("a prompt that came behind the begun answer is answered when somebody opens the session, not at start", async () => {
  await using w = await world({ model: () => says("to the second") })
  const id = await leave(w, { prompts: ["one", "two"], answeredAfter: 0 })
  await w.restart()
  expect(JSON.parse(w.engine.sessions.listText({}))).toHaveLength(1)
  expect(w.home.store.inbox.unanswered(id)).toHaveLength(2)
  expect(w.model.requests).toEqual([])

  await Promise.all([w.transcript(), w.transcript()])
  await expect.poll(() => w.engine.sessions.status()).toEqual({})
  expect(w.model.requests).toHaveLength(1)
  expect((await w.transcript()).map(({ info }) => info.role)).toEqual(["user", "assistant", "user", "assistant"])
  expect(w.home.store.inbox.unanswered(id)).toEqual([])
})

const userMessage = (id: string, sessionID: string): UserMessage => ({
  id,
  sessionID,
  role: "user",
  time: { created: 1 },
  agent: "build",
  model: { providerID: "mock", modelID: "large" },
})

const answer = (id: string, sessionID: string, parentID: string): AssistantMessage => ({
  id,
  sessionID,
  parentID,
  role: "assistant",
  mode: "build",
  agent: "build",
  path: { cwd: "/", root: "/" },
  cost: 0,
  tokens: noTokens(),
  modelID: "large",
  providerID: "mock",
  time: { created: 1 },
})

function callPart({
  tool,
  status,
  callID,
  sessionID,
}: Record<"tool" | "callID" | "sessionID", string> & {
  status: "pending" | "running"
}): ToolPart {
  const state =
    status === "pending"
      ? ({ status, input: {}, raw: "" } as const)
      : ({ status, input: {}, time: { start: 1 } } as const)
  return { id: `prt_${callID}`, sessionID, messageID: "msg_answer", type: "tool", callID, tool, state }
}
