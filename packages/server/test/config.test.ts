import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { dataOf, served } from "./served.ts"

const patch = (body: unknown): RequestInit => ({
  method: "PATCH",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
})

describe("a change of the project's settings", () => {
  test("is written into the project's own file with its comments, is in effect, and is read back", async () => {
    await using door = await served({ files: { "opencode.jsonc": '{\n  // ours\n  "username": "ada",\n}\n' } })
    const answered = await dataOf(door.v1.config.update({ body: { small_model: "mock/large" } }))
    expect(answered).toMatchObject({ username: "ada", small_model: "mock/large", model: "mock/large" })
    expect(door.world.read("opencode.jsonc")).toContain("// ours")
    expect(await dataOf(door.v1.config.get())).toMatchObject({ small_model: "mock/large" })
    await door.restart()
    expect(await dataOf(door.v2.config.get())).toMatchObject({ small_model: "mock/large" })
  })

  test("goes into the file that counts most, and into a new one when there is none", async () => {
    await using door = await served({ files: { ".opencode/opencode.json": "{}", "opencode.json": "{}" } })
    await dataOf(door.v1.config.update({ body: { username: "ada" } }))
    expect(JSON.parse(door.world.read(".opencode/opencode.json"))).toEqual({ username: "ada" })
    await using other = await served()
    await dataOf(other.v1.config.update({ body: { username: "ada" } }))
    expect(JSON.parse(other.world.read("opencode.json"))).toMatchObject({ username: "ada" })
  })

  test("of a wrong type is refused with the reason, and nothing is written", async () => {
    await using door = await served()
    const response = await door.fetch("/config", patch({ share: "sometimes" }))
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      name: "BadRequest",
      data: { kind: "Payload", message: expect.stringContaining("`share`") },
    })
    expect(door.world.files()).not.toContain("opencode.json")
  })

  test("of a file that cannot be read is refused with its line", async () => {
    await using door = await served({ files: { "opencode.json": '{\n  "model" 1\n}' } })
    const response = await door.fetch("/config", patch({ username: "ada" }))
    expect(response.status).toBe(400)
    expect(await response.text()).toContain("line 2")
    expect(door.world.read("opencode.json")).toBe('{\n  "model" 1\n}')
  })

  test("that is what was read changes nothing", async () => {
    await using door = await served({ files: { "opencode.json": '{ "username": "ada" }' } })
    const config = (await (await door.fetch("/global/config")).json()) as object
    await door.fetch("/global/config", patch(config))
    const text = readFileSync(door.world.folder.join("config/opencode/opencode.json"), "utf8")
    expect(text).not.toContain("[secret]")
    expect(text).not.toContain("username") // nobody gave one, so nobody is called nothing from now on
    expect(await (await door.fetch("/global/config")).json()).toEqual(config)
  })

  test("is refused where the project's settings are left out", async () => {
    await using door = await served({ env: { OPENCODE_DISABLE_PROJECT_CONFIG: "1" } })
    expect((await door.fetch("/config", patch({ username: "ada" }))).status).toBe(400)
  })

  test("that the project may not make is written, and held back", async () => {
    await using door = await served()
    await dataOf(door.v1.config.update({ body: { permission: { bash: "deny" } } }))
    const response = await door.fetch("/config", patch({ shell: "/bin/zsh" }))
    expect(await response.json()).not.toHaveProperty("shell")
    expect(JSON.parse(door.world.read("opencode.json"))).toMatchObject({ shell: "/bin/zsh" })
    expect(await (await door.fetch("/config/issues")).json()).toMatchObject([{ kind: "held_back", path: ["shell"] }])
    expect(await (await door.fetch("/config/explain?key=shell")).json()).toMatchObject({
      said: [{ layer: "project", value: "/bin/zsh", heldBack: true }],
    })
  })
})

test("a change of the user's settings is in effect in every folder, and told without secrets", async () => {
  await using door = await served({ config: { username: "ada" } })
  expect(await dataOf(door.v1.config.get())).toMatchObject({ username: "ada" })
  const answered = await dataOf(door.v2.global.config.update({ config: { username: "grace", share: "disabled" } }))
  expect(answered).toMatchObject({ username: "grace", share: "disabled" })
  expect(JSON.stringify(answered)).not.toContain("sk-")
  expect(await dataOf(door.v1.config.get())).toMatchObject({ username: "grace", share: "disabled" })
  expect(await dataOf(door.v2.global.config.get())).toMatchObject({ username: "grace" })
  expect(existsSync(join(door.world.project, "opencode.json"))).toBe(false)
})

test("a running turn goes on while the settings change", async () => {
  const { calls, says } = await import("@opencode/testing/script.ts")
  await using door = await served({
    permission: { bash: "ask" },
    model: [calls("bash", { command: "echo hi" }), says("done")],
  })
  const turn = door.world.prompt("go")
  const asked = await door.world.asked("bash")
  await dataOf(door.v1.config.update({ body: { username: "grace" } }))
  asked.once()
  expect((await turn).parts.some((part) => part.type === "text" && part.text === "done")).toBe(true)
  await expect.poll(async () => (await dataOf(door.v1.config.get())).username).toBe("grace")
})

test("a key that is no setting is told with what was meant", async () => {
  await using door = await served()
  const response = await door.fetch("/config/explain?key=modle")
  expect(response.status).toBe(400)
  expect(await response.text()).toContain("model")
})

test("the settings of the screen are told with what is wrong with them", async () => {
  await using door = await served({
    files: { "tui.json": '{"theme":"nord","scroll_sped":1}' },
  })
  expect(await (await door.fetch("/config/tui")).json()).toMatchObject({
    config: { theme: "nord" },
    issues: [{ kind: "unknown_key", path: ["scroll_sped"], line: 1 }],
  })
})

test("the issues name skills and instructions that were not taken, with file and line", async () => {
  await using door = await served({
    files: {
      "opencode.json": '{\n  "instructions": [\n    "{file:./not-there.txt}",\n    "docs/gone.md"\n  ]\n}',
      ".opencode/skills/broken/SKILL.md": "---\ndescription: has no name\n---\nText",
      ".claude/skills/good/SKILL.md": "---\nname: good\ndescription: is fine\n---\nText",
      "AGENTS.md": "bytes \u0000 that are no text",
    },
  })
  const { project } = door.world
  const issues = await (await door.fetch("/config/issues")).json()
  expect(issues).toContainEqual({
    severity: "warning",
    kind: "instructions",
    message: '"docs/gone.md" in `instructions` is no file that can be read.',
    path: ["instructions"],
    file: join(project, "opencode.json"),
    line: 4,
    column: 5,
  })
  expect(issues).toContainEqual(
    expect.objectContaining({ kind: "skill", file: join(project, ".opencode/skills/broken/SKILL.md"), line: 1 }),
  )
  expect(issues).toContainEqual(
    expect.objectContaining({ kind: "instructions", message: expect.stringContaining(join(project, "AGENTS.md")) }),
  )
  expect(issues).toContainEqual(expect.objectContaining({ kind: "variable", path: ["instructions", "0"], line: 3 }))
  expect(issues).toHaveLength(4)
  const skills = (await (await door.fetch("/skill")).json()) as { name: string }[]
  expect(skills.map(({ name }) => name)).toContain("good")
})

test("asking for issues fetches no instructions", async () => {
  await using door = await served({ config: { instructions: ["http://127.0.0.1:1/never.md", "gone.md"] } })
  const issues = (await (await door.fetch("/config/issues")).json()) as { message: string }[]
  expect(issues.map(({ message }) => message)).toEqual(['"gone.md" in `instructions` is no file that can be read.'])
})
