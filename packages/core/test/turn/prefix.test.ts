import type { HeardRequest } from "@opencode/testing/model-server.ts"
import { calls, callsMany, fails, says, stalls, thinks } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

/** The conversation as the provider's cache sees it: one block after the other, without the marks. */
function blocks({ body }: HeardRequest): string[] {
  const messages = body.messages as { role: string; content: unknown }[]
  return [
    ...(body.system === undefined ? [] : [bytes(body.system)]),
    ...messages.flatMap(({ content, ...message }) =>
      Array.isArray(content) ? content.map((block) => bytes({ ...message, block })) : [bytes({ ...message, content })],
    ),
  ]
}

const bytes = (value: unknown): string =>
  JSON.stringify(value, (name, member: unknown) => (name === "cache_control" ? undefined : member))

test.each(["openai", "anthropic"] as const)(
  "through calls, aborts, refusals, modes and a restart, each request begins with the one before (%s)",
  async (wire) => {
    const replies = [
      thinks(
        "hm",
        callsMany([
          { name: "read", input: { filePath: "a" } },
          { name: "glob", input: { pattern: "*" } },
        ]),
      ),
      calls("edit", { filePath: "a", oldString: "one", newString: "two" }, { text: "now this" }),
      calls("bash", { command: "echo 🙂; exit 3" }),
      calls("nothing_like_it", { "10": 1, b: 2, "2": 3 }),
      says("done"),
      stalls(says("an answer that is not going to end"), 1),
      says("planned"),
      says("built"),
      fails(400, { message: "no" }),
      says("after the refusal"),
      says("after the restart"),
    ]
    await using w = await world({ wire, permission: "allow", files: { a: "one\n" }, model: replies })
    await w.prompt("change it")
    const stalled = w.prompt("say something")
    await w.happened("message.part.delta", ({ delta }) => delta.includes("an"))
    await w.model.received(6)
    await w.engine.sessions.abort((await w.session()).id)
    await stalled
    await w.prompt("plan it", { agent: "plan" })
    await w.prompt("build it", { agent: "build" })
    await w.prompt("this fails")
    await w.prompt("again")
    await w.restart()
    await w.prompt("once more")

    expect(w.model.requests).toHaveLength(replies.length)
    for (const [index, request] of w.model.requests.entries()) {
      const before = index === 0 ? [] : blocks(w.model.requests[index - 1] as HeardRequest)
      expect(blocks(request).slice(0, before.length), `request ${index + 1}`).toEqual(before)
      expect(bytes(request.body.tools)).toBe(bytes(w.model.requests[0]?.body.tools))
    }
  },
  30_000,
)
