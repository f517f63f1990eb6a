import { calls, callsMany, says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { describe, expect, test } from "vitest"
import { cast, starts, task, textOf } from "./cast.ts"

const PLAN_EXIT = { name: "plan_exit", input: {} }
const planned = (w: World) => w.prompt("plan it", { agent: "plan" })
const named = (w: World) => /write the plan to (\S+):/.exec(w.model.heard())?.[1] ?? ""

/** Writes the plan where it was told to, then asks. */
const plansAt = (w: () => World) => [
  () => calls("write", { filePath: named(w()), content: "# The plan\n1. do it" }),
  () => calls("plan_exit", {}),
]

async function planning(replies: ReturnType<typeof says>[], more: Parameters<typeof world>[0] = {}): Promise<World> {
  const script: (() => ReturnType<typeof says>)[] = replies.map((reply) => () => reply)
  const w: World = await world({
    git: true,
    files: { "a.txt": "before" },
    model: () => (script.shift() ?? says)("over"),
    ...more,
  })
  script.unshift(...plansAt(() => w))
  return w
}

describe("leaving plan mode", () => {
  test("a person who says yes has the agent build go on with the plan, in the same turn", async () => {
    await using w = await planning([calls("write", { filePath: "made", content: "x" }), says("done")])
    const turn = planned(w)
    const ask = await w.asked("plan_exit")
    const name = ask.patterns[0] ?? ""
    expect(name).toMatch(/^\.opencode\/plans\/[a-z]+-[a-z]+-[a-z0-9]{6}\.md$/)
    expect(ask.lasting).toEqual([])
    expect(ask.metadata).toMatchObject({ agent: "build", plan: name, content: "# The plan\n1. do it" })
    expect(w.files()).toEqual([name, "a.txt"].sort())
    ask.once()
    const answer = await turn
    expect(answer.info).toMatchObject({ role: "assistant", agent: "build" })
    expect(w.files()).toContain("made")
    const messages = await w.transcript()
    expect(messages.map(({ info }) => [info.role, info.agent])).toEqual([
      ["user", "plan"],
      ["assistant", "plan"],
      ["assistant", "plan"],
      ["user", "build"],
      ["assistant", "build"],
      ["assistant", "build"],
    ])
    const [prompt] = messages[3]?.parts ?? []
    expect(prompt).toMatchObject({ type: "text", synthetic: true, text: expect.stringContaining(name) })
    expect(w.model.heard()).toContain("Plan mode is over")
    expect((await w.session()).agent).toBe("build")
  })

  test("a person who says no with words stays in plan mode, and the model hears them", async () => {
    await using w = await planning([calls("write", { filePath: "made", content: "x" }), says("better")])
    const turn = planned(w)
    await w.asked("plan_exit").then((ask) => ask.reject("mention the tests"))
    await turn
    expect(w.model.heard()).toContain("mention the tests")
    expect(w.files()).not.toContain("made")
    expect((await w.session()).agent).toBe("plan")
  })

  test("a bare no ends the turn, in plan mode", async () => {
    await using w = await planning([])
    const turn = planned(w)
    await w.asked("plan_exit").then((ask) => ask.reject())
    await turn
    expect(w.model.requests).toHaveLength(2)
    expect((await w.session()).agent).toBe("plan")
  })

  test("no rule and no earlier answer spares the question", async () => {
    const permission = { "*": "allow", plan_exit: "allow" } as const
    await using w = await planning([calls("plan_exit", {}), says("no")], {
      permission,
      config: { agent: { plan: { permission } } },
    })
    const { id } = await w.session()
    await w.engine.sessions.update(id, { permission: [{ permission: "*", pattern: "*", action: "allow" }] })
    const turn = planned(w)
    await w.asked("plan_exit").then((ask) => ask.always())
    await turn
    // The agent that carries it out has no plan mode to leave.
    expect(w.model.requests[2]?.tools).not.toContain("plan_exit")
    w.model.add(calls("plan_exit", {}), says("no"))
    const again = planned(w)
    await w.asked("plan_exit").then((ask) => ask.reject("again"))
    await again
  })

  test("where the session denies it, as `run` does, it is not offered, and a call of it changes nothing", async () => {
    await using w = await planning([says("here is the plan")])
    const { id } = await w.session()
    await w.engine.sessions.update(id, { permission: [{ permission: "plan_exit", pattern: "*", action: "deny" }] })
    await planned(w)
    expect(w.model.requests[0]?.tools).not.toContain("plan_exit")
    expect((await w.calls())[1]?.state).toMatchObject({ status: "error" })
    expect((await w.session()).agent).toBe("plan")
  })

  test("nobody but plan is offered it, whatever the rules say: no other agent and no subagent", async () => {
    const free = { mode: "all", description: "free", permission: { "*": "allow" } } as const
    await using w = await world({
      config: { agent: { free, plan: { permission: { task: "allow" } } } },
      permission: "allow",
      model: cast([starts(task("inner", { subagent_type: "free" })), says("ok"), callsMany([PLAN_EXIT]), says("ok")], {
        inner: [callsMany([PLAN_EXIT]), says("no")],
      }),
    })
    await w.prompt("plan", { agent: "plan" })
    await w.prompt("build", { agent: "free" })
    const offered = w.model.requests.map(({ tools }) => tools.includes("plan_exit"))
    expect(offered).toEqual([true, false, false, true, false, false])
    expect(w.engine.gate.list()).toEqual([])
    expect((await w.calls()).at(-1)?.state).toMatchObject({ status: "error" })
  })

  test("what else the answer calls is still bound by plan mode", async () => {
    await using w = await world({
      permission: "allow",
      model: [callsMany([PLAN_EXIT, { name: "write", input: { filePath: "made", content: "x" } }]), says("done")],
    })
    const turn = planned(w)
    await w.asked("plan_exit").then((ask) => ask.once())
    await turn
    expect((await w.calls())[1]?.state).toMatchObject({ status: "error" })
    expect(w.files()).toEqual([])
  })

  test("what the person's prompt switched off stays off, and without a plan file the plan is the conversation's", async () => {
    await using w = await world({ model: [calls("plan_exit", {}), says("done")] })
    const turn = w.prompt("plan it", { agent: "plan", tools: { bash: false }, system: "Speak like a pirate." })
    const ask = await w.asked("plan_exit")
    expect(ask.metadata).not.toHaveProperty("content")
    ask.once()
    await turn
    expect(w.model.requests[1]?.tools).toContain("write")
    expect(w.model.requests[1]?.tools).not.toContain("bash")
    expect(w.model.requests[1]?.system).toContain("pirate")
    expect(w.model.heard()).toContain("The plan above is approved")
  })

  test("without a repository the plan is kept with our data, and neither agent is asked about that", async () => {
    await using w = await planning([calls("read", { filePath: "x" }), says("done")], { git: false })
    const turn = planned(w)
    const ask = await w.asked("plan_exit")
    const file = String(ask.metadata.filepath)
    expect(file).toContain(w.folder.join("data/opencode/plans"))
    expect(w.files()).toEqual(["a.txt"])
    ask.reject()
    await turn
    expect(w.engine.gate.list()).toEqual([])
  })

  test("without another agent there is nobody to go on, and the model is told", async () => {
    await using w = await planning([says("the plan")], { config: { agent: { build: { disable: true } } } })
    await planned(w)
    expect(w.model.heard()).toContain("no other agent")
    expect(textOf((await w.transcript()).at(-1)?.parts ?? [])).toBe("the plan")
  })
})
