import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { expect, onTestFinished, test } from "vitest"
import { secret, withoutSecrets } from "@opencode/core/lib/secret.ts"
import { openAuth } from "@opencode/core/model/auth.ts"

async function open(content?: string) {
  const folder = await mkdtemp(join(tmpdir(), "auth-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, "data", "auth.json")
  const warnings: string[] = []
  const auth = openAuth({
    file,
    warn: (message) => warnings.push(message),
    ...(content === undefined ? {} : { content }),
  })
  return { auth, file, folder, warnings }
}

test("a key is stored for its owner alone and found again", async () => {
  const { auth, file, warnings } = await open()
  expect(auth.key("anthropic")).toBeUndefined()
  await auth.set("anthropic", { type: "api", key: "sk-1" })
  expect(auth.key("anthropic")?.reveal()).toBe("sk-1")
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ anthropic: { type: "api", key: "sk-1" } })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(join(file, ".."))).toEqual(["auth.json"])
  expect(warnings).toEqual([])
})

test("a file that was readable by others is not after a change", async () => {
  const { auth, file } = await open()
  await auth.set("a", { type: "api", key: "1" })
  await chmod(file, 0o644)
  await auth.set("b", { type: "api", key: "2" })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test("entries of other kinds are kept as they are, and are no keys", async () => {
  const { auth, file } = await open()
  const oauth = { type: "oauth", refresh: "r", access: "a", expires: 1, extra: { deep: true } }
  await auth.set("copilot", oauth)
  await auth.set("anthropic", { type: "api", key: "k" })
  await auth.remove("anthropic")
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ copilot: oauth })
  expect(auth.key("copilot")).toBeUndefined()
  expect(auth.list()).toEqual({ copilot: "oauth" })
})

test("a broken file is told once with its path, never its content, and is not overwritten", async () => {
  const { auth, file, warnings } = await open()
  await auth.set("a", { type: "api", key: "1" })
  await writeFile(file, '{"a": {"key": "sk-secret"')
  expect(auth.key("a")).toBeUndefined()
  expect(auth.list()).toEqual({})
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain(file)
  expect(warnings[0]).not.toContain("sk-secret")
  await expect(auth.set("b", { type: "api", key: "2" })).rejects.toThrow(file)
  expect(await readFile(file, "utf8")).toContain("sk-secret")
})

test("a login in another process counts at once", async () => {
  const { auth, file } = await open()
  await auth.set("a", { type: "api", key: "1" })
  await writeFile(file, '{"a": {"type": "api", "key": "2"}}')
  expect(auth.key("a")?.reveal()).toBe("2")
})

test("credentials from the environment stand in for the file", async () => {
  const { auth, folder } = await open('{"a": {"type": "api", "key": "env"}}')
  expect(auth.key("a")?.reveal()).toBe("env")
  await expect(auth.set("a", { type: "api", key: "x" })).rejects.toThrow("OPENCODE_AUTH_CONTENT")
  expect(await readdir(folder)).toEqual([])
})

test("logins at the same time do not lose each other, and what is removed was there", async () => {
  const { auth, file } = await open()
  const other = openAuth({ file, warn: () => {} })
  const ids = Array.from({ length: 12 }, (_, index) => `p${index}`)
  await Promise.all(ids.map((id, index) => (index % 2 ? auth : other).set(id, { type: "api", key: id })))
  expect(Object.keys(auth.list()).sort()).toEqual(ids.toSorted())
  expect(await auth.remove("p3")).toBe(true)
  expect(await auth.remove("p3")).toBe(false)
  expect(await readdir(join(file, ".."))).toEqual(["auth.json"])
})

test("a secret is not printed by accident", () => {
  const key = secret("sk-1")
  const printed = [`${key}`, JSON.stringify({ key }), inspect({ key }), inspect(key, { showHidden: true }), String(key)]
  for (const text of printed) {
    expect(text).toContain("[secret]")
    expect(text).not.toContain("sk-1")
  }
  expect(
    withoutSecrets({ apiKey: "a", setCacheKey: true, headers: { Authorization: "b", "x-team": "c" }, n: [key] }),
  ).toEqual({
    apiKey: "[secret]",
    setCacheKey: true,
    headers: { Authorization: "[secret]", "x-team": "c" },
    n: ["[secret]"],
  })
})
