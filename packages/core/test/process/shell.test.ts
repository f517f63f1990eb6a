import { chmod, mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { childEnvironment } from "../../src/process/environment.ts"
import { resolveShell } from "../../src/process/shell.ts"
import { startProcess } from "../../src/process/spawn.ts"
import { which } from "../../src/process/which.ts"
import { temporaryFolder } from "./support.ts"

async function fakePrograms(folder: string, names: string[]) {
  await mkdir(folder, { recursive: true })
  for (const name of names) {
    await writeFile(join(folder, name), "#!/bin/sh\n")
    await chmod(join(folder, name), 0o755)
  }
}

test("the shell is the configured one, the user's, bash, sh; never one that the analysis reads otherwise", async () => {
  await using folder = await temporaryFolder()
  await fakePrograms(folder.path, ["zsh", "fish", "dash", "bash", "sh"])
  const PATH = folder.path
  const at = (name: string) => join(folder.path, name)
  const table: [string | undefined, string | undefined, string][] = [
    ["dash", undefined, "dash"],
    [at("dash"), at("bash"), "dash"],
    ["fish", at("dash"), "dash"],
    [undefined, at("fish"), "bash"],
    [undefined, at("zsh"), "bash"],
    ["missing-sh", "/no/such/dash", "bash"],
    [undefined, undefined, "bash"],
  ]
  for (const [configured, SHELL, expected] of table) {
    expect((await resolveShell(configured, { SHELL, PATH })).path).toBe(at(expected))
  }
  expect((await resolveShell(undefined, { PATH: "" })).path).toBe("/bin/sh")
})

test("the two outputs of a command arrive in the order they were written", async () => {
  const shell = await resolveShell(undefined, { PATH: process.env["PATH"] })
  let text = ""
  const child = startProcess({
    file: shell.file,
    args: shell.args('for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done; echo "$0" $#'),
    cwd: "/",
    env: {},
    sink: (chunk) => void (text += chunk),
  })
  await child.exited
  expect(text).toBe(`${[1, 2, 3, 4, 5].map((i) => `o${i}\ne${i}\n`).join("")}${shell.path} 0\n`)
})

test("programs are not found through relative PATH entries", async () => {
  expect(await which("sh", ".:bin:")).toBeUndefined()
  expect(await which("./sh", "/bin")).toBeUndefined()
  expect(await which("sh", ".:/no/such:/bin")).toBe("/bin/sh")
  expect(await which("passwd", "/etc")).toBeUndefined()
})

test("children do not see our secrets or the provider keys in use, unless they are given back, nor where cd would go", () => {
  const base = {
    PATH: "/bin",
    OPENCODE_SERVER_PASSWORD: "a",
    OPENCODE_SERVER_USERNAME: "b",
    OPENCODE_AUTH_CONTENT: "c",
    OPENCODE_API_KEY: "d",
    OPENCODE_CONSOLE_TOKEN: "e",
    ANTHROPIC_API_KEY: "f",
    OTHER_KEY: "g",
    OLDPWD: "/etc",
    CDPATH: "/etc",
    UNSET: undefined,
  }
  expect(childEnvironment(base, { drop: ["ANTHROPIC_API_KEY"], add: { X: "1" } })).toEqual({
    PATH: "/bin",
    OTHER_KEY: "g",
    X: "1",
  })
  expect(childEnvironment(base, { add: { OPENCODE_API_KEY: "given" } })["OPENCODE_API_KEY"]).toBe("given")
})
