import { says, script } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { depthOf, family, isBelow } from "../../src/session/family.ts"
import { session, temporaryFolder } from "../store/world.ts"

/** `a` and `b` are each other's parent, `c` is below them, `d` its own parent, `e` has one that is gone. */
const PARENTS = { a: "b", b: "a", c: "a", d: "d", e: "gone" }

async function circles() {
  const folder = await temporaryFolder()
  const store = await folder.open()
  await store.write((tx) => {
    for (const [id, parent] of Object.entries(PARENTS))
      store.sessions.insert(tx, session(id, { parentID: `ses_${parent}` }))
  })
  return { store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test("a family with a circle of parents is walked once, from each of its sessions", async () => {
  await using w = await circles()
  expect(family("ses_a", w.store)).toEqual(["ses_a", "ses_b", "ses_c"])
  expect(family("ses_b", w.store)).toEqual(["ses_b", "ses_a", "ses_c"])
  expect(family("ses_c", w.store)).toEqual(["ses_c"])
  expect(family("ses_d", w.store)).toEqual(["ses_d"])
  expect(isBelow("ses_c", "ses_b", w.store)).toBe(true)
  expect(isBelow("ses_a", "ses_c", w.store)).toBe(false)
})

test("who is in a circle of parents, or below one, is too deep to start a subagent", async () => {
  await using w = await circles()
  const depth = (id: string): number => depthOf(`ses_${id}`, w.store)
  expect(Object.keys(PARENTS).map(depth)).toEqual([Infinity, Infinity, Infinity, Infinity, 1])
})

test("removing a session of a circle removes the circle, and its usage is counted once", async () => {
  await using w = await world({ model: script(says("hello")) })
  const { store } = w.home
  const first = await w.session()
  await w.prompt("hello")
  const second = await w.engine.sessions.create({ parentID: first.id })
  await store.write((tx) => store.sessions.replace(tx, { ...w.engine.sessions.get(first.id), parentID: second.id }))

  expect(w.engine.usage.get(second.id)).toMatchObject({ session: { requests: 0 }, tree: { requests: 1 } })
  await w.engine.sessions.remove(first.id)
  expect(store.sessions.list()).toEqual([])
})
