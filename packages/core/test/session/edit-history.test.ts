import { readdirSync } from "node:fs"
import { world, type World } from "@opencode/testing/world.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { compile } from "../../src/turn/compile.ts"
import { FAMILIES, modelOf, TOOLS } from "../turn/history.ts"
import { broken } from "../turn/rules.ts"
import { answer, call, prompt, store, text } from "./stored.ts"

const large = (name: string) => call("read", { name }, `${name} `.repeat(50_000))
const files = (w: World): number =>
  readdirSync(w.folder.join("data/opencode/blobs"), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  ).length

test("large bodies go with what held them, but not while a fork still names them", async () => {
  await using w = await world()
  const session = await w.session()
  const [, first, second] = await store(w, session, [
    prompt(text("go")),
    answer(large("a"), large("b")),
    answer(large("c")),
  ])
  const { editHistory } = w.engine
  const { id: sessionID } = session
  expect(files(w)).toBe(3)
  await editHistory.removePart(sessionID, first!.info.id, first!.parts[0]!.id)
  expect(files(w)).toBe(2)
  await editHistory.updatePart({
    ...call("read", {}, "short"),
    id: first!.parts[1]!.id,
    sessionID,
    messageID: first!.info.id,
  })
  expect(files(w)).toBe(1)
  const forked = await w.engine.fork(sessionID)
  await editHistory.removeMessage(sessionID, second!.info.id)
  expect(files(w)).toBe(1)
  const copy = (await w.engine.sessions.messages(forked.id)).at(-1)
  await editHistory.removeMessage(forked.id, copy!.info.id)
  expect(files(w)).toBe(0)
})

test("whatever is taken out of a conversation, what is left is a request that every provider takes", async () => {
  await using w = await world()
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 6 }), async (choices) => {
      const session = await w.engine.sessions.create({})
      await store(w, session, [
        prompt(text("one")),
        answer(text("thinking"), call("read", {}, "a")),
        answer(text("two")),
        prompt(text("three")),
        answer(call("bash", { command: "ls" }, "b"), call("read", {}, "c")),
      ])
      for (const choice of choices) {
        const left = await w.engine.sessions.messages(session.id)
        const message = left[choice % Math.max(left.length, 1)]
        const part = message?.parts[choice % Math.max(message.parts.length, 1)]
        if (message && part && choice % 2) await w.engine.editHistory.removePart(session.id, message.info.id, part.id)
        else if (message) await w.engine.editHistory.removeMessage(session.id, message.info.id)
      }
      const messages = await w.engine.sessions.messages(session.id)
      for (const npm of FAMILIES) {
        const model = modelOf(npm)
        expect(broken(compile({ system: [], messages, tools: TOOLS, model }), model)).toEqual([])
      }
    }),
    { numRuns: 15 },
  )
})
