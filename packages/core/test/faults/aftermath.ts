import { calls, callsMany, says, thinks } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect } from "vitest"
import { compile } from "../../src/turn/compile.ts"
import { FAMILIES, modelOf, TOOLS } from "../turn/history.ts"
import { broken } from "../turn/rules.ts"
import type { TurnProcess } from "./turn-process.ts"

const LAST = "the last words come one by one, ".repeat(8)

/** Makes the next call whose result it does not have yet, so that a turn that begins anew goes on sensibly. */
export function turnWorld(delayMs = 1): Promise<World> {
  const reading = callsMany([
    { name: "read", input: { filePath: "a.txt" } },
    { name: "glob", input: { pattern: "*" } },
  ])
  const steps = [
    reading,
    reading,
    calls("edit", { filePath: "a.txt", oldString: "one", newString: "two" }),
    calls("bash", { command: "echo ran >> ran.txt; sleep 0.3" }),
  ]
  return world({
    permission: "allow",
    files: { "a.txt": "one\n" },
    model: ({ messages }) => {
      if (messages.some((message) => message.text.includes("and now"))) return says("fine")
      const results = messages.flatMap((message) => message.toolResults)
      return steps[results.length] ?? thinks("well", says(LAST, { delayMs }))
    },
  })
}

/** What must hold whenever it died, and whatever it was doing. */
export async function expectNothingLost(w: World, sessionID: string, died: TurnProcess): Promise<void> {
  const { sessions } = w.engine
  const { store } = w.home
  const intents = store.intents.unfinished(sessionID)
  expect(store.integrityCheck()).toEqual([])

  // Everybody comes back at once.
  const [transcript] = await Promise.all([
    sessions.messages(sessionID),
    sessions.messages(sessionID),
    store.messages.list(sessionID)[0] && sessions.message(sessionID, store.messages.list(sessionID)[0]?.info.id ?? ""),
  ])
  const prompts = transcript.filter(({ info }) => info.role === "user")
  if (died.said.includes("admitted")) expect(prompts).toHaveLength(1)
  for (const prompt of prompts) expect(prompt.parts).toMatchObject([{ type: "text", text: "go" }])

  // A prompt that nothing was done for is answered now, since somebody has come.
  await expect.poll(() => sessions.status(), { timeout: 30_000 }).toEqual({})
  const closed = await sessions.messages(sessionID)
  if (prompts.length) expect(closed.some(({ info }) => info.role === "assistant")).toBe(true)
  for (const { info, parts } of closed) {
    if (info.role === "assistant") expect(info.time.completed).toBeDefined()
    for (const part of parts) {
      if (part.type === "text" || part.type === "reasoning")
        expect(part.time?.end ?? part.time?.start).toBe(part.time?.end)
      if (part.type === "tool") expect(["completed", "error"]).toContain(part.state.status)
    }
  }
  for (const { callID, messageID } of intents) {
    const part = closed
      .find(({ info }) => info.id === messageID)
      ?.parts.find((candidate) => candidate.type === "tool" && candidate.callID === callID)
    expect(part).toMatchObject({ state: { status: "error", error: expect.stringMatching(/unknown/) } })
  }
  expect(store.intents.unfinished(sessionID)).toEqual([])
  expect(store.inbox.unanswered(sessionID)).toEqual([])
  expect(store.messages.list(sessionID)).toEqual(closed)
  for (const npm of FAMILIES) {
    const model = modelOf(npm)
    expect(broken(compile({ system: [], messages: closed, tools: TOOLS, model }), model)).toEqual([])
  }

  const { answer } = await sessions.prompt(sessionID, { parts: [{ type: "text", text: "and now?" }] })
  expect((await answer)?.info).toMatchObject({ finish: "stop" })
  expect(sessions.status()).toEqual({})
  expect(w.model.unexpected).toEqual([])
  const ran = w.files().includes("ran.txt") ? w.read("ran.txt").trim().split("\n").length : 0
  expect(ran).toBeLessThanOrEqual(1)
  expect(store.integrityCheck()).toEqual([])
}
