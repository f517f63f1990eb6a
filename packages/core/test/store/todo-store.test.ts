import { expect, test } from "vitest"
import { session, temporaryFolder } from "./world.ts"

const todo = (content: string) => ({ content, status: "pending", priority: "high" })

test("a list is replaced as a whole, survives a restart, and goes with its session", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  await store.write((tx) => {
    store.sessions.insert(tx, session("a"))
    store.sessions.insert(tx, session("b"))
    store.todos.put(tx, "ses_a", [todo("one"), todo("two")])
    store.todos.put(tx, "ses_b", [todo("other")])
  })
  await store.write((tx) => store.todos.put(tx, "ses_a", [todo("three")]))
  await store.close()

  const again = await folder.open()
  expect(again.todos.get("ses_a")).toEqual([todo("three")])
  await again.write((tx) => again.sessions.remove(tx, "ses_a"))
  expect(again.todos.get("ses_a")).toEqual([])
  expect(again.todos.get("ses_b")).toEqual([todo("other")])
})
