import { calls, callsMany, says } from "@opencode/testing/script.ts"
import { world, type WorldOptions } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { boundBy, boundsFor } from "../../src/turn/bounds.ts"
import { cast, childrenOf, starts, task } from "./cast.ts"

/** What a subagent may try in order to write although its parent may not. */
const ESCAPES: [name: string, input: object][] = [
  ["write", { filePath: "made", content: "x" }],
  ["edit", { filePath: "kept", oldString: "before", newString: "after" }],
  ["bash", { command: "touch made" }],
  ["bash", { command: "echo x > made" }],
  ["bash", { command: "cat kept | tee made" }],
  ["bash", { command: "env touch made" }],
  ["bash", { command: "bash -c 'touch made'" }],
  ["bash", { command: "find . -name kept -exec cp {} made \\;" }],
  ["bash", { command: "sed -i s/before/after/ kept" }],
  ["bash", { command: "ls $(touch made)" }],
  ["bash", { command: "git diff --output=made" }],
  ["write", { filePath: "new/folder/made", content: "x" }],
  ["write", { filePath: ".opencode/opencode.json", content: "{}" }],
  ["edit", { filePath: "made", oldString: "", newString: "x" }],
  ["apply_patch", { patchText: "*** Begin Patch\n*** Add File: made\n+x\n*** End Patch" }],
  ["task", { description: "write", prompt: "write", subagent_type: "general" }],
  ["bash", { command: "true && touch made" }],
  ["bash", { command: "false || touch made" }],
  ["bash", { command: "ls; touch made" }],
  ["bash", { command: "ls | xargs touch made" }],
  ["bash", { command: "ls & touch made" }],
  ["bash", { command: "ls\ntouch made" }],
  ["bash", { command: "ls `touch made`" }],
  ["bash", { command: "cat <(touch made)" }],
  ["bash", { command: "cat <<E\n$(touch made)\nE" }],
  ["bash", { command: "echo ${x:-$(touch made)}" }],
  ["bash", { command: "x='a[$(touch made)]'; echo $((x))" }],
  ["bash", { command: "echo x >> kept" }],
  ["bash", { command: ": > kept" }],
  ["bash", { command: "> made" }],
  ["bash", { command: "ls &> made" }],
  ["bash", { command: "cat <> made" }],
  ["bash", { command: "f=made; ls > $f" }],
  ["bash", { command: "f=touch; $f made" }],
  ["bash", { command: "ls() { touch made; }; ls" }],
  ["bash", { command: "trap 'touch made' EXIT" }],
  ["bash", { command: "eval 'touch made'" }],
  ["bash", { command: "command touch made" }],
  ["bash", { command: "timeout 5 touch made" }],
  ["bash", { command: "sed -n 'w made' kept" }],
  ["bash", { command: "sort -o made kept" }],
  ["bash", { command: "uniq kept made" }],
  ["bash", { command: "find . -fprint made" }],
  ["bash", { command: "find kept -delete" }],
  ["bash", { command: "awk 'BEGIN { print > \"made\" }'" }],
  ["bash", { command: "node -e 'require(`fs`).writeFileSync(`made`, ``)'" }],
  ["bash", { command: "mv kept made" }],
  ["bash", { command: "ln -s kept made" }],
  ["bash", { command: "git -c alias.log='!touch made' log" }],
  ["bash", { command: "GIT_EXTERNAL_DIFF='touch made' git diff" }],
  ["bash", { command: "ls > made", workdir: "." }],
]

/** A subagent of the user's, to whom everything is allowed. */
const FREE: WorldOptions["config"] = {
  agent: { free: { mode: "subagent", description: "may do anything", permission: { "*": "allow" } } },
}

const tries = () => callsMany(ESCAPES.map(([name, input]) => ({ name, input })))
const free = (prompt: string, more = {}) => task(prompt, { subagent_type: "free", ...more })

test("a subagent of a plan agent cannot write, whatever is allowed to it and however it tries", async () => {
  await using w = await world({
    config: FREE,
    permission: { "*": "allow" },
    git: true,
    files: { kept: "before" },
    model: cast([starts(free("write")), says("planned")], { write: [tries(), says("nothing worked")] }),
  })
  await w.prompt("plan", { agent: "plan" })
  const [child] = await childrenOf(w)
  const [, tried] = await w.engine.sessions.messages(child?.id ?? "")
  const states = tried?.parts.flatMap((part) => (part.type === "tool" ? [part.state.status] : []))
  expect(states).toEqual(ESCAPES.map(() => "error"))
  expect(w.files()).toEqual(["kept"])
  expect(w.read("kept")).toBe("before")
})

test("the bounds of plan mode hold for the children of its children, after a restart, and when a person prompts them", async () => {
  await using w = await world({
    config: { ...FREE, subagent_depth: 2 },
    permission: { "*": "allow" },
    files: { kept: "before" },
    model: cast([starts(free("hand on")), says("planned")], {
      "hand on": [starts(free("write")), says("no")],
      write: [tries(), says("no"), calls("bash", { command: "touch made" }), says("no")],
    }),
  })
  await w.prompt("plan", { agent: "plan" })
  await w.restart()
  const [child] = await childrenOf(w)
  const [grandchild] = w.engine.children.list(child?.id ?? "")
  const { answer } = await w.engine.sessions.prompt(grandchild?.id ?? "", {
    agent: "build",
    parts: [{ type: "text", text: "now do it" }],
  })
  await answer
  expect(w.files()).toEqual(["kept"])
  expect(w.read("kept")).toBe("before")
})

test("a subagent that goes on for an agent that may write may write", async () => {
  await using w = await world({
    config: FREE,
    model: cast([starts(free("write")), says("planned")], {
      write: [
        calls("bash", { command: "touch made" }),
        says("no"),
        calls("bash", { command: "touch made" }),
        says("yes"),
      ],
    }),
  })
  await w.prompt("plan", { agent: "plan" })
  expect(w.files()).toEqual([])
  const [child] = await childrenOf(w)
  w.model.add(starts(free("now", { task_id: child?.id })))
  await w.prompt("carry it out", { agent: "build" })
  expect(w.files()).toEqual(["made"])
})

test("plan mode starts no general subagent, also when the user names it", async () => {
  await using w = await world({ model: cast([starts(task("write")), says("no")], {}) })
  await w.prompt("plan", {
    agent: "plan",
    parts: [
      { type: "text", text: "plan" },
      { type: "agent", name: "general" },
    ],
  })
  expect((await w.calls())[0]?.state).toMatchObject({
    status: "error",
    error: expect.stringContaining("no configuration can lift"),
  })
  expect(await childrenOf(w)).toEqual([])
})

test("what a session denies is denied to its subagents, and what it allows is not passed on", async () => {
  await using w = await world({
    model: cast([starts(task("look", { subagent_type: "explore" })), says("ok")], {
      look: [
        callsMany([
          { name: "webfetch", input: { url: "https://example.com" } },
          { name: "write", input: { filePath: "made", content: "" } },
        ]),
        says("no"),
      ],
    }),
  })
  const { id } = await w.session()
  const permission = [
    { permission: "webfetch", pattern: "*", action: "deny" as const },
    { permission: "edit", pattern: "*", action: "allow" as const },
  ]
  await w.engine.sessions.update(id, { permission })
  await w.prompt("go")
  const [child] = await childrenOf(w)
  expect(child?.permission?.slice(0, -1)).toEqual(permission.slice(0, 1))
  const [, tried] = await w.engine.sessions.messages(child?.id ?? "")
  expect(tried?.parts.flatMap((part) => (part.type === "tool" ? [part.state.status] : []))).toEqual(["error", "error"])
})

test("a subagent is not offered the tool that starts others, and a call of it is refused", async () => {
  await using w = await world({
    permission: { task: "allow" },
    model: cast([starts(task("outer")), says("ok")], { outer: [starts(task("inner")), says("no")] }),
  })
  await w.prompt("go")
  const [child] = await childrenOf(w)
  expect(w.model.requests[1]?.tools).not.toContain("task")
  expect(w.engine.children.list(child?.id ?? "")).toEqual([])
})

test.each([
  [0, 0],
  [1, 1],
  [2, 2],
  [3, 3],
])(
  "with subagent_depth %i there are %i levels, also where no rule stands in the way",
  async (subagent_depth, levels) => {
    await using w = await world({
      config: { subagent_depth, permission: { doom_loop: "allow" } },
      model: ({ messages, tools }) => {
        const answered = messages.some(({ toolResults }) => toolResults.length > 0)
        const level = messages.find(({ role }) => role === "user")?.text ?? ""
        if (answered || level.length > 5) return says("done")
        expect(tools.includes("task")).toBe(level.length < subagent_depth + 1)
        return starts(task(`${level}x`))
      },
    })
    await w.prompt("x")
    const depth = { levels: 0, id: (await w.session()).id }
    for (let [child] = w.engine.children.list(depth.id); child; [child] = w.engine.children.list(child.id))
      depth.levels++
    expect(depth.levels).toBe(levels)
  },
)

test("the engine counts levels itself: a session without rules is no deeper than it is", async () => {
  await using w = await world({ model: cast([], { go: [starts(task("x")), says("no")] }) })
  const { id: parentID } = await w.session()
  const child = await w.engine.sessions.create({ parentID })
  const { answer } = await w.engine.sessions.prompt(child.id, { parts: [{ type: "text", text: "go" }] })
  await answer
  expect(w.model.heard()).toContain("subagent_depth")
  expect(w.engine.children.list(child.id)).toEqual([])
})

test("bounds only tighten", () => {
  const plan = { permission: "edit", pattern: "plans/*", action: "allow" as const }
  const deny = { permission: "edit", pattern: "*", action: "deny" as const }
  const parent = { ceiling: [deny, plan], readOnly: true }
  const bounds = boundsFor(parent, [deny, { ...plan, pattern: "*" }])
  expect(bounds).toEqual({ ceiling: [deny, plan, deny], readOnly: true })
  const setting = { agent: { name: "x" } as never, ceiling: [plan], readOnly: false }
  expect(boundBy(setting, bounds)).toMatchObject({ ceiling: [plan, deny, plan, deny], readOnly: true })
  expect(boundBy(setting, undefined)).toBe(setting)
})
