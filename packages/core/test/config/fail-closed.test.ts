import type { Config } from "@opencode/protocol/config.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { mkdir, utimes } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { sandboxSetting } from "../../src/config/sandbox.ts"
import { STAND_IN_TIME } from "../../src/process/stand-in.ts"
import { place, USER } from "./place.ts"

const attempt = script(calls("bash", { command: "echo ran > ran.txt" }), says("tried"))

/** Runs one command under what was written, and says whether somebody was asked or it was refused. */
async function outcome(written: {
  env?: Record<string, string>
  project?: string
  permission?: Config["permission"]
}): Promise<string> {
  await using w = await world({
    model: attempt,
    ...(written.permission ? { permission: written.permission } : {}),
    ...(written.env ? { env: written.env } : {}),
    ...(written.project === undefined ? {} : { files: { "opencode.json": written.project } }),
  })
  const turn = w.prompt("go")
  const asked = w.happened("permission.asked").then(({ id }) => {
    w.engine.gate.reply(id, { reply: "reject" })
    return "asked"
  })
  const first = await Promise.race([asked, turn.then(() => "done")])
  asked.catch(() => {}) // in a turn that nobody was asked in
  await turn
  return w.files().includes("ran.txt") ? "ran" : first
}

test.each([
  ["a file that is not JSON", { project: '{"permission":{"bash":"deny"},}}' }],
  ["a word that is no action", { project: '{"permission":{"bash":"denny"}}' }],
  ["an action in capitals", { project: '{"permission":{"bash":"DENY"}}' }],
  ["a pattern with a word that is no action", { project: '{"permission":{"bash":{"*":"denny"}}}' }],
  ["a list instead of rules", { project: '{"permission":["bash"]}' }],
  ["rules of an agent", { project: '{"agent":{"build":{"permission":{"bash":"denny"}}}}' }],
  ["a variable that is cut", { env: { OPENCODE_PERMISSION: '{"bash":"deny"' } }],
  ["content that is cut", { env: { OPENCODE_CONFIG_CONTENT: '{"permission":{"bash":"deny"' } }],
  ["a file that was named and is not there", { env: { OPENCODE_CONFIG: "/nope/opencode.json" } }],
])("a rule lost in %s does not let a command run", async (_, written) => {
  expect(await outcome(written)).not.toBe("ran")
})

const BROKEN = { OPENCODE_PERMISSION: '{"bash":"allow"' }
test.each<[string, Config["permission"], string]>([
  ["all commands", { bash: "deny" }, "done"],
  ["this one", { bash: { "*": "allow", "echo *": "deny" } }, "done"],
  ["everything", "deny", "done"],
  ["everything but commands", { "*": "deny", bash: "allow", edit: "allow" }, "asked"],
  ["nothing", "allow", "asked"],
])("rules that cannot be read do not make an ask of a denial of %s", async (_, permission, expected) => {
  expect(await outcome({ env: BROKEN, permission })).toBe(expected)
})

test("a broken file without rules does not change what is allowed", async () => {
  expect(await outcome({ project: '{"model": }' })).toBe("ran")
})

test("a misspelt permission is reported with the one that was meant, a name of an older tool is not", async () => {
  await using w = await world({ config: { permission: { bsh: "deny", patch: "ask" } } })
  expect(w.engine.config.issues.map(({ message }) => message)).toEqual([expect.stringMatching(/bsh.*bash/)])
})

test.each<[string, unknown]>([
  ['{ "sandbox": "worksapce" }', "read-only"],
  ['{ "sandbox": true }', "read-only"],
  ['{ "sandbox": { "mode": "none", "network": true } }', { mode: "read-only", network: true }],
  ['{ "sandbox": { "network": "yes" } }', {}],
  ['{ "sandbox": "workspace" "model": "a/b" }', "read-only"],
  ['{ "model": "a/b", }}', undefined],
])("%s asks for a sandbox in words that cannot be read: %j is in effect", async (text, effect) => {
  await using at = await place({ [USER]: text })
  const { value, issues } = await at.load()
  expect(value.sandbox).toEqual(effect)
  expect(issues.length).toBeGreaterThan(0)
})

test.each<[Config["sandbox"], string, boolean]>([
  [undefined, "off", true],
  ["off", "off", true],
  ["workspace", "workspace", false],
  [{}, "workspace", false],
  [{ network: true }, "workspace", true],
  [{ mode: "read-only" }, "read-only", false],
])("sandbox %j means %s, and a network: %j", (value, mode, network) => {
  expect(sandboxSetting(value)).toEqual({ mode, network })
})

test("what stands in the place of a settings file while a command runs in a sandbox is no file", async () => {
  await using at = await place()
  const path = join(at.root, "project", "opencode.json")
  await mkdir(path)
  await utimes(path, STAND_IN_TIME, STAND_IN_TIME)
  expect(await at.load()).toMatchObject({ value: {}, issues: [] })
  await at.write({ "project/opencode.json/x": "" })
  expect((await at.load()).issues).toMatchObject([{ kind: "unreadable" }])
})
