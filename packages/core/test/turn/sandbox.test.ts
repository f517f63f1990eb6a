import { calls, says, script } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { existsSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { hasBwrap } from "../process/bwrap.ts"

const run = (command: string) => script(calls("bash", { command }), says("done"))

const stateOf = async (w: Awaited<ReturnType<typeof world>>) => (await w.calls())[0]?.state

describe.skipIf(!hasBwrap)("a configured sandbox", () => {
  test("holds the commands of the model, whatever is allowed, and keeps our data folder from them", async () => {
    await using w = await world({
      config: { sandbox: "workspace" },
      permission: { "*": "allow", external_directory: "allow", control_file: "allow" },
      git: true,
      model: script(
        calls("bash", { command: "echo 1 > a; echo x > .git/hooks/pre-commit" }),
        calls("bash", { command: "cd ../data/opencode && echo * && cat auth.json store.db" }),
        says("done"),
      ),
    })
    await writeFile(join(w.home.folders.data, "auth.json"), "{}")
    await w.prompt("go")
    const [wrote, looked] = (await w.calls()).map(({ state }) => state)
    expect(wrote).toMatchObject({ output: expect.stringContaining("Read-only file system") })
    expect(looked).toMatchObject({ output: expect.stringMatching(/^\*\n/) })
    expect(existsSync(join(w.project, ".git/hooks/pre-commit"))).toBe(false)
    expect(w.files()).toEqual(["a"])
  })

  test("does not hold what a person typed", async () => {
    await using w = await world({ config: { sandbox: "read-only" } })
    const { id } = await w.session()
    await w.engine.runShell(id, { command: "echo 1 > a", agent: "build" })
    expect(w.files()).toEqual(["a"])
  })

  test("lets plan mode run what the analysis does not know, where nothing can be changed", async () => {
    await using w = await world({
      config: { sandbox: "workspace" },
      permission: "allow",
      model: script(
        calls("bash", { command: 'node -e \'require("fs").writeFileSync("a", "1")\' || echo nothing written' }),
        calls("bash", { command: "echo x > b" }),
        says("planned"),
      ),
    })
    await w.prompt("go", { agent: "plan" })
    const [ran, denied] = await w.calls()
    expect(ran?.state).toMatchObject({ status: "completed", output: expect.stringContaining("nothing written") })
    expect(denied?.state).toMatchObject({ status: "error", error: expect.stringContaining("denied") })
    expect(w.files()).toEqual([])
  })
})

test("a sandbox that cannot be had refuses the command, and the model hears why", async () => {
  await using w = await world({
    config: { sandbox: "workspace" },
    permission: "allow",
    model: run("touch a"),
    env: { PATH: "/nowhere" },
  })
  await w.prompt("go")
  expect(await stateOf(w)).toMatchObject({ status: "error", error: expect.stringContaining("is not installed") })
  expect(w.files()).toEqual([])
})

const bashOf = (w: Awaited<ReturnType<typeof world>>): string => {
  const tools = w.model.requests.at(-1)?.body.tools as { function: { name: string; description: string } }[]
  return tools.find(({ function: { name } }) => name === "bash")?.function.description ?? ""
}

test("the model is told beforehand what its commands can do, in plan mode as well, and nothing without a sandbox", async () => {
  await using w = await world({ config: { sandbox: "workspace" }, model: () => says("done") })
  await w.prompt("go")
  expect(bashOf(w)).toMatch(
    /\n- Each command runs in a sandbox: it can change files of the workspace.*It has no network\.$/,
  )
  const first = bashOf(w)
  await w.prompt("go on")
  expect(bashOf(w)).toBe(first)
  await w.prompt("think", { agent: "plan" })
  expect(bashOf(w)).toMatch(/\n- Each command runs in a sandbox: it can change no file.*It has no network\.$/)

  await using free = await world({ model: () => says("done") })
  await free.prompt("go")
  expect(bashOf(free)).not.toContain("sandbox")
})
