import { says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { excerptOf, wordsOf } from "../../src/session/search.ts"

test("what people and models said is found in any case, newest session first; what the program added is not", async () => {
  await using w = await world({
    files: { "a.txt": "a word of a file: zebra" },
    model: [says("The Giraffe is tall."), says("Nothing here."), says("giraffes again, and again")],
  })
  await w.prompt("which animal?", {
    parts: [
      { type: "text", text: "which animal?" },
      { type: "file", mime: "text/plain", url: `file://${w.project}/a.txt`, filename: "a.txt" },
    ],
  })
  const first = (await w.session()).id
  await w.prompt("and now?")
  const second = await w.engine.sessions.create({ title: "About Trees" })
  await (
    await w.engine.sessions.prompt(second.id, { parts: [{ type: "text", text: "tell of GIRAFFEs" }] })
  ).answer

  const found = await w.engine.searchSessions({ query: "giraffe", limit: 10 })
  expect(found.map(({ session }) => session.id)).toEqual([second.id, first])
  expect(found[0]?.messages.map(({ role, excerpt }) => [role, excerpt])).toEqual([
    ["assistant", "giraffes again, and again"],
    ["user", "tell of GIRAFFEs"],
  ])
  expect(found[1]).toMatchObject({ messages: [{ role: "assistant", excerpt: "The Giraffe is tall." }], more: 0 })

  const search = async (query: string) =>
    (await w.engine.searchSessions({ query, limit: 10 })).map(({ session }) => session.id)
  expect(await search("zebra")).toEqual([])
  expect(await search("trees")).toEqual([second.id])
  expect(await search("tall giraffe")).toEqual([first])
  expect(await search("tall again")).toEqual([])
  expect(await w.engine.searchSessions({ query: "giraffe", limit: 1 })).toHaveLength(1)
  expect(await w.engine.searchSessions({ query: "giraffe", limit: 10, projectID: "another" })).toEqual([])
  await expect(w.engine.searchSessions({ query: "  ", limit: 10 })).rejects.toThrow("nothing to search for")
})

test.each([
  ["one two", "two", "one two"],
  ["Üben macht\n\nden  Meister", "üben meister", "Üben macht den Meister"],
  ["one two", "three", undefined],
  ["one two", "two three", undefined],
])("the excerpt of %j for %j is %j", (text, query, expected) => {
  expect(excerptOf(text, wordsOf(query))).toBe(expected)
})

test("an excerpt is short, shows what was found, and holds whole characters only", () => {
  const text = `${"😀".repeat(500)} needle ${"😀".repeat(500)}`
  const excerpt = excerptOf(text, ["needle"]) ?? ""
  expect(excerpt.length).toBeLessThanOrEqual(160)
  expect(excerpt).toContain("needle")
  expect(excerpt.isWellFormed()).toBe(true)
})
