import { deferred } from "@opencode/core/lib/deadline.ts"
import { says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

/** A world in which the turn of the prompt "stop me" waits, while it gathers, until somebody says so. */
async function held() {
  const reached = deferred<void>()
  const gate = deferred<void>()
  const state = { holds: false }
  const w = await world({
    model: () => says("done"),
    permission: "allow",
    hooks: {
      async systemTransform() {
        if (!state.holds) return
        state.holds = false
        reached.resolve()
        await gate.promise
      },
    },
  })
  await w.prompt("first")
  const { id } = await w.session()
  state.holds = true
  const stopped = w.prompt("stop me")
  await reached.promise
  const aborting = w.engine.sessions.abort(id)
  return { w, id, stopped, aborting, go: () => gate.resolve() }
}

const promptOf = async (w: World, text: string): Promise<string | undefined> =>
  (await w.transcript()).find(({ parts }) => parts.some((part) => part.type === "text" && part.text === text))?.info.id

test("an aborted turn answers what was aborted, and not the prompt that came afterwards", async () => {
  const { w: world, id, stopped, aborting, go } = await held()
  await using w = world
  const { answer } = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "later" }] })
  go()
  await aborting
  expect((await stopped).info).toMatchObject({
    parentID: await promptOf(w, "stop me"),
    error: { name: "MessageAbortedError" },
  })
  expect((await answer)?.info).toMatchObject({ parentID: await promptOf(w, "later"), finish: "stop" })
})

test("a compaction that is asked for while a turn is aborted is made", async () => {
  const { w: world, id, stopped, aborting, go } = await held()
  await using w = world
  const made = w.engine.compaction.summarize(id, { providerID: "mock", modelID: "large" })
  await w.happened("message.part.updated", ({ part }) => part.type === "compaction")
  go()
  await aborting
  await stopped
  expect(await made).toBe(true)
})

test("the task of a prompt that came while a turn was aborted is done", async () => {
  const { w: world, id, stopped, aborting, go } = await held()
  await using w = world
  const { answer } = await w.engine.sessions.prompt(id, {
    parts: [{ type: "subtask", agent: "general", description: "part", prompt: "do a part" }],
  })
  go()
  await aborting
  await stopped
  await answer
  expect((await w.calls()).map(({ tool }) => tool)).toEqual(["task"])
})
