import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { compile } from "../../src/turn/compile.ts"
import { compiledHistory } from "../../src/turn/compiled-history.ts"
import { anyHistory, anyModel, modelOf, TOOLS } from "./history.ts"

const bytes = (messages: MessageWithParts[], model: Model, tools = TOOLS): string =>
  JSON.stringify(compile({ system: ["You are a test."], messages, tools, model }))

const change = fc.record({
  what: fc.constantFrom("longer", "shorter", "replaced", "another model", "no tools", "same"),
  at: fc.nat(20),
  more: anyHistory,
  model: anyModel,
})

test("however a history grows, shrinks, changes or changes models, it compiles as if never seen before", () => {
  fc.assert(
    fc.property(anyHistory, anyModel, fc.array(change, { maxLength: 6 }), (start, first, changes) => {
      let messages = start
      let model = first
      for (const { what, at, more, model: next } of changes) {
        if (what === "longer") messages = [...messages, ...more]
        if (what === "shorter") messages = messages.slice(0, at)
        if (what === "replaced")
          messages = messages.map((message, index) => (index === at ? structuredClone(message) : message))
        if (what === "replaced" && more[0] && at < messages.length) messages = messages.with(at, more[0])
        if (what === "another model") model = next
        const tools = what === "no tools" ? [] : TOOLS
        expect(bytes(messages, model, tools)).toBe(bytes(structuredClone(messages), structuredClone(model), tools))
      }
    }),
    { numRuns: 150 },
  )
})

test("a message is compiled once while the history before it stays", () => {
  const [user, answer] = fc.sample(anyHistory, { numRuns: 50 }).find((history) => history.length >= 2) ?? []
  if (!user || !answer) throw new Error("no history")
  const model = modelOf("@ai-sdk/openai-compatible")
  let compiled = 0
  const count = (messages: MessageWithParts[], withTools = true): number => {
    compiled = 0
    compiledHistory({ messages, model, withTools }, () => {
      compiled++
      return []
    })
    return compiled
  }
  expect(count([user])).toBe(1)
  expect(count([user, answer])).toBe(1)
  expect(count([user, answer])).toBe(0)
  expect(count([user, structuredClone(answer)])).toBe(2)
  expect(count([user, answer], false)).toBe(2)
  expect(count([])).toBe(0)
})
