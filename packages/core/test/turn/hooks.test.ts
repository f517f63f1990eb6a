import type { Hooks } from "@opencode/core/extension/hooks.ts"
import { calls, says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

/** Runs a command, then answers; whatever is asked later is just answered. */
const working = ({ messages }: { messages: { toolResults: unknown[] }[] }) =>
  messages.some(({ toolResults }) => toolResults.length) ? says("done") : calls("bash", { command: "echo hi" })

const PLACES: (keyof Hooks)[] = [
  "chatMessage",
  "chatParams",
  "chatHeaders",
  "toolBefore",
  "toolAfter",
  "shellEnv",
  "messagesTransform",
  "systemTransform",
  "textComplete",
  "permissionAsk",
  "event",
]

test.each(PLACES)(
  "a %s hook that prompts its own session does not wait for ever, and both prompts are answered",
  async (place) => {
    let isOpen = false
    let own: Promise<string | undefined> | undefined
    /** As an extension does it: the prompt is admitted before the hook is over, its answer comes when it comes. */
    const promptOnce = async (): Promise<void> => {
      if (!isOpen || own !== undefined) return
      let answered = (_: string | undefined): void => {}
      own = new Promise((resolve) => (answered = resolve))
      const { id } = await w.session()
      const { answer } = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "of the hook" }] })
      void answer?.then(({ info }) => answered(info.id))
    }
    const w: World = await world({ permission: "allow", model: working, hooks: { [place]: promptOnce } })
    await using _ = w
    const { id } = await w.session()
    isOpen = true
    const answer = await w.prompt("of the person")
    expect(answer.info).toMatchObject({ role: "assistant", finish: "stop" })
    expect(await own).toEqual(expect.stringMatching(/^msg_/))
    const prompts = (await w.transcript()).filter(({ info }) => info.role === "user")
    const texts = prompts.flatMap(({ parts }) => parts.map((part) => "text" in part && part.text))
    expect(texts.sort()).toEqual(["of the hook", "of the person"])
    await expect.poll(() => w.engine.sessions.status()).toEqual({})
    expect(w.home.store.inbox.unanswered(id)).toEqual([])
    expect(w.model.heard()).toContain("of the hook")
  },
)

test("what extensions say to a compaction reaches the model that writes the notes, in the middle of a turn", async () => {
  const heard: string[] = []
  await using w = await world({
    hooks: {
      compacting: async ({ sessionID }, output) => {
        heard.push(sessionID)
        output.context.push("Mind the migration of the accounts.")
      },
    },
    model: ({ messages, number }) =>
      messages[0]?.text.startsWith("Here is the conversation")
        ? says("notes")
        : says("a long answer ".repeat(2_000), { usage: { input: number === 1 ? 99_000 : 500, output: 20 } }),
  })
  await w.prompt("first")
  expect(heard).toEqual([])
  expect((await w.prompt("second")).info).toMatchObject({ finish: "stop", agent: "build" })
  await w.happened("session.compacted")
  expect(heard).toEqual([(await w.session()).id])
  const asked = w.model.requests.filter(({ messages }) => messages[0]?.text.startsWith("Here is the conversation"))
  expect(asked).toHaveLength(1)
  expect(asked[0]?.messages[0]?.text).toContain("Mind the migration of the accounts.")
  expect(w.events.filter(({ type }) => type === "session.compacted")).toHaveLength(1)
})

test("a hook that throws is passed over, but one before a call blocks it and the model hears why", async () => {
  const broken = async (): Promise<void> => {
    throw new Error("broken extension")
  }
  const others = Object.fromEntries(PLACES.map((place) => [place, broken]))
  await using w = await world({
    permission: "allow",
    model: working,
    hooks: {
      ...others,
      compacting: broken,
      toolBefore: async () => {
        throw new Error("no commands on Sundays")
      },
    },
  })
  expect((await w.prompt("go")).info).toMatchObject({ finish: "stop" })
  expect(await w.calls()).toMatchObject([{ state: { status: "error", error: expect.stringContaining("Sundays") } }])
  expect(w.model.heard()).toContain("no commands on Sundays")
})

test("extensions hear of every event that clients hear of, in the same order", async () => {
  const heard: string[] = []
  await using w = await world({
    model: () => says("done"),
    hooks: { event: async ({ event }) => void heard.push(event.type) },
  })
  await w.prompt("go")
  await w.happened("session.idle")
  expect(heard).toEqual(w.events.map(({ type }) => type))
})
