import { ASK_BEFORE_HARM } from "@opencode/core/config/fail-closed.ts"
import { execFileSync } from "node:child_process"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { place, PROJECT, USER } from "./place.ts"

describe("layers", () => {
  test("nothing written means nothing set", async () => {
    await using at = await place()
    const config = await at.load()
    expect(config.value).toEqual({})
    expect(config.issues).toEqual([])
    expect(config.origin(["model"])).toBeUndefined()
  })

  /** Lowest first: with all of them present the last wins, and each of them wins over those before it. */
  const order: [string, string | { env: Record<string, string> }][] = [
    ["home/.config/opencode/config.json", "user"],
    ["home/.config/opencode/opencode.json", "user"],
    ["home/.config/opencode/opencode.jsonc", "user"],
    ["named.json", { env: { OPENCODE_CONFIG: "$ROOT/named.json" } }],
    ["project/.opencode.json", "project"],
    ["project/opencode.json", "project"],
    ["project/opencode.jsonc", "project"],
    ["project/sub/opencode.json", "project"],
    ["project/.opencode/config.json", "project"],
    ["project/.opencode/opencode.json", "project"],
    ["project/.opencode/opencode.jsonc", "project"],
    ["project/sub/.opencode/opencode.json", "project"],
    ["extra/opencode.json", { env: { OPENCODE_CONFIG_DIR: "$ROOT/extra" } }],
  ]
  test("every file is read, and each wins over those before it", async () => {
    await using at = await place()
    let env: Record<string, string> = {}
    for (const [file, how] of order) {
      await at.write({ [file]: { model: `p/${file}`, username: file } })
      if (typeof how === "object") {
        env = {
          ...env,
          ...Object.fromEntries(Object.entries(how.env).map(([k, v]) => [k, v.replace("$ROOT", at.root)])),
        }
      }
      const config = await at.load({ env })
      expect(config.value.model).toBe(`p/${file}`)
      expect(config.origin(["model"])?.file).toBe(join(at.root, file))
    }
    const inline = await at.load({ env: { ...env, OPENCODE_CONFIG_CONTENT: '{"model":"p/inline"}' } })
    expect(inline.value.model).toBe("p/inline")
    expect(inline.origin(["model"])).toEqual({ layer: "environment" })
    await at.write({ "managed/opencode.json": { model: "p/managed" } })
    const managed = await at.load({
      env: { ...env, OPENCODE_CONFIG_CONTENT: '{"model":"p/inline"}' },
      commandLine: { text: '{"model":"p/flag","username":"flag"}' },
    })
    expect(managed.value).toMatchObject({ model: "p/managed", username: "flag" })
    expect(managed.origin(["model"])?.layer).toBe("managed")
  })

  test("every value knows who set it", async () => {
    await using at = await place({
      [USER]: { model: "a/b", agent: { build: { temperature: 0.5 } }, instructions: ["one.md"] },
      [PROJECT]: { agent: { build: { steps: 4 } }, instructions: ["two.md", "one.md"] },
    })
    const config = await at.load({ username: "ada" })
    expect(config.value).toMatchObject({
      username: "ada",
      agent: { build: { temperature: 0.5, steps: 4 } },
      instructions: ["one.md", "two.md"],
    })
    expect(config.origin(["username"])?.layer).toBe("builtin")
    expect(config.origin(["agent", "build", "temperature"])?.layer).toBe("user")
    expect(config.origin(["agent", "build", "steps"])?.layer).toBe("project")
    expect(config.origin(["agent"])?.layer).toBe("project")
    expect(config.origin(["instructions", "0"])?.layer).toBe("user")
    expect(config.origin(["instructions", "1"])).toEqual({ layer: "project", file: join(at.root, PROJECT) })
    expect(config.origin(["agent", "build", "color"])).toBeUndefined()
  })

  test("the project's files can be left out", async () => {
    await using at = await place({ [PROJECT]: { model: "a/b" } })
    expect((await at.load({ env: { OPENCODE_DISABLE_PROJECT_CONFIG: "1" } })).value).toEqual({})
  })

  test("without a repository only the folder itself is looked at", async () => {
    await using at = await place({ [PROJECT]: { model: "a/above" }, "project/sub/opencode.json": { username: "here" } })
    expect((await at.load({ worktree: "/" })).value).toEqual({ username: "here" })
  })

  test("a project that is the user's own configuration folder is the user's", async () => {
    await using at = await place({ [USER]: { shell: "/bin/zsh" } })
    const folder = join(at.root, "home/.config/opencode")
    const config = await at.load({ worktree: folder, directory: folder })
    expect(config.value.shell).toBe("/bin/zsh")
    expect(config.issues).toEqual([])
  })

  test.each([
    ["allow", { permission: "allow" }],
    ["DENY", { permission: "deny" }],
    ['{"bash":{"*":"ask","git *":"allow"}}', { permission: { bash: { "*": "ask", "git *": "allow" } } }],
  ])("OPENCODE_PERMISSION=%s", async (written, value) => {
    await using at = await place()
    expect((await at.load({ env: { OPENCODE_PERMISSION: written } })).value).toEqual(value)
  })

  test.each(['{"bash":"allow"', '{"bash":"allow"}, "model": "a/b"', "alow", "[", "5", '{"bash":{"*":'])(
    "OPENCODE_PERMISSION=%s is reported, and asks before harm",
    async (written) => {
      await using at = await place({ [USER]: { permission: { webfetch: "deny" } } })
      const { value, issues } = await at.load({ env: { OPENCODE_PERMISSION: written } })
      expect(value).not.toHaveProperty("model")
      expect(value.permission).toMatchObject({ bash: "ask", edit: "ask", control_file: "ask" })
      expect(issues.map(({ message }) => message)).toEqual([expect.stringMatching(/OPENCODE_PERMISSION|`permission`/)])
    },
  )

  test("variables that switch things off are settings", async () => {
    await using at = await place({ [USER]: { share: "auto" } })
    const env = { OPENCODE_DISABLE_SHARE: "1", OPENCODE_DISABLE_AUTOCOMPACT: "true", OPENCODE_LOG_LEVEL: "debug" }
    const { value, issues } = await at.load({ env })
    expect(value).toEqual({ share: "disabled", compaction: { auto: false }, logLevel: "DEBUG" })
    expect(issues).toEqual([])
  })
})

describe("what is wrong is reported, and the rest is in effect", () => {
  test("broken JSON: the place, and every other file", async () => {
    await using at = await place({
      [USER]: { model: "a/b" },
      [PROJECT]: '{\n  "share": "disabled",\n  "username" "x"\n}',
    })
    const config = await at.load()
    expect(config.value).toEqual({ model: "a/b" })
    expect(config.issues).toHaveLength(1)
    expect(config.issues[0]).toMatchObject({ kind: "syntax", file: join(at.root, PROJECT), line: 3, column: 14 })
    expect(config.issues[0]?.message).toContain("line 3, column 14: colon expected")
  })

  test("comments and trailing commas are welcome", async () => {
    await using at = await place({ [USER]: '\uFEFF// mine\n{ "model": "a/b", /* why */ "instructions": ["x.md",], }' })
    expect(await at.load()).toMatchObject({ value: { model: "a/b", instructions: ["x.md"] }, issues: [] })
  })

  test("an unknown key: a warning with the near name, and where it is", async () => {
    await using at = await place({ [USER]: '{\n  "modle": "a/b",\n  "share": "manual"\n}' })
    const config = await at.load()
    expect(config.value).toEqual({ share: "manual" })
    expect(config.issues).toMatchObject([
      { severity: "warning", kind: "unknown_key", line: 2, column: 3, path: ["modle"] },
    ])
    expect(config.issues[0]?.message).toMatch(/Did you mean .*model\?/)
  })

  test("a wrong type: that member alone is dropped", async () => {
    await using at = await place({
      [USER]: {
        model: 5,
        server: { port: "x", hostname: "h" },
        disabled_providers: ["a", 5],
        agent: { x: { color: "blurple", steps: 3 } },
        mcp: {
          good: { type: "remote", url: "https://x" },
          bad: { type: "local", command: "npx" },
          off: { enabled: false },
        },
        command: { c: { description: "no template" } },
      },
    })
    const config = await at.load()
    expect(config.value).toEqual({
      server: { hostname: "h" },
      disabled_providers: ["a"],
      agent: { x: { steps: 3 } },
      mcp: { good: { type: "remote", url: "https://x" }, off: { enabled: false } },
      command: {},
    })
    expect(config.issues.map(({ path }) => path.join("."))).toEqual([
      "model",
      "server.port",
      "disabled_providers.1",
      "agent.x.color",
      "mcp.bad.command",
      "command.c",
    ])
    expect(config.issues[0]?.message).toBe("`model` must be text, not this number; it is ignored.")
  })

  test("no message repeats a value", async () => {
    await using at = await place({
      [USER]: { provider: { x: { options: { apiKey: ["hunter2"] } } }, model: ["hunter2"] },
    })
    expect(JSON.stringify((await at.load()).issues)).not.toContain("hunter2")
  })

  test("strange files do not stop the start", async () => {
    await using at = await place({ [PROJECT]: "[".repeat(200_000), "project/sub/opencode.json": "[1,2]" })
    await mkdir(join(at.root, "project/opencode.jsonc"), { recursive: true })
    execFileSync("mkfifo", [join(at.root, "project/sub/opencode.jsonc")])
    const config = await at.load({ env: { OPENCODE_CONFIG: "nowhere.json" } })
    expect(config.value).toEqual({ permission: ASK_BEFORE_HARM })
    expect(config.issues.map(({ kind }) => kind).sort()).toEqual([
      "syntax",
      "unreadable",
      "unreadable",
      "unreadable",
      "wrong_type",
    ])
  })

  test("a member called __proto__ changes nothing", async () => {
    await using at = await place({ [USER]: '{"__proto__":{"model":"a/b"},"agent":{"__proto__":{"steps":2}}}' })
    const { value } = await at.load()
    expect(value.model).toBeUndefined()
    expect(({} as { steps?: number }).steps).toBeUndefined()
  })
})

describe("variables", () => {
  test("are filled in, and a missing one is reported", async () => {
    await using at = await place({
      "home/.config/opencode/prompt.txt": "  Be kind: {env:KEY}\n",
      "home/key": "k2\n",
      [USER]: {
        model: "{env:P}/m",
        username: "a{env:NONE}b",
        agent: { x: { prompt: "{file:./prompt.txt}" }, y: { prompt: "{file:nowhere}", steps: 1 } },
        provider: { p: { options: { apiKey: "{file:~/key}" } } },
      },
    })
    const config = await at.load({ env: { P: "prov", KEY: "secret" } })
    expect(config.value).toEqual({
      model: "prov/m",
      username: "ab",
      agent: { x: { prompt: "Be kind: {env:KEY}" }, y: { steps: 1 } },
      provider: { p: { options: { apiKey: "k2" } } },
    })
    expect(config.issues.map(({ kind, path }) => [kind, path.join(".")])).toEqual([
      ["variable", "username"],
      ["variable", "agent.y.prompt"],
    ])
  })

  test("of a project are held back until it is trusted", async () => {
    await using at = await place({
      [PROJECT]: { agent: { x: { prompt: "{env:KEY}", steps: 2 } }, username: "{file:/etc/hostname}" },
    })
    const held = await at.load({ env: { KEY: "secret" } })
    expect(held.value).toEqual({ agent: { x: { steps: 2 } } })
    expect(held.issues.map(({ kind }) => kind)).toEqual(["held_back", "held_back"])
    const open = await at.load({ env: { KEY: "secret" }, trusted: true })
    expect(open.value.agent?.x?.prompt).toBe("secret")
    expect(open.issues).toEqual([])
  })
})
