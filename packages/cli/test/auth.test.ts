import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { loginServer } from "@opencode/testing/login-server.ts"
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
  ["an address without a secure line", ["auth", "login", "http://org.example"], KEY, "begins with https://"],
  ["an address where nobody is", ["auth", "login", "http://127.0.0.1:1"], KEY, "cannot be read"],
  ["a way that there is not", ["auth", "login", "azure", "-m", "oauth"], KEY, "has no login"],
  ["an answer that is missing", ["auth", "login", "azure"], KEY, "--input resourceName="],
  ["an answer to nothing", ["auth", "login", "azure", "-i", "resourceNam=x"], KEY, "Did you mean resourceName?"],
])("%s is refused in a sentence, and nothing is stored", async (_, args, input, sentence) => {
  await using at = installation()
  const { stdout, stderr, code } = await at.run(args, { input })
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
  expect(stderr).toContain(sentence)
  expect(stderr).not.toContain("sk-")
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

test("a way to log in is chosen by its label; the person is told where to go, and what comes is stored", async () => {
  await using hub = await loginServer({
    "/login/device/code": [
      { body: { device_code: "dc", user_code: "ABCD-1234", verification_uri: "https://x/device", interval: 0.01 } },
    ],
    "/login/oauth/access_token": [
      { body: { error: "authorization_pending" } },
      { body: { access_token: "gho_secret_token" } },
    ],
  })
  await using at = installation()
  const inputs = ["-i", "deploymentType=enterprise", "-i", `enterpriseUrl=${hub.url}`]
  const args = ["auth", "login", "github-copilot", "-m", "login with github copilot", ...inputs]
  const login = await at.run(args)
  expect(login).toMatchObject({ stdout: "", code: 0 })
  expect(login.stderr).toContain("Go to: https://x/device\nEnter code: ABCD-1234")
  expect(login.stderr).not.toContain("secret")
  const stored = JSON.parse(readFileSync(at.folder.join("data/opencode/auth.json"), "utf8")) as object
  expect(stored).toMatchObject({ "github-copilot": { type: "oauth", refresh: "gho_secret_token" } })
  expect((await at.run(["auth", "list"])).stdout).toContain("github-copilot  oauth  GitHub Copilot")
})

test("what a provider wants to know beside the key is stored with it", async () => {
  await using at = installation()
  const login = await at.run(["auth", "login", "-p", "azure", "--input", "resourceName=acme"], { input: KEY })
  expect(login.code).toBe(0)
  const stored = JSON.parse(readFileSync(at.folder.join("data/opencode/auth.json"), "utf8")) as object
  expect(stored).toEqual({ azure: { type: "api", key: KEY, metadata: { resourceName: "acme" } } })
})

test("an organisation's command is shown, and run only when somebody says so; its settings count from then on", async () => {
  await using at = installation()
  const command = ["/bin/sh", "-c", `env > ${at.folder.join("ran")}; echo thinking >&2; echo org-token-1`]
  const config = { username: "{env:ORG_TOKEN}" }
  await using organisation = await loginServer({
    "/.well-known/opencode": [{ body: { auth: { command, env: "ORG_TOKEN" }, config } }],
  })
  const refused = await at.run(["auth", "login", `${organisation.url}/`])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain(`env > ${at.folder.join("ran")}`)
  expect(refused.stderr).toContain("Nothing was run.")
  expect(existsSync(at.folder.join("ran"))).toBe(false)

  const env = { OPENAI_API_KEY: "very-secret-key", OPENCODE_SERVER_PASSWORD: "very-secret" }
  const login = await at.run(["auth", "login", organisation.url, "--yes"], { env })
  expect(login).toMatchObject({ stdout: "", code: 0 })
  expect(readFileSync(at.folder.join("ran"), "utf8")).not.toContain("very-secret")
  expect(login.stderr).toContain("thinking")
  expect(login.stderr).not.toContain("org-token-1\n")
  const stored = JSON.parse(readFileSync(at.folder.join("data/opencode/auth.json"), "utf8")) as object
  expect(stored).toEqual({ [organisation.url]: { type: "wellknown", key: "ORG_TOKEN", token: "org-token-1" } })
  expect((await at.run(["debug", "config"])).stdout).toContain("org-token-1")
})

test.each([
  ["no login", {}, "names no login"],
  ["a command that is none", { auth: { command: [], env: "A" } }, "names no login"],
  ["a variable that is none", { auth: { command: ["true"], env: "A B" } }, "names no login"],
  ["a command that fails", { auth: { command: ["false"], env: "A" } }, "exit code 1"],
  ["a command that is not there", { auth: { command: ["/nowhere/x"], env: "A" } }, "could not be run"],
  ["a command that prints nothing", { auth: { command: ["true"], env: "A" } }, "printed no token"],
  ["a command that prints several words", { auth: { command: ["echo", "a b"], env: "A" } }, "printed no token"],
])("an organisation with %s is refused, and nothing is stored", async (_, body, sentence) => {
  await using at = installation()
  await using organisation = await loginServer({ "/.well-known/opencode": [{ body }] })
  const login = await at.run(["auth", "login", organisation.url, "--yes"])
  expect(login.code).toBe(1)
  expect(login.stderr).toContain(sentence)
  expect(existsSync(at.folder.join("data/opencode/auth.json"))).toBe(false)
})
