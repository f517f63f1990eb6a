import { existsSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { calls, modelScript, says } from "./shared.ts"

const SKILL = "---\nname: greet\ndescription: Greets people\n---\n\nSay hello.\n"

const files = {
  "a.txt": "alpha",
  ".opencode/command/look.md": "Look at $1 and @a.txt: !`cat a.txt; cat secret.txt`",
  ".opencode/command/wait.md": "!`touch begun; sleep 60`",
  ".opencode/skill/greet/SKILL.md": SKILL,
  ".opencode/skill/odd/SKILL.md": "---\nname: other\ndescription: Odd\n---\n",
}

test("`run --command` runs a command, with the message and standard input as its arguments", async () => {
  await using at = await modelScript([says("seen")], { files })
  const { stdout, code } = await at.run(["run", "--trust", "--command", "look", "this"], { input: "and that" })
  expect({ stdout, code }).toEqual({ stdout: "seen\n", code: 0 })
  const said = at.model.requests[0]?.messages.map(({ text }) => text).join("\n")
  expect(said).toContain("Look at this and that and @a.txt: alpha")
  expect(said).toContain("1: alpha")
})

test("a command without some of its arguments says so with its file, and runs", async () => {
  await using at = await modelScript([says("seen"), says("seen")], {
    files: { ...files, ".opencode/command/two.md": "---\ndescription: two\n---\nMove $1 to $2. $ARGUMENTS" },
  })
  const lacking = await at.run(["run", "--command", "two", "a"])
  expect(lacking).toMatchObject({ stdout: "seen\n", code: 0 })
  expect(lacking.stderr).toMatch(/two\.md: The command two has a place for \$2, which was not given: it stays empty\./)
  expect((await at.run(["run", "--command", "two", "a", "b"])).stderr).not.toContain("stays empty")
})

test("`run --command` needs no message, and a name that is unknown leaves no session behind", async () => {
  await using at = await modelScript([says("hello")], { files })
  expect(await at.run(["run", "--command", "gret"])).toMatchObject({
    stdout: "",
    stderr: expect.stringContaining("Command not found: gret. Did you mean greet?"),
    code: 1,
  })
  expect((await at.run(["session", "list", "--format", "json"])).stdout).toBe("[]\n")
  expect(await at.run(["run", "--command", "greet"])).toMatchObject({ stdout: "hello\n", code: 0 })
})

test("Ctrl-C while a template runs something ends it, and nothing is sent", async () => {
  await using at = await modelScript([], { files })
  const running = at.start(["run", "--trust", "--command", "wait"])
  while (!existsSync(join(at.project, "begun"))) await new Promise(setImmediate)
  running.child.kill("SIGINT")
  expect(await running.finished).toMatchObject({ stdout: "", code: 130 })
  expect(at.model.requests).toEqual([])
})

test("`debug skill` prints the skills, and on standard error what is wrong with some", async () => {
  await using at = await modelScript([], { files })
  const { stdout, stderr, code } = await at.run(["debug", "skill"])
  const skills = JSON.parse(stdout) as { name: string }[]
  expect(skills.map(({ name }) => name)).toEqual(["customize-opencode", "greet", "other"])
  expect(skills[1]).toEqual({
    name: "greet",
    description: "Greets people",
    location: join(at.project, ".opencode/skill/greet/SKILL.md"),
    content: "\nSay hello.\n",
  })
  expect(stderr).toContain(`${join(at.project, ".opencode/skill/odd/SKILL.md")}:2: The name "other" should be`)
  expect(code).toBe(0)
})

test("a recorded command comes out the same without its folder: what it ran, attached and loaded is in the recording", async () => {
  await using at = await modelScript([calls("skill", { name: "greet" }), says("hello")], { files })
  const recording = at.folder.join("recording")
  await at.run(["run", "--trust", "--command", "look", "here"], { env: { OPENCODE_RECORD: recording } })
  const elsewhere = at.folder.join("home")
  const replayed = await at.run(["debug", "replay", recording], { cwd: elsewhere })
  expect(replayed).toMatchObject({ stderr: "", code: 0 })
})
