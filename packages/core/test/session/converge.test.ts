import type { Frame } from "@opencode/core/bus/bus.ts"
import type { EventProperties, EventType } from "@opencode/protocol/event.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { badToolJson, calls, callsMany, cuts, fails, says, stalls, thinks } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

function properties<Type extends EventType>(frame: Frame, type: Type): EventProperties<Type> | undefined {
  return frame.type === type ? (frame.properties as EventProperties<Type>) : undefined
}

/** The transcript as a client has it that follows the events and reads nothing. */
function followed(frames: Frame[]): MessageWithParts[] {
  const messages = new Map<string, MessageWithParts>()
  for (const frame of frames) {
    const message = properties(frame, "message.updated")
    if (message)
      messages.set(message.info.id, { info: message.info, parts: messages.get(message.info.id)?.parts ?? [] })

    const updated = properties(frame, "message.part.updated")
    if (updated) {
      const parts = messages.get(updated.part.messageID)?.parts ?? []
      const index = parts.findIndex((part) => part.id === updated.part.id)
      if (index < 0) parts.push(updated.part)
      else parts[index] = updated.part
    }
    const delta = properties(frame, "message.part.delta")
    if (delta) {
      const parts = messages.get(delta.messageID)?.parts ?? []
      const index = parts.findIndex((part) => part.id === delta.partID)
      const part = parts[index]
      if (!part || !("text" in part)) throw new Error("A delta for a part that was not announced.")
      parts[index] = { ...part, text: part.text + delta.delta }
    }
    const removed = properties(frame, "message.part.removed")
    const parts = removed && messages.get(removed.messageID)?.parts
    if (parts) parts.splice(0, parts.length, ...parts.filter((part) => part.id !== removed.partID))
  }
  return [...messages.values()]
}

test.each(["openai", "anthropic"] as const)(
  "a client that follows the events of a session knows what one knows that reads it (%s)",
  async (wire) => {
    await using w = await world({
      wire,
      permission: { bash: { "*": "allow", "rm *": "deny" } },
      files: { a: "one\n" },
      model: [
        thinks(
          "hm, let me see",
          callsMany([
            { name: "read", input: { filePath: "a" } },
            { name: "glob", input: { pattern: "*" } },
          ]),
        ),
        calls("bash", { command: "for n in 1 2 3; do echo $n; sleep 0.15; done; rm a" }),
        badToolJson("edit", '{"filePath": "a'),
        cuts(thinks("the first try", says("is cut off in the middle of it")), 3),
        says("the second try is not"),
        stalls(says("an answer that is not going to end"), 2),
        fails(400, { message: "no" }),
      ],
    })
    await w.prompt("go")
    const stalled = w.prompt("and on")
    await w.happened("message.part.delta", ({ delta }) => delta.startsWith("an answer"))
    await w.engine.sessions.abort((await w.session()).id)
    await stalled
    await w.prompt("this fails")

    expect(w.model.unexpected).toEqual([])
    expect(followed(w.events)).toEqual(await w.transcript())
    const numbers = w.events.flatMap(({ number }) => (number === undefined ? [] : [Number(number.split("-")[1])]))
    expect(numbers).toEqual(numbers.map((_, index) => index + (numbers[0] ?? 0)))
  },
)
