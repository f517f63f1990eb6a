import { chmodSync, readFileSync } from "node:fs"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, onTestFinished, test } from "vitest"
import { dataOf, served } from "./served.ts"

/** A copy that npm installed for all folders, with a program of npm's name that does what a line of shell says. */
async function installed(npm: string) {
  const folder = tempFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const packageFolder = folder.join("lib/node_modules/opencode-ai")
  const asked = folder.join("asked")
  folder.write({
    "lib/node_modules/opencode-ai/package.json": '{"version":"1.0.0"}',
    "bin/npm": `#!/bin/sh\necho "$@" > ${asked}\nenv > ${folder.join("env")}\n${npm}\n`,
  })
  chmodSync(folder.join("bin/npm"), 0o755)
  const env = {
    PATH: `${folder.join("bin")}:/usr/bin:/bin`,
    OPENCODE_SERVER_PASSWORD: "very-secret",
    // Packages run scripts when they are installed.
    ANTHROPIC_API_KEY: "very-secret-key",
  }
  const read = (file: string) => readFileSync(folder.join(file), "utf8")
  return { folder, packageFolder, read, door: await served({ packageFolder, env }) }
}

const installs = (version: string) => `echo '{"version":"${version}"}' > "$4/lib/node_modules/opencode-ai/package.json"`

test("whoever installed this program installs the version that was asked for in its place, and it is told", async () => {
  const { door, folder, read } = await installed(installs("1.2.3"))
  await using _ = door
  expect(await dataOf(door.v2.global.upgrade({ target: "v1.2.3" }))).toEqual({ success: true, version: "1.2.3" })
  expect(read("asked")).toBe(`install --global --prefix ${folder.path} opencode-ai@1.2.3\n`)
  expect(read("env")).not.toContain("very-secret")
  expect(await door.world.happened("installation.updated")).toEqual({ version: "1.2.3" })
  expect(await dataOf(door.v2.global.upgrade({ target: "latest" }))).toEqual({
    success: true,
    version: "1.2.3",
  })
})

test.each([
  ["it fails", "echo 'EACCES: not yours' >&2; exit 243", /it failed \(exit code 243\): EACCES: not yours/],
  ["it says that it is done and is not", "exit 0", /is still version 1\.0\.0\.$/],
])("an upgrade that comes to nothing is told: %s", async (_, npm, sentence) => {
  const { door } = await installed(npm)
  await using __ = door
  const answer = await door.post("/global/upgrade", { target: "1.2.3" })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toEqual({ success: false, error: expect.stringMatching(sentence) })
})

test("a copy that nobody installed, and what is not there, are told", async () => {
  await using door = await served({ env: { PATH: "/nowhere" } })
  const errorOf = async (body: unknown) =>
    (await (await door.post("/global/upgrade", body)).json()) as { error: string }
  expect((await errorOf({ target: "1.2.3" })).error).toMatch(/^Unknown installation method/)
  expect((await errorOf({ target: "1.2.3", method: "npm" })).error).toBe("npm was not found.")
  expect((await errorOf({ target: "1.2.3", method: "brew" })).error).toMatch(/^brew has the newest version alone/)
  expect((await errorOf({ target: "1.2.3", method: "curl" })).error).toMatch(/^There is no install script/)
})

test.each([
  {},
  { target: 5 },
  { target: "nonsense; rm" },
  { target: "" },
  { target: "1.2" },
  { target: "1.2.3", method: "x" },
])("%j is refused", async (body) => {
  await using door = await served()
  const answer = await door.post("/global/upgrade", body)
  expect([answer.status, await answer.json()]).toMatchObject([400, { name: "BadRequest" }])
})
