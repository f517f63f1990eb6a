import { processesWith } from "@opencode/testing/processes.ts"
import { calls, says, script, stalls } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test, vi } from "vitest"
import { beginningOf, cast, childrenOf, firstRun, starts, task, textOf } from "./cast.ts"

test("a subagent works in a session of its own, and its last message alone reaches the parent", async () => {
  await using w = await world({
    model: cast([starts(task("count the files")), says("there are two")], {
      "count the files": [calls("bash", { command: "echo a lot of noise" }), says("Two files.")],
    }),
  })
  const { id } = await w.session()
  const answer = await w.prompt("go")
  const [child] = await childrenOf(w)
  const [call] = await w.calls()

  expect(textOf(answer.parts)).toBe("there are two")
  expect(child).toMatchObject({
    parentID: id,
    title: "a part (@general subagent)",
    agent: "general",
    permission: [{ permission: "task", pattern: "*", action: "deny" }],
  })
  expect(call?.state).toMatchObject({
    status: "completed",
    title: "a part",
    output: `<task id="${child?.id}" state="completed">\n<task_result>\nTwo files.\n</task_result>\n</task>`,
    metadata: { parentSessionId: id, sessionId: child?.id, model: { providerID: "mock", modelID: "large" } },
  })
  expect(JSON.stringify(await w.transcript())).not.toContain("a lot of noise")
  expect(await w.calls()).toHaveLength(1)
  expect(await firstRun(w)).toMatchObject({ state: "completed", childID: child?.id, finished: expect.any(Number) })
  expect(w.model.unexpected).toEqual([])
})

test("subagents of one answer run side by side, and their results stand in the order of the calls", async () => {
  const begun: string[] = []
  const all = { begun: () => {} }
  const everyone = new Promise<void>((resolve) => void (all.begun = resolve))
  await using w = await world({
    async model(request) {
      const first = beginningOf(request)
      if (!first.startsWith("part"))
        return request.messages.length > 1 ? says("all done") : starts(task("part 1"), task("part 2"), task("part 3"))
      begun.push(first)
      if (begun.length === 3) all.begun()
      await everyone // none of them is answered before all were asked
      return says(`result of ${first}`)
    },
  })
  await w.prompt("go")
  expect(
    (await w.calls()).map(
      (call) => call.state.status === "completed" && /result of part \d/.exec(call.state.output)?.[0],
    ),
  ).toEqual(["result of part 1", "result of part 2", "result of part 3"])
})

test("no more than five subagents run at once, and the others follow as these end", async () => {
  const running = new Set<string>()
  const most = { count: 0 }
  const tasks = Array.from({ length: 8 }, (_, n) => task(`part ${n}`))
  await using w = await world({
    async model(request) {
      const first = beginningOf(request)
      if (!first.startsWith("part")) return request.messages.length > 1 ? says("all done") : starts(...tasks)
      running.add(first)
      most.count = Math.max(most.count, running.size)
      if (most.count < 5) await expect.poll(() => most.count).toBe(5)
      running.delete(first)
      return says("done")
    },
  })
  await w.prompt("go")
  expect(most.count).toBe(5)
  expect((await w.calls()).map((call) => call.state.status)).toEqual(tasks.map(() => "completed"))
})

test("the model is told which subagents there are, and none that the rules deny", async () => {
  await using w = await world({
    config: { agent: { docs: { mode: "subagent", description: "Writes the manual" }, mine: { mode: "primary" } } },
    permission: { task: { explore: "deny" } },
    model: script(says("ok")),
  })
  await w.prompt("go")
  const tools = w.model.requests[0]?.body.tools as { function: { name: string; description: string } }[]
  const offered = tools.find((tool) => tool.function.name === "task")?.function.description
  expect(offered).toContain("- docs: Writes the manual")
  expect(offered).toContain("- general: ")
  for (const absent of ["- explore", "- mine", "- build", "- title"]) expect(offered).not.toContain(absent)
})

test.each([
  ["an unknown subagent", { subagent_type: "generl" }, /no subagent "generl".*general/],
  ["a primary agent", { subagent_type: "build" }, /no subagent "build"/],
  ["a task that does not exist", { task_id: "ses_nothing" }, /no task "ses_nothing"/],
])("%s is a failure that the model hears of, and nothing is started", async (_, input, why) => {
  await using w = await world({ model: script(starts(task("go", input)), says("ok")) })
  await w.prompt("go")
  expect((await w.calls())[0]?.state).toMatchObject({ status: "error", error: expect.stringMatching(why) })
  expect(await childrenOf(w)).toEqual([])
})

test("a subagent that the rules deny is not started, unless the user names it", async () => {
  await using w = await world({
    permission: { task: { general: "deny", explore: "ask" } },
    model: cast([starts(task("first")), says("no"), starts(task("second")), says("yes")], { second: [says("done")] }),
  })
  await w.prompt("go")
  expect((await w.calls())[0]?.state).toMatchObject({ status: "error", error: expect.stringContaining("rule") })
  await w.prompt("use it", {
    parts: [
      { type: "text", text: "use it" },
      { type: "agent", name: "general" },
    ],
  })
  expect((await w.calls())[1]?.state).toMatchObject({ status: "completed" })
})

test("what a subagent asks is listed with its own session, and an answer lets it go on", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: cast([starts(task("make it")), says("made")], {
      "make it": [calls("bash", { command: "touch made" }), says("done")],
    }),
  })
  const turn = w.prompt("go")
  const question = await w.asked("bash")
  const [child] = await childrenOf(w)
  expect(question.sessionID).toBe(child?.id)
  question.once()
  await turn
  expect(w.files()).toContain("made")
})

test("a bare no to a subagent ends it and the turn; what runs beside it comes to its end, what waits is not started", async () => {
  const tasks = ["asks", "works", "third", "fourth", "fifth", "waits"].map((name) => task(name))
  const rejected = { done: () => {} }
  const no = new Promise<void>((resolve) => void (rejected.done = resolve))
  await using w = await world({
    permission: { bash: "ask" },
    async model(request) {
      const first = beginningOf(request)
      if (first === "go") return starts(...tasks)
      if (first === "asks") return calls("bash", { command: "touch made" })
      await no
      return says("done")
    },
  })
  const turn = w.prompt("go")
  ;(await w.asked("bash")).reject()
  await expect.poll(async () => (await w.calls())[0]?.state.status).toBe("error")
  rejected.done()
  const answer = await turn

  expect(answer.info).toMatchObject({ endReason: "rejected" })
  const [asks, works, , , , waits] = await w.calls()
  expect(asks?.state).toMatchObject({ status: "error", error: expect.stringContaining("rejected what it asked for") })
  expect(works?.state).toMatchObject({ status: "completed" })
  expect(waits?.state).toMatchObject({ status: "error", error: expect.stringContaining("Not run") })
  expect(await childrenOf(w)).toHaveLength(5)
  expect(await firstRun(w)).toMatchObject({ state: "failed" })
  expect(
    await w.happened("session.status", ({ status }) => status.type === "idle" && status.reason === "rejected"),
  ).toBeDefined()
})

test("where the turn goes on after a no, so does a subagent", async () => {
  await using w = await world({
    config: { experimental: { continue_loop_on_deny: true } },
    permission: { bash: "ask" },
    model: cast([starts(task("make it")), says("not made")], {
      "make it": [calls("bash", { command: "touch made" }), says("I was not allowed to.")],
    }),
  })
  const turn = w.prompt("go")
  ;(await w.asked("bash")).reject()
  expect((await turn).info).toMatchObject({ endReason: "stop" })
  expect((await w.calls())[0]?.state).toMatchObject({ output: expect.stringContaining("I was not allowed to.") })
})

test("tools that are for agents of people are not offered to a subagent, and not run for it", async () => {
  await using w = await world({
    config: { experimental: { primary_tools: ["bash", "todo*"] } },
    model: cast([starts(task("make it")), says("not made")], {
      "make it": [calls("bash", { command: "touch made" }), says("I cannot.")],
    }),
  })
  await w.prompt("go")
  const offered = (text: string) =>
    w.model.requests.find(({ messages }) => messages.some((message) => message.text === text))?.tools
  expect(offered("go")).toEqual(expect.arrayContaining(["bash", "todowrite"]))
  expect(offered("make it")).toEqual(expect.not.arrayContaining(["bash"]))
  expect(offered("make it")).toEqual(expect.not.arrayContaining(["todowrite"]))
  expect(w.files()).not.toContain("made")
})

test("a subagent goes on by its id, also in another process, and remembers everything", async () => {
  await using w = await world({
    model: cast([starts(task("remember 7")), says("ok"), says("so it was 7")], {
      "remember 7": [says("I will."), says("It was 7.")],
    }),
  })
  await w.prompt("go")
  const [child] = await childrenOf(w)
  await w.restart()
  w.model.add(starts(task("which number?", { task_id: child?.id })))
  await w.prompt("again")

  expect(await childrenOf(w)).toHaveLength(1)
  expect((await w.calls())[1]?.state).toMatchObject({
    status: "completed",
    output: expect.stringContaining("It was 7."),
  })
  const asked = w.model.requests.find(({ messages }) => messages.some((message) => message.text === "which number?"))
  expect(asked?.messages.map((message) => message.text)).toEqual(expect.arrayContaining(["remember 7", "I will."]))
})

test("only the subagents of a conversation go on with it", async () => {
  await using w = await world()
  const own = await w.session()
  const other = await w.engine.sessions.create({})
  const strange = await w.engine.sessions.create({ parentID: other.id })
  w.model.add(...[strange, other, own].map(({ id }) => starts(task("x", { task_id: id }))), says("ok"))
  await w.prompt("go")
  expect((await w.calls()).map(({ state }) => state.status === "error" && state.error)).toEqual(
    [strange, other, own].map(({ id }) => `There is no task "${id}" of this conversation.`),
  )
})

test("an abort of the parent ends the commands of its subagents", async () => {
  await using w = await world({
    model: cast([starts(task("run it"))], { "run it": [calls("bash", { command: "sleep 62.75 & sleep 62.75" })] }),
  })
  const turn = w.prompt("go")
  await vi.waitFor(() => expect(processesWith("sleep 62.75").length).toBeGreaterThan(0), { timeout: 10_000 })
  await w.engine.sessions.abort((await w.session()).id)
  await turn
  await expect.poll(() => processesWith("sleep 62.75")).toEqual([])
})

test("an abort of the parent ends the whole tree and waits for it", async () => {
  await using w = await world({
    config: { subagent_depth: 2 },
    model: cast([starts(task("outer"), task("beside"))], {
      outer: [starts(task("inner"))],
      inner: [stalls(says("never to its end"), 1)],
      beside: [stalls(says("neither is this"), 1)],
    }),
  })
  const turn = w.prompt("go")
  await w.model.received(4)
  await expect.poll(() => w.model.openConnections()).toBe(2)
  await w.engine.sessions.abort((await w.session()).id)

  expect(w.engine.sessions.status()).toEqual({})
  expect((await turn).info).toMatchObject({ endReason: "aborted" })
  const [outer] = await childrenOf(w)
  const [inner] = w.engine.children.list(outer?.id ?? "")
  for (const session of [outer, inner]) {
    const last = (await w.engine.sessions.messages(session?.id ?? "")).at(-1)?.info
    expect(last).toMatchObject({ endReason: "aborted", time: { completed: expect.any(Number) } })
    expect(w.home.store.children.latest(session?.id ?? "")).toMatchObject({ state: "aborted" })
  }
  expect((await w.calls())[0]?.state).toMatchObject({
    status: "error",
    error: expect.stringContaining(outer?.id ?? "?"),
    metadata: { interrupted: true, sessionId: outer?.id },
  })
  await expect.poll(() => w.model.openConnections()).toBe(0)
})
