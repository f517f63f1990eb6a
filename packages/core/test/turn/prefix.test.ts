import type { HeardRequest } from "@opencode/testing/model-server.ts"
import { calls, callsMany, fails, says, stalls, thinks } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import fc from "fast-check"
import { expect, test } from "vitest"

/** The conversation as the provider's cache sees it: one block after the other, without the marks. */
function blocks({ body }: HeardRequest): string[] {
  const messages = (body.messages ?? body.input ?? body.contents) as Record<string, unknown>[]
  return [body.system, body.systemInstruction]
    .flatMap((system) => (system === undefined ? [] : [bytes(system)]))
    .concat(
      messages.flatMap(({ content, parts, ...message }) => {
        const pieces = parts ?? content
        return Array.isArray(pieces)
          ? pieces.map((block) => bytes({ ...message, block }))
          : [bytes({ ...message, content })]
      }),
    )
}

const bytes = (value: unknown): string =>
  JSON.stringify(value, (name, member: unknown) => (name === "cache_control" ? undefined : member))

/** Which request is made for the agent plan. */
const PLANNED = 6

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
      // Plan mode has one tool more, behind the others, and is not told of the subagent that it may not start.
      const isPlan = request.body === w.model.requests[PLANNED]?.body
      expect(bytes(request.body.tools) === bytes(w.model.requests[0]?.body.tools)).toBe(!isPlan)
      expect(request.tools.includes("plan_exit")).toBe(isPlan)
    }
  },
)

type Act =
  | { do: "prompt"; input: { agent?: string; model?: string; tools?: Record<string, boolean>; system?: string } }
  | { do: "summarize" }

const AGAIN: Act = { do: "prompt", input: {} }
/** What a cache cannot survive, or may. */
const CHANGES: Act[] = [
  { do: "prompt", input: { agent: "plan" } },
  { do: "prompt", input: { agent: "critic" } },
  { do: "prompt", input: { model: "small" } },
  { do: "prompt", input: { tools: { bash: false } } },
  { do: "prompt", input: { system: "Be brief." } },
  { do: "summarize" },
]
/** Each change once, and now and then one again, with prompts in between that change nothing. */
const acts: fc.Arbitrary<Act[]> = fc
  .tuple(
    fc.shuffledSubarray(CHANGES, { minLength: CHANGES.length }),
    fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(AGAIN) }, fc.constantFrom(...CHANGES)), { maxLength: 16 }),
  )
  .map(([all, more]) => [AGAIN, ...more, ...all.flatMap((change) => [change, AGAIN])])

test.each(["openai", "anthropic", "openai-responses", "google"] as const)(
  "a request begins with the one before it, or the ledger says why not (%s)",
  async (wire) => {
    const replies = fc.sample(
      fc.constantFrom(
        () => says("fine"),
        () => calls("glob", { pattern: "*" }),
        () => thinks("hm", callsMany([{ name: "read", input: { filePath: "a" } }, { name: "nothing_like_it" }])),
        () => fails(400, { message: "no" }),
      ),
      { numRuns: 200 },
    )
    const [todo = []] = fc.sample(acts, { numRuns: 1 })
    const isForNotes = ({ messages }: HeardRequest): boolean => messages[0]?.text.startsWith("Here is") ?? false
    await using w = await world({
      wire,
      permission: "allow",
      files: { a: "one\n" },
      models: { large: {}, small: {} },
      config: { agent: { critic: { prompt: "You are a critic." } } },
      model: (request) => (isForNotes(request) ? says("notes") : (replies[request.number]?.() ?? says("enough"))),
    })
    const { id } = await w.session()
    for (const one of todo) {
      if (one.do === "summarize") {
        await w.engine.compaction.summarize(id, { providerID: "mock", modelID: "large" })
        continue
      }
      const { model = "large", ...input } = one.input
      await w.prompt("go", { agent: "build", model: { providerID: "mock", modelID: model }, ...input })
    }
    const rows = w.home.store.ledger.list(id)
    expect(rows).toHaveLength(w.model.requests.length)
    const steps = w.model.requests.flatMap((request, index) => {
      const row = rows[index]
      return row?.purpose === "step" ? [{ request, row }] : []
    })
    for (const [index, { request, row }] of steps.entries()) {
      const before = steps[index - 1]
      if (!before) {
        expect(row.epoch).toBe("start")
        continue
      }
      const earlier = [bytes(before.request.body.tools), before.request.model, ...blocks(before.request)]
      const now = [bytes(request.body.tools), request.model, ...blocks(request)].slice(0, earlier.length)
      const isSame = JSON.stringify(now) === JSON.stringify(earlier)
      expect({ index, isSame: isSame || row.epoch !== undefined }).toEqual({ index, isSame: true })
      if (row.epoch === undefined) expect(row.messageID).not.toBe(before.row.messageID)
    }
    const reasons = new Set(steps.map(({ row }) => row.epoch))
    for (const reason of ["start", "compaction", "model", "agent", "tools", "system", undefined] as const)
      expect(reasons).toContain(reason)
    expect(w.model.unexpected).toEqual([])
  },
  60_000,
)
