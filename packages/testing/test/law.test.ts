import { describe, expect, test } from "vitest"
import { breach } from "../src/law.ts"
import { modelServer } from "../src/model-server.ts"
import { says } from "../src/script.ts"
import { anthropic } from "../src/wire-anthropic.ts"
import { openai } from "../src/wire-openai.ts"
import { ask, failureOf, stream } from "./drive.ts"

const user = { role: "user", content: "go" }

describe("the openai wire", () => {
  const calling = (...ids: string[]) => ({
    role: "assistant",
    content: null,
    tool_calls: ids.map((id) => ({ id, type: "function", function: { name: "bash", arguments: "{}" } })),
  })
  const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "ok" })
  test.each<[string, object[], RegExp | undefined]>([
    ["takes pairs in any order", [user, calling("a", "b"), result("b"), result("a"), user], undefined],
    ["takes an id again in a later message", [user, calling("a"), result("a"), calling("a"), result("a")], undefined],
    [
      "refuses a call without a result",
      [user, calling("a", "b"), result("a"), user],
      /did not have response messages: b/,
    ],
    ["refuses a call at the end", [user, calling("a")], /did not have response messages: a/],
    ["refuses a result without a call", [user, result("a")], /must be a response/],
    ["refuses a second result", [user, calling("a"), result("a"), result("a")], /must be a response/],
    ["refuses doubled ids", [user, calling("a", "a"), result("a")], /must be unique/],
  ])("%s", (_, messages, reason) => expectBreach(breach("openai", openai.read({ messages })), reason))
})

describe("the anthropic wire", () => {
  const calling = (...ids: string[]) => ({
    role: "assistant",
    content: ids.map((id) => ({ type: "tool_use", id, name: "bash", input: {} })),
  })
  const results = (...ids: string[]) => ({
    role: "user",
    content: ids.map((id) => ({ type: "tool_result", tool_use_id: id, content: "ok" })),
  })
  const says = (text: string) => ({ role: "assistant", content: [{ type: "text", text }] })
  test.each<[string, object[], RegExp | undefined]>([
    ["takes all results in the next message", [user, calling("a", "b"), results("b", "a"), says("done")], undefined],
    [
      "refuses results over two messages",
      [user, calling("a", "b"), results("a"), results("b")],
      /messages.1.*without.*: b/,
    ],
    ["refuses a result without a call", [user, results("a")], /messages.1: unexpected/],
    ["refuses an id again", [user, calling("a"), results("a"), calling("a"), results("a")], /must be unique/],
    ["refuses ids with other characters", [user, calling("a:b"), results("a:b")], /should match pattern/],
    ["refuses empty text", [user, says(""), user], /messages.1: text content blocks must be non-empty/],
    ["refuses an assistant at the start", [says("hi"), user], /first message/],
    ["refuses blanks at the very end", [user, says("hi ")], /trailing whitespace/],
  ])("%s", (_, messages, reason) => expectBreach(breach("anthropic", anthropic.read({ messages })), reason))
})

test("the server refuses what a provider would, unless it is told not to", async () => {
  const orphan = {
    ...ask("go"),
    prompt: [
      ...ask("go").prompt,
      {
        role: "assistant" as const,
        content: [{ type: "tool-call" as const, toolCallId: "c1", toolName: "bash", input: {} }],
      },
    ],
  }
  await using server = await modelServer({ script: [says("one")] })
  expect(await failureOf(stream("anthropic", server.url, orphan))).toMatchObject({ statusCode: 400 })
  expect(server.unexpected).toHaveLength(1)
  expect(await stream("openai", server.url)).not.toEqual([])

  await using lenient = await modelServer({ script: [says("one")], strict: false })
  await stream("openai", lenient.url, orphan)
  expect(lenient.unexpected).toEqual([])
})

function expectBreach(found: string | undefined, reason: RegExp | undefined): void {
  if (reason) expect(found).toMatch(reason)
  else expect(found).toBeUndefined()
}
