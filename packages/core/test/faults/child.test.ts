import { existsSync } from "node:fs"
import { calls, says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { beginningOf, childrenOf, starts, task } from "../turn/cast.ts"
import { turnProgram, type TurnProgram } from "./turn-process.ts"

let program: TurnProgram
beforeAll(async () => void (program = await turnProgram()), 60_000)
afterAll(() => program[Symbol.asyncDispose]())

/** A turn that starts a subagent, which runs a command; and what is asked for after the crash. */
function treeWorld(seconds: number): Promise<World> {
  const known = { child: "" }
  return world({
    permission: "allow",
    model: async (request) => {
      const results = request.messages.flatMap((message) => message.toolResults)
      const isChild = beginningOf(request) === "work"
      if (request.messages.some(({ text }) => text === "go on")) return says("It is done.")
      if (isChild) return results.length ? says("done") : calls("bash", { command: `touch began; sleep ${seconds}` })
      known.child = /ses_\w+/.exec(results.at(-1)?.text ?? "")?.[0] ?? known.child
      if (request.messages.at(-1)?.text === "and now?") return starts(task("go on", { task_id: known.child }))
      return results.length ? says("that was it") : starts(task("work"))
    },
  })
}

async function expectWholeTree(w: World): Promise<void> {
  const { sessions } = w.engine
  const { id } = await w.session()
  const [child] = await childrenOf(w)
  const transcript = await sessions.messages(id)
  await expect.poll(() => sessions.status()).toEqual({})
  expect(w.home.store.integrityCheck()).toEqual([])
  if (!child) return // it died before there was one

  const [call] = transcript.flatMap(({ parts }) => parts.filter((part) => part.type === "tool"))
  expect(call?.state).toMatchObject({
    status: "error",
    error: expect.stringContaining(child.id),
    metadata: { sessionId: child.id, interrupted: true },
  })
  expect(w.home.store.children.latest(child.id)).toMatchObject({ state: "failed", finished: expect.any(Number) })

  await w.prompt("and now?")
  expect((await w.calls()).at(-1)?.state).toMatchObject({
    status: "completed",
    output: expect.stringContaining("It is done."),
  })
  expect(await childrenOf(w)).toHaveLength(1)
  for (const session of [id, child.id])
    for (const { info, parts } of await sessions.messages(session)) {
      if (info.role === "assistant") expect(info.time.completed).toBeDefined()
      for (const part of parts) if (part.type === "tool") expect(part.state.status).toMatch(/completed|error/)
    }
  expect(w.home.store.children.latest(child.id)).toMatchObject({ state: "completed" })
}

test("a program that is killed while a subagent works leaves both sessions whole, and the subagent goes on by its id", async () => {
  await using w = await treeWorld(30)
  const { id } = await w.session()
  const died = program.start(w, id, { text: "go" })
  await vi.waitFor(() => expect(existsSync(w.folder.join("project", "began"))).toBe(true), { timeout: 20_000 })
  await died.kill()
  await expectWholeTree(w)
}, 60_000)

test.each([6, 9, 12])(
  "so does one that is killed before its commit number %i",
  async (dieBefore) => {
    await using w = await treeWorld(0)
    const { id } = await w.session()
    await program.start(w, id, { text: "go", dieBefore }).ended
    await expectWholeTree(w)
  },
  60_000,
)
