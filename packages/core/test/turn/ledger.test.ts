import { calls, cuts, fails, overloaded, says, stalls } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const usage = { input: 1_000, output: 100, cacheRead: 400, reasoning: 40 }
const rows = async (w: World) => w.home.store.ledger.list((await w.session()).id)
const spent = async (w: World) => w.engine.usage.get((await w.session()).id)

test("every request to a model leaves a row with what it took and cost", async () => {
  await using w = await world({
    titles: true,
    permission: "allow",
    model: ({ messages }) => {
      if (messages[0]?.text.startsWith("Generate a title")) return says("A name", { usage: { input: 50, output: 5 } })
      return messages.length > 1 ? says("done", { usage }) : calls("glob", { pattern: "*" }, { usage })
    },
  })
  const answer = await w.prompt("go")
  await w.happened("session.updated", ({ info }) => info.title === "A name")
  const [first, second] = (await rows(w)).filter(({ purpose }) => purpose === "step")
  expect(first).toMatchObject({
    providerID: "mock",
    modelID: "large",
    agent: "build",
    outcome: "completed",
    epoch: "start",
  })
  expect(second).toMatchObject({
    messageID: answer.info.id,
    tokens: { input: 1_000, output: 60, reasoning: 40, cache: { read: 400, write: 0 } },
    cost: (1_000 + 100 * 2) / 1_000_000,
  })
  expect(second).not.toHaveProperty("epoch")
  expect((await rows(w)).filter(({ purpose }) => purpose === "title")).toMatchObject([{ cost: 60 / 1_000_000 }])

  const { session, tree, models } = await spent(w)
  expect(session).toMatchObject({ requests: 3, failed: 0, unknown: 0, isComplete: true })
  expect(session.cost).toBeCloseTo(w.engine.sessions.get((await w.session()).id).cost ?? 0, 12)
  expect(session.tokens).toMatchObject({ input: 2_050, output: 125, reasoning: 80, cache: { read: 800 } })
  expect(tree).toEqual(session)
  expect(models).toEqual([{ providerID: "mock", modelID: "large", ...session }])
  await w.restart()
  expect(await spent(w)).toEqual({ session, tree, models })
})

test("an attempt that failed is counted: for nothing when it was refused, as unknown when it had begun", async () => {
  const replies = [
    overloaded({ headers: { "retry-after-ms": "1" } }),
    cuts(says("half of an answer"), 1),
    says("ok", { usage }),
  ]
  await using w = await world({ model: () => replies.shift() ?? fails(400) })
  expect((await w.prompt("go")).info).toMatchObject({ finish: "stop" })
  const [refused, broken, answered] = await rows(w)
  expect(refused).toMatchObject({ outcome: "failed", cost: 0, epoch: "start" })
  expect(broken).toMatchObject({ outcome: "failed" })
  for (const name of ["cost", "tokens", "epoch"]) expect(broken).not.toHaveProperty(name)
  expect(answered).toMatchObject({ outcome: "completed", cost: expect.any(Number) })
  expect(await spent(w)).toMatchObject({ session: { requests: 3, failed: 2, unknown: 1, isComplete: false } })
})

test("an aborted answer is counted, and nobody knows what it cost", async () => {
  await using w = await world({ model: () => stalls(says("this much is said, and then nothing"), 2) })
  const turn = w.prompt("go")
  await w.happened("message.part.delta")
  await w.engine.sessions.abort((await w.session()).id)
  await turn
  expect(await rows(w)).toMatchObject([{ outcome: "aborted" }])
  expect((await spent(w)).session).toMatchObject({ requests: 1, failed: 1, unknown: 1, isComplete: false, cost: 0 })
})

test("an unknown price stays unknown, and a price of nothing is one", async () => {
  await using w = await world({
    models: { large: { cost: undefined }, free: { cost: { input: 0, output: 0 } } },
    model: () => says("ok", { usage }),
  })
  const answer = await w.prompt("go")
  expect(answer.info).toMatchObject({ cost: 0 })
  expect((await spent(w)).session).toMatchObject({ cost: 0, unknown: 1, isComplete: false, tokens: { input: 1_000 } })
  await w.prompt("go", { model: { providerID: "mock", modelID: "free" } })
  const { models } = await spent(w)
  expect(models).toMatchObject([
    { modelID: "free", unknown: 0, isComplete: true },
    { modelID: "large", unknown: 1, isComplete: false },
  ])
})

test("a provider that counts nothing leaves the tokens unknown", async () => {
  await using w = await world({ model: () => says("ok", { usage: null }) })
  await w.prompt("go")
  expect((await spent(w)).session).toMatchObject({ requests: 1, unknown: 1, isComplete: false })
})

test("a tree is told with its children, each session alone too", async () => {
  await using w = await world({ model: () => says("ok", { usage }) })
  const parent = await w.session()
  const child = await w.engine.sessions.create({ parentID: parent.id })
  const grandchild = await w.engine.sessions.create({ parentID: child.id })
  await w.prompt("go")
  for (const { id } of [child, grandchild]) {
    const { answer } = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "go" }] })
    await answer
  }
  const of = (id: string) => w.engine.usage.get(id)
  expect(of(parent.id)).toMatchObject({ session: { requests: 1 }, tree: { requests: 3, tokens: { input: 3_000 } } })
  expect(of(child.id)).toMatchObject({ session: { requests: 1 }, tree: { requests: 2 } })
  expect(of(grandchild.id).tree).toEqual(of(grandchild.id).session)
  // What was spent stays spent.
  const before = of(parent.id)
  await w.engine.sessions.remove(grandchild.id)
  expect(of(child.id)).toMatchObject({ session: { requests: 1 }, tree: { requests: 2 } })
  await w.engine.sessions.remove(child.id)
  expect(of(parent.id)).toEqual(before)
  expect(() => of(child.id)).toThrow("Session not found")
  // The next step is compared with the session's own, not with one of a child.
  expect((await w.prompt("and now?")).info).toMatchObject({ finish: "stop" })
  expect((await rows(w)).at(-1)).not.toHaveProperty("epoch")
  await w.engine.sessions.remove(parent.id)
  expect(w.home.store.ledger.list(parent.id)).toEqual([])
})

test("a copy of a session has spent nothing, and what its original spent stays there", async () => {
  await using w = await world({ model: () => says("ok", { usage }) })
  await w.prompt("go")
  const { id } = await w.session()
  const before = w.engine.usage.get(id)
  const fork = await w.engine.fork(id, {})
  expect(w.engine.usage.get(fork.id)).toMatchObject({ session: { requests: 0, cost: 0 }, tree: { requests: 0 } })
  const { info, messages } = w.engine.exportSession(id)
  const imported = await w.engine.importSession({ info, messages: [...messages] })
  expect(w.engine.usage.get(imported.id).tree).toMatchObject({ requests: 0, cost: 0, isComplete: true })
  for (const copy of [fork, imported]) await w.engine.sessions.remove(copy.id)
  expect(w.engine.usage.get(id)).toEqual(before)
})

test("a session that asked nothing has spent nothing", async () => {
  await using w = await world()
  expect(await spent(w)).toMatchObject({ session: { requests: 0, cost: 0, isComplete: true }, models: [] })
})

test("an earlier message that was changed begins a new epoch", async () => {
  await using w = await world({ model: () => says("ok", { usage }) })
  await w.prompt("go")
  const [prompt] = await w.transcript()
  const [part] = prompt?.parts ?? []
  if (part?.type !== "text") throw new Error("The prompt has no text.")
  await w.home.store.write((tx) => w.home.store.parts.put(tx, { ...part, text: "go somewhere else" }))
  await w.prompt("and now?")
  await w.prompt("and then?")
  expect((await rows(w)).map(({ epoch }) => epoch)).toEqual(["start", "history", undefined])
})
