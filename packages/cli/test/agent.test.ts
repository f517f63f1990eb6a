import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { installation } from "@opencode/testing/command.ts"
import type { Agent } from "@opencode/protocol/agent.ts"
import { describe, expect, test } from "vitest"
import { calls, modelScript, says } from "./shared.ts"

const WRITTEN = {
  identifier: "Code Looker",
  whenToUse: 'Use this agent when: code has to be "looked at".',
  systemPrompt: "You look at code.\n\n- Closely.",
}
const writes = (more = {}) => calls("StructuredOutput", { ...WRITTEN, ...more })
const ALL = ["--path", "mine", "--description", "looks at code", "--mode", "subagent", "--permissions", "read,grep"]

describe("agent list", () => {
  test("prints every agent with its mode and rules, those of the program first", async () => {
    await using at = installation({
      files: { ".opencode/agent/aide.md": "---\nmode: subagent\npermission: {bash: deny}\n---\nHelp.\n" },
    })
    const { stdout, code } = await at.run(["agent", "list"])
    expect(code).toBe(0)
    const names = stdout.split("\n").filter((line) => /^\S+ \(/.test(line))
    expect(names).toEqual([
      "build (primary)",
      "compaction (primary)",
      "explore (subagent)",
      "general (subagent)",
      "plan (primary)",
      "summary (primary)",
      "title (primary)",
      "aide (subagent)",
    ])
    const rules = JSON.parse(stdout.slice(stdout.indexOf("aide (subagent)") + "aide (subagent)".length)) as unknown[]
    expect(rules.at(-1)).toEqual({ permission: "bash", pattern: "*", action: "deny" })
  })
})

describe("debug agent", () => {
  test("prints one agent as it is in effect, with the tools that it is offered", async () => {
    await using at = installation({ config: { agent: { aide: { steps: 3, tools: { bash: false }, effort: "x" } } } })
    const aide = await at.run(["debug", "agent", "aide"])
    expect(JSON.parse(aide.stdout)).toMatchObject({
      name: "aide",
      mode: "all",
      steps: 3,
      options: { effort: "x" },
      tools: { bash: false, read: true, skill: true, plan_exit: false, invalid: true },
    })
    const plan = await at.run(["debug", "agent", "plan"])
    expect((JSON.parse(plan.stdout) as { tools: Record<string, boolean> }).tools).toMatchObject({ plan_exit: true })
  })

  test("an agent that there is not is told with near names", async () => {
    await using at = installation()
    const { stderr, code } = await at.run(["debug", "agent", "plam"])
    expect({ code, stderr }).toEqual({ code: 1, stderr: "Error: Agent plam not found. Did you mean plan?\n" })
  })
})

describe("agent create", () => {
  test("puts what the model wrote into a file that is an agent from then on, and is not written over", async () => {
    await using at = await modelScript([writes(), writes()])
    const file = join(at.project, "mine/agents/code-looker.md")
    const made = await at.run(["agent", "create", ...ALL])
    expect(made).toMatchObject({ code: 0, stdout: `${file}\n` })
    expect(at.model.heard()).toContain("looks at code")
    expect(at.model.heard()).toContain("build, compaction, explore")

    const read = await at.run(["debug", "agent", "code-looker"], {
      env: { OPENCODE_CONFIG_DIR: join(at.project, "mine") },
    })
    const agent = JSON.parse(read.stdout) as Agent & { tools: Record<string, boolean> }
    expect(agent).toMatchObject({
      mode: "subagent",
      description: WRITTEN.whenToUse,
      prompt: WRITTEN.systemPrompt,
      tools: { read: true, grep: true, bash: false, edit: false, write: false, task: false, webfetch: false },
    })

    const before = readFileSync(file, "utf8")
    const again = await at.run(["agent", "create", ...ALL])
    expect(again).toMatchObject({ code: 1, stdout: "" })
    expect(again.stderr).toContain(`Agent file already exists: ${file}`)
    expect(readFileSync(file, "utf8")).toBe(before)
  })

  test("leaves no session behind", async () => {
    await using at = await modelScript([writes()])
    await at.run(["agent", "create", ...ALL])
    expect((await at.run(["session", "list", "--format", "json"])).stdout.trim()).toBe("[]")
  })

  test("allows everything when everything is named, and says so by saying nothing", async () => {
    await using at = await modelScript([writes()])
    const everything = "bash,read,edit,glob,grep,webfetch,task,todowrite,websearch,lsp,skill"
    await at.run(["agent", "create", ...ALL.slice(0, -1), everything])
    expect(readFileSync(join(at.project, "mine/agents/code-looker.md"), "utf8")).not.toContain("permission")
  })

  test.each<[string, string[], RegExp]>([
    ["flags are missing", ["--description", "x", "--mode", "all"], /give --path, --permissions as well/],
    ["there are no flags at all", [], /give --path, --description, --mode, --permissions/],
    ["a permission is misspelt", [...ALL, "--permissions", "reed"], /no permission reed\. Did you mean read\?/],
    ["the model's name has no provider", [...ALL, "--model", "large"], /written as provider\/model/],
    ["the model is not there", [...ALL, "--model", "mock/larje"], /Model not found: mock\/larje/],
    ["the description is empty", [...ALL, "--description", " "], /description is empty/],
    ["the mode is none", [...ALL, "--mode", "boss"], /Allowed choices/],
  ])("asks nobody and makes nothing when %s", async (_, flags, said) => {
    await using at = await modelScript([])
    const { code, stdout, stderr } = await at.run(["agent", "create", ...flags])
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
    expect(stderr).toMatch(said)
    expect(at.model.requests).toEqual([])
    expect(existsSync(join(at.project, "mine"))).toBe(false)
  })

  test.each<[string, ReturnType<typeof says>[], RegExp]>([
    ["takes the name of one that is there", [writes({ identifier: "Plan" })], /there is an agent of that name/],
    ["gives no name", [writes({ identifier: "!?" })], /without a name or a prompt/],
    ["gives an empty prompt", [writes({ systemPrompt: " " })], /without a name or a prompt/],
    ["answers something else", Array(9).fill(says("I would rather not.")), /The model wrote no agent/],
  ])("makes nothing when the model %s", async (_, script, said) => {
    await using at = await modelScript(script)
    const { code, stderr } = await at.run(["agent", "create", ...ALL])
    expect(code).toBe(1)
    expect(stderr).toMatch(said)
    expect(existsSync(join(at.project, "mine"))).toBe(false)
  })

  test("a name that leads elsewhere stays in its folder", async () => {
    await using at = await modelScript([writes({ identifier: "../../evil.md" })])
    const { stdout } = await at.run(["agent", "create", ...ALL])
    expect(stdout).toBe(`${join(at.project, "mine/agents/evil-md.md")}\n`)
  })
})

const TRIES = [
  calls("bash", { command: "touch made" }),
  calls("write", { filePath: "made", content: "x" }),
  calls("plan_exit", {}),
  says("here is the plan"),
]

describe("`run` with --auto and everything allowed", () => {
  const env = { OPENCODE_PERMISSION: "allow" }

  test("does not leave plan mode", async () => {
    await using at = await modelScript(TRIES, { config: { permission: "allow" } })
    const { stdout } = await at.run(["run", "--agent", "plan", "--auto", "plan it"], { env })
    expect(stdout).toContain("here is the plan")
    expect(at.model.requests[0]?.tools).not.toContain("plan_exit")
    expect(existsSync(join(at.project, "made"))).toBe(false)
  })

  test("does not leave it either in a session of a client that could ask, and says why to the model", async () => {
    await using at = await modelScript(TRIES, { config: { permission: "allow" } })
    const server = await at.serve()
    const created = await fetch(`${server.url}/session`, { method: "POST" })
    const { id } = (await created.json()) as { id: string }
    server.child.kill("SIGTERM")
    await server.finished
    const { stdout, code } = await at.run(["run", "-s", id, "--agent", "plan", "--auto", "plan it"], { env })
    expect({ code, stdout }).toEqual({ code: 0, stdout: "here is the plan\n" })
    expect(at.model.requests[0]?.tools).toContain("plan_exit")
    expect(at.model.heard()).toContain("Nobody is here to approve the plan")
    expect(existsSync(join(at.project, "made"))).toBe(false)
  })
})
