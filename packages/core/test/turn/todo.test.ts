import { calls, says, script } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const todos = [
  { content: "look", status: "completed", priority: "high" },
  { content: "change", status: "in_progress", priority: "medium" },
]

test("what is to be done is stored with the session, and told to everybody after it is", async () => {
  await using w = await world({ model: script(calls("todowrite", { todos }), says("noted")) })
  const told = w.happened("todo.updated")
  await w.prompt("go")

  const { id } = await w.session()
  expect(await told).toEqual({ sessionID: id, todos })
  expect(await w.calls()).toMatchObject([
    { state: { status: "completed", title: "1 todos", metadata: { todos }, output: JSON.stringify(todos, null, 2) } },
  ])
  await w.restart()
  expect(w.engine.sessions.todos(id)).toEqual(todos)
  await w.engine.sessions.remove(id)
  expect(w.home.store.todos.get(id)).toEqual([])
})

test("a list that is denied is not offered, and one that does not fit is refused", async () => {
  await using w = await world({
    permission: { todowrite: "deny" },
    model: script(
      calls("todowrite", { todos }),
      calls("todowrite", { todos: [{ content: "x", status: "later" }] }),
      says("no"),
    ),
  })
  await w.prompt("go")
  expect(w.model.requests[0]!.tools).not.toContain("todowrite")
  expect(await w.calls()).toMatchObject([
    { state: { status: "error", error: expect.stringContaining("rule which prevents you") } },
    { tool: "invalid", state: { output: expect.stringContaining('"todos.0.status"') } },
  ])
  expect(w.engine.sessions.todos((await w.session()).id)).toEqual([])
})
