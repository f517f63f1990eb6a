import { readFileSync, statSync, writeFileSync } from "node:fs"
import { installation } from "@opencode/testing/command.ts"
import { expect, test } from "vitest"

const KEY = "sk-very-secret-1234"

test("a key comes from standard input, is kept for its owner alone, and is never shown", async () => {
  await using at = installation()
  const login = await at.run(["auth", "login", "-p", "anthropic"], { input: `${KEY}\n` })
  expect(login).toMatchObject({ stdout: "", code: 0 })
  const file = at.folder.join("data/opencode/auth.json")
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ anthropic: { type: "api", key: KEY } })
  expect(statSync(file).mode & 0o777).toBe(0o600)

  const list = await at.run(["auth", "list"], { env: { OPENAI_API_KEY: "sk-other" } })
  expect(list.code).toBe(0)
  expect(list.stdout).toContain("anthropic  api  Anthropic")
  expect(list.stdout).toContain("1 credential in ")
  expect(list.stdout).toContain("OPENAI_API_KEY  OpenAI")
  expect(login.stderr + list.stdout + list.stderr).not.toMatch(/sk-(very|other)/)
})

test("a stored key makes the provider usable, and its logout takes it away again", async () => {
  await using at = installation()
  await at.run(["providers", "login", "groq"], { input: KEY })
  expect((await at.run(["models"])).stdout).toContain("groq/")
  const logout = await at.run(["auth", "logout", "groq"])
  expect(logout).toMatchObject({ stdout: "", code: 0 })
  expect((await at.run(["auth", "ls"])).stdout).toBe("0 credentials\n")
  const again = await at.run(["auth", "logout", "groq"])
  expect(again.code).toBe(1)
  expect(again.stderr).toContain("no stored credential of groq")
})

test("an entry of another kind stays, and is listed by its kind", async () => {
  await using at = installation()
  const oauth = { type: "oauth", refresh: "r-secret", access: "a-secret", expires: 1 }
  at.folder.write({ "data/opencode/auth.json": JSON.stringify({ "github-copilot": oauth }) })
  await at.run(["auth", "login", "-p", "openai"], { input: KEY })
  const stored = JSON.parse(readFileSync(at.folder.join("data/opencode/auth.json"), "utf8")) as object
  expect(stored).toEqual({ "github-copilot": oauth, openai: { type: "api", key: KEY } })
  const { stdout } = await at.run(["auth", "list"])
  expect(stdout).toContain("github-copilot  oauth")
  expect(stdout).not.toContain("secret")
})

test("a provider that the catalogue does not know is stored with a note", async () => {
  await using at = installation()
  const { stderr, code } = await at.run(["auth", "login", "-p", "anthropix"], { input: KEY })
  expect(code).toBe(0)
  expect(stderr).toContain("knows no provider anthropix")
  expect(stderr).toContain("Did you mean anthropic?")
})

test.each([
  ["no provider", ["auth", "login"], KEY, "Name the provider"],
  ["no key", ["auth", "login", "-p", "openai"], "", "There is no key"],
  ["a text of several words", ["auth", "login", "-p", "openai"], "sk one\nsk two", "one word"],
  ["an address", ["auth", "login", "https://org.example"], KEY, "organisation"],
])("%s is refused in a sentence, and nothing is stored", async (_, args, input, sentence) => {
  await using at = installation()
  const { stdout, stderr, code } = await at.run(args, { input })
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
  expect(stderr).toContain(sentence)
  expect(stderr).not.toContain("sk")
  expect((await at.run(["auth", "list"])).stdout).toBe("0 credentials\n")
})

test("logins need no database", async () => {
  await using at = installation()
  at.folder.write({ "data/opencode/opencode.db": "damaged" })
  expect((await at.run(["auth", "login", "-p", "openai"], { input: KEY })).code).toBe(0)
})

test("a damaged credentials file is not overwritten", async () => {
  await using at = installation()
  at.folder.write({ "data/opencode/auth.json": "" })
  writeFileSync(at.folder.join("data/opencode/auth.json"), '{"a": {"key": "sk-old"')
  const { stderr, code } = await at.run(["auth", "login", "-p", "openai"], { input: KEY })
  expect(code).toBe(1)
  expect(stderr).toContain("auth.json cannot be read")
  expect(readFileSync(at.folder.join("data/opencode/auth.json"), "utf8")).toContain("sk-old")
})

test("logins of several processes at once do not lose each other", async () => {
  await using at = installation()
  const names = ["openai", "groq", "mistral", "xai"]
  await Promise.all(names.map((name) => at.run(["auth", "login", "-p", name], { input: KEY })))
  expect((await at.run(["auth", "list"])).stdout).toContain("4 credentials")
})
