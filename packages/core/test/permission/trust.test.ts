import { calls, says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { chmodSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { openTrust, TRUST_FILE } from "../../src/permission/trust.ts"

const MCP = { mcp: { notes: { type: "local", command: ["node", "./server.js"] } } }
const repository = (more: object = {}): Record<string, string> => ({
  "opencode.json": JSON.stringify({ ...MCP, ...more }),
  "server.js": "first",
})
const pending = (w: World): string[] => w.engine.config.trust.pending.map(({ path }) => path.join("."))
const asked = (w: World): unknown[] =>
  w.events.filter(
    ({ type, properties }) =>
      type === "permission.asked" && "permission" in properties && properties.permission === "trust",
  )

describe("the question before a turn", () => {
  test("names everything that is held back, and no answer but a person's lets it in", async () => {
    await using w = await world({
      client: true,
      files: repository({ permission: { bash: "allow" }, shell: "./sh" }),
      config: { permission: { bash: "ask" } },
      env: { OPENCODE_PERMISSION: "allow" },
      model: [says("done"), says("again")],
    })
    expect(w.engine.config.value.mcp).toBeUndefined()
    const turn = w.prompt("go")
    const question = await w.asked("trust")
    expect(question.patterns).toEqual([
      "mcp.notes: runs node ./server.js",
      "permission.bash: takes back what is asked or denied: allow",
      "shell: runs every command: ./sh",
    ])
    expect(question.metadata).toMatchObject({
      directory: w.project,
      items: [{ kind: "mcp", loads: ["server.js"] }, {}, {}],
    })
    expect(w.model.requests).toEqual([])
    question.always()
    await turn
    expect(w.engine.config.value).toMatchObject(MCP)
    await w.restart()
    expect(w.engine.config.value).toMatchObject(MCP)
    await w.prompt("again")
    expect(asked(w)).toHaveLength(1)
  })

  test("a refusal does not stop the prompt, is not asked again in this process, and is forgotten with it", async () => {
    await using w = await world({ client: true, files: repository(), model: [says("one"), says("two"), says("three")] })
    const turn = w.prompt("go")
    ;(await w.asked("trust")).reject()
    await turn
    await w.prompt("more")
    expect(asked(w)).toHaveLength(1)
    expect(pending(w)).toEqual(["mcp.notes"])
    await w.restart()
    const again = w.prompt("again")
    ;(await w.asked("trust")).once()
    await again
    expect(pending(w)).toEqual([])
    await w.restart()
    expect(pending(w)).toEqual(["mcp.notes"])
  })

  test("a change of a definition, or of a file that it loads, makes it pending again", async () => {
    await using w = await world({ client: true, files: repository(), model: [says("one")] })
    const turn = w.prompt("go")
    ;(await w.asked("trust")).always()
    await turn
    expect(pending(w)).toEqual([])
    writeFileSync(join(w.project, "server.js"), "second")
    await w.engine.settings.reload()
    expect(pending(w)).toEqual(["mcp.notes"])
    writeFileSync(join(w.project, "server.js"), "first")
    await w.engine.settings.reload()
    expect(pending(w)).toEqual([])
    writeFileSync(
      join(w.project, "opencode.json"),
      JSON.stringify({ mcp: { notes: { ...MCP.mcp.notes, command: ["node", "./server.js", "-x"] } } }),
    )
    await w.engine.settings.reload()
    expect(pending(w)).toEqual(["mcp.notes"])
  })

  test("an abort takes it away, and the next prompt asks it again", async () => {
    await using w = await world({ client: true, files: repository(), model: [says("one")] })
    const turn = w.prompt("go")
    await w.asked("trust")
    await w.engine.sessions.abort((await w.session()).id)
    await turn
    expect(w.engine.gate.list()).toEqual([])
    const again = w.prompt("again")
    await w.asked("trust").then((question) => question.reject())
    await again
    expect(asked(w)).toHaveLength(2)
  })

  test("a folder without such items is never asked about, nor is one for whose process somebody said yes", async () => {
    await using w = await world({
      client: true,
      files: { "opencode.json": '{"agent":{"x":{"prompt":"p"}}}' },
      model: [says("one")],
    })
    await w.prompt("go")
    expect(asked(w)).toEqual([])
  })

  test("one answer serves all sessions that ask the same", async () => {
    await using w = await world({ client: true, files: repository(), model: [says("one"), says("two")] })
    const other = await w.engine.sessions.create({})
    const first = w.prompt("go")
    const second = await w.engine.sessions.prompt(other.id, { parts: [{ type: "text", text: "go" }] })
    await expect.poll(() => w.engine.gate.list().length).toBe(2)
    ;(await w.asked("trust")).once()
    await Promise.all([first, second.answer])
  })

  test("a prompt for a model of a provider that waits is asked about like any other, and answered by it", async () => {
    await using w = await world({ client: true, model: [says("from the project's provider")] })
    const provider = { company: { options: { baseURL: `${w.model.url}/v1` }, env: ["COMPANY_KEY"], models: { m: {} } } }
    writeFileSync(join(w.project, "opencode.json"), JSON.stringify({ model: "company/m", provider }))
    await w.engine.settings.reload()
    const turn = w.prompt("go")
    ;(await w.asked("trust")).once()
    expect((await turn).info).toMatchObject({ providerID: "company", modelID: "m" })
    expect(JSON.stringify((await turn).parts)).toContain("from the project's provider")
  })

  test("an approval of some of it, or of what has changed since, answers no question about all", async () => {
    await using w = await world({ client: true, files: repository({ shell: "./sh" }), model: [says("one")] })
    const turn = w.prompt("go")
    const question = await w.asked("trust")
    const { items } = await w.engine.trust.list()
    writeFileSync(join(w.project, "opencode.json"), JSON.stringify({ ...MCP, shell: "./other" }))
    await w.engine.trust.approve(items.filter(({ kind }) => kind === "mcp").map(({ id }) => id))
    expect(w.engine.gate.list()).toHaveLength(1)
    question.reject()
    await turn
    expect(pending(w)).toEqual(["shell"])
  })

  test("nobody is asked for a subagent's sake", async () => {
    await using w = await world({
      client: true,
      files: repository(),
      model: [
        calls("task", { description: "d", prompt: "p", subagent_type: "general" }),
        says("child"),
        says("parent"),
      ],
    })
    const turn = w.prompt("go")
    ;(await w.asked("trust")).reject()
    await turn
    expect(asked(w)).toHaveLength(1)
  })
})

describe("approvals", () => {
  const item = {
    id: "trust_1",
    kind: "mcp" as const,
    path: ["mcp", "x"],
    file: "/p/opencode.json",
    folder: "/p",
    summary: "s",
    loads: [],
    hash: "h",
  }
  const open = (w: World, uid = process.getuid?.()) =>
    openTrust({
      data: w.home.folders.data,
      all: false,
      isAgents: false,
      uid,
      now: () => 1,
      warn: (message) => warnings.push(message),
    })
  const warnings: string[] = []

  test("are readable by their owner alone, bound to the folder, and can be taken back", async () => {
    await using w = await world()
    const trust = open(w)
    await trust.approve([item])
    expect(statSync(trust.file).mode & 0o777).toBe(0o600)
    const other = open(w)
    expect(other.allows(item)).toBe(true)
    expect(other.allows({ ...item, folder: "/p/other" })).toBe(false)
    expect(other.allows({ ...item, hash: "h2" })).toBe(false)
    expect(await other.remove(({ folder }) => folder === "/p")).toBe(1)
    expect(trust.allows(item)).toBe(false)
  })

  test("do not count in a file that others may write, or that cannot be read, and it is never overwritten", async () => {
    await using w = await world()
    const file = join(w.home.folders.data, TRUST_FILE)
    await open(w).approve([item])
    chmodSync(file, 0o666)
    expect(open(w).allows(item)).toBe(false)
    expect(warnings.at(-1)).toContain("can be written by others")
    await expect(open(w).approve([item])).rejects.toMatchObject({ code: "conflict" })
    chmodSync(file, 0o600)
    expect(open(w).allows(item)).toBe(true)
    writeFileSync(file, "{")
    expect(open(w).allows(item)).toBe(false)
    await expect(open(w).approve([item])).rejects.toMatchObject({ code: "conflict" })
  })
})
