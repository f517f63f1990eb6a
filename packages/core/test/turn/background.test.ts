import type { HeardRequest } from "@opencode/testing/model-server.ts"
import { says, stalls, type Reply } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { beginningOf, cast, childrenOf, firstRun, starts, task, textOf } from "./cast.ts"

/** A subagent whose answer waits for the test; the session that a person talks to says what it heard last. */
function scripted(children: Record<string, (request: HeardRequest) => Promise<Reply> | Reply>) {
  const prompts = Object.keys(children)
  return async (request: HeardRequest): Promise<Reply> => {
    const child = children[beginningOf(request)]
    if (child) return child(request)
    const { messages } = request
    if (!messages.some(({ toolResults }) => toolResults.length > 0)) return starts(...prompts.map((name) => task(name)))
    const last = messages.at(-1)
    return says(`heard: ${last?.toolResults.map(({ text }) => text).join() || last?.text}`)
  }
}

function gate(): { open(): void; opened: Promise<void> } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { open: () => open(), opened }
}

/** A turn with subagents at work, once they are. */
async function atWork(w: World, count = 1) {
  const { id } = await w.session()
  const { answer } = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "go" }] })
  const isWorking = async (): Promise<number> =>
    (await w.calls()).filter(({ state }) => state.status === "running" && state.metadata?.sessionId).length
  await expect.poll(isWorking).toBe(count)
  return { id, answer: answer! }
}

const saidLast = async (w: World): Promise<string> => textOf((await w.transcript()).at(-1)?.parts ?? [])

test("a subagent that is sent to the background goes on, the turn too, and its result comes as a prompt", async () => {
  const { open, opened } = gate()
  await using w = await world({ model: scripted({ look: () => opened.then(() => says("found 42")) }) })
  const { id, answer } = await atWork(w)
  expect(await w.engine.children.detach(id)).toBe(true)
  expect(await w.engine.children.detach(id)).toBe(false)

  const [child] = await childrenOf(w)
  const metadata = { background: true, jobId: child?.id, sessionId: child?.id, parentSessionId: id }
  expect(textOf((await answer).parts)).toContain(`heard: <task id="${child?.id}" state="running">`)
  expect((await w.calls())[0]?.state).toMatchObject({ status: "completed", metadata })
  expect(Object.keys(w.engine.sessions.status())).toEqual([child?.id])
  expect(await firstRun(w)).toMatchObject({ state: "running" })

  open()
  // The answer to it, and not the prompt that tells it.
  await expect.poll(() => saidLast(w)).toMatch(/^heard: [^]*found 42/)
  const told = (await w.transcript()).at(-2)
  expect(told?.info.role).toBe("user")
  expect(told?.parts).toMatchObject([
    {
      type: "text",
      synthetic: true,
      text: `<task id="${child?.id}" state="completed">\n<summary>Background task completed: a part (@general subagent)</summary>\n<task_result>\nfound 42\n</task_result>\n</task>`,
    },
  ])
  expect(await firstRun(w)).toMatchObject({ state: "completed" })
  await expect.poll(() => w.engine.sessions.status()).toEqual({})
})

test("all subagents that a turn waits for go to the background together, and each is told once", async () => {
  const gates = [gate(), gate()]
  await using w = await world({
    model: scripted({
      one: () => gates[0]!.opened.then(() => says("first result")),
      two: () => gates[1]!.opened.then(() => says("second result")),
    }),
  })
  const { id, answer } = await atWork(w, 2)
  expect(await w.engine.children.detach(id)).toBe(true)
  await answer
  for (const { open } of gates.toReversed()) open()
  const told = async () => {
    const said = (await w.transcript()).flatMap(({ info, parts }) => (info.role === "user" ? [textOf(parts)] : []))
    return ["first result", "second result"].map((result) => said.filter((text) => text.includes(result)).length)
  }
  // Between the end of a subagent and the prompt that tells it nothing runs.
  await expect.poll(told).toEqual([1, 1])
  await expect.poll(() => w.engine.sessions.status()).toEqual({})
  expect(await told()).toEqual([1, 1])
})

test("the next prompt of a person brings a result along that could not be told by itself", async () => {
  await using w = await world({ model: scripted({ look: () => stalls(says("I am looking for"), 1) }) })
  const { id, answer } = await atWork(w)
  await w.engine.children.detach(id)
  await answer
  const [child] = await childrenOf(w)
  // The program ends while it works: nobody is told anything any more.
  await w.restart()
  expect((await w.transcript()).filter(({ info }) => info.role === "user")).toHaveLength(1)
  await w.prompt("and now?")
  const prompt = (await w.transcript()).findLast(({ info }) => info.role === "user")
  expect(prompt?.parts).toMatchObject([
    { type: "text", text: "and now?" },
    { type: "text", synthetic: true, text: expect.stringContaining(`<task id="${child?.id}" state="error">`) },
  ])
  expect(textOf(prompt?.parts ?? [])).toContain(`task_id "${child?.id}" goes on with it`)
  await w.prompt("again")
  expect((await w.transcript()).findLast(({ info }) => info.role === "user")?.parts).toHaveLength(1)
})

test("the end of the turn is not the end of what is in the background; its own abort is, and is told", async () => {
  await using w = await world({ model: scripted({ look: () => stalls(says("I am looking for"), 1) }) })
  const { id, answer } = await atWork(w)
  await w.engine.children.detach(id)
  await answer
  await w.engine.sessions.abort(id)
  const [child] = await childrenOf(w)
  expect(Object.keys(w.engine.sessions.status())).toEqual([child?.id])
  await w.engine.sessions.abort(child?.id ?? "")
  await expect.poll(() => saidLast(w)).toContain(`state="error"`)
  expect(await saidLast(w)).toContain("The user stopped it.")
})

test("deleting the session ends what works for it in the background", async () => {
  await using w = await world({ model: scripted({ look: () => stalls(says("I am looking for"), 1) }) })
  const { id, answer } = await atWork(w)
  await w.engine.children.detach(id)
  await answer
  await w.engine.sessions.remove(id)
  await expect.poll(() => w.engine.sessions.status()).toEqual({})
  await expect.poll(() => w.model.openConnections()).toBe(0)
})

test("a deadline holds in the background, too", async () => {
  await using w = await world({
    limits: { childMs: 3_000 },
    model: scripted({ look: () => stalls(says("I am looking for"), 1) }),
  })
  const { id, answer } = await atWork(w)
  await w.engine.children.detach(id)
  await answer
  await expect.poll(() => saidLast(w), { timeout: 20_000 }).toContain("It took longer than 3 s.")
  expect(await firstRun(w)).toMatchObject({ state: "deadline" })
})

test("a turn that waits for no subagent sends none to the background", async () => {
  await using w = await world({ model: cast([starts(task("look")), says("done")], { look: [says("found")] }) })
  const { id } = await w.session()
  expect(await w.engine.children.detach(id)).toBe(false)
  await w.prompt("go")
  expect(await w.engine.children.detach(id)).toBe(false)
  expect((await w.calls())[0]?.state).toMatchObject({ output: expect.stringContaining('state="completed"') })
  await expect(w.engine.children.detach("ses_unknown")).rejects.toMatchObject({ code: "session_not_found" })
})
