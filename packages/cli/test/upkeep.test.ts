import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { installation, type Installation } from "@opencode/testing/command.ts"
import { stalls } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { saidOfUsers } from "../src/uninstall-users.ts"
import { calls, modelScript, says } from "./shared.ts"

/** Where the process table tells what a process has open. */
const LINUX = process.platform === "linux"

const usage = { input: 1_200, output: 345 }

async function worked(): Promise<Installation> {
  const at = await modelScript(
    [calls("read", { filePath: "a.txt" }, { usage }), says("A giraffe has a long neck.", { usage })],
    { files: { "a.txt": "one" } },
  )
  await at.run(["run", "--title", "About animals", "which animal?"])
  return at
}

const idOf = async (at: Installation): Promise<string> =>
  (JSON.parse((await at.run(["session", "list", "--format", "json"])).stdout) as { id: string }[])[0]?.id ?? ""

test("`stats` prints sums, and models and tools as far as they are asked for", async () => {
  await using at = await worked()
  const all = await at.run(["stats", "--models", "--project", ""])
  expect(all).toMatchObject({ stderr: "", code: 0 })
  expect(all.stdout).toMatch(/│ Sessions +1 │\n│ Messages +3 │\n│ Days +1 │/)
  expect(all.stdout).toMatch(/│ mock\/large +│\n│ {3}Messages +2 │\n│ {3}Input Tokens +2\.4K │/)
  expect(all.stdout).toMatch(/│ read +█{20} +1 \(100\.0%\) │/)
  const widths = new Set(
    all.stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => line.length),
  )
  expect([...widths]).toEqual([58])
  const some = await at.run(["stats", "--days", "1", "--tools", "0"])
  expect(some.stdout).not.toContain("mock/large")
  expect((await at.run(["stats", "--project", "none"])).stdout).toMatch(/Sessions +0 │/)
  const { stdout } = await at.run(["stats", "--format", "json"])
  expect(JSON.parse(stdout)).toMatchObject({ sessions: 1, tools: [{ tool: "read", calls: 1, failed: 0 }] })
  expect(await at.run(["stats", "--days", "soon"])).toMatchObject({ code: 1, stdout: "" })
})

test("`session search` and `session show` tell what was said; nothing found is exit code 1", async () => {
  await using at = await worked()
  const id = await idOf(at)
  const found = await at.run(["session", "search", "LONG", "neck"])
  expect(found).toMatchObject({ stderr: "", code: 0 })
  expect(found.stdout).toMatch(new RegExp(`^${id}  \\S+ \\S+  About animals\n    A giraffe has a long neck\\.\n$`))
  expect(await at.run(["session", "search", "zebra"])).toEqual({ stdout: "", stderr: "Nothing was found.\n", code: 1 })
  expect(JSON.parse((await at.run(["session", "search", "--format", "json", "zebra"])).stdout)).toEqual([])

  const { stdout } = await at.run(["session", "show"])
  expect(stdout).toMatch(/^About animals\nses_\w+ in .*\n.* · mock\/large · 3\.1K tokens/)
  expect(stdout).toMatch(/> .* · build\nwhich animal\?\n\n✓ read a\.txt\n\nA giraffe has a long neck\.\n$/)
  const last = await at.run(["session", "show", id, "-n", "1"])
  expect(last.stdout).not.toContain("which animal?")
  expect(last.stdout).toContain("A giraffe has a long neck.")
  expect(await at.run(["session", "show", "ses_none"])).toMatchObject({
    code: 1,
    stderr: "Error: Session not found: ses_none\n",
  })
})

test("`session doctor` says what is repaired, and changes nothing", async () => {
  await using at = await worked()
  expect(await at.run(["session", "doctor"])).toEqual({
    stdout: "",
    stderr: "1 session examined: nothing that a provider would refuse.\n",
    code: 0,
  })
  const exported = JSON.parse((await at.run(["export", await idOf(at)])).stdout) as {
    messages: { parts: { type: string; callID?: string; state?: object }[] }[]
  }
  for (const part of exported.messages.flatMap(({ parts }) => parts)) {
    if (part.type === "tool")
      Object.assign(part, { callID: "odd id", state: { status: "pending", input: {}, raw: "" } })
  }
  at.folder.write({ "project/odd.json": JSON.stringify(exported) })
  await at.run(["import", "odd.json"])
  const { stdout, stderr, code } = await at.run(["session", "doctor"])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ses_\w+\n {2}prt_\w+ {2}\S/)
  expect(stdout).toContain("It is sent as odd_id")
  expect(stderr).toContain("2 sessions examined, 1 with findings. All of it is repaired when it is sent")
})

test("`db` reads and cannot write; statements may come from standard input", async () => {
  await using at = await worked()
  const file = at.folder.join("data/opencode/store.db")
  expect(await at.run(["db", "path"])).toEqual({ stdout: `${file}\n`, stderr: "", code: 0 })
  expect(await at.run(["db", "select 1 as a, 'x\ty' as b, null as c"])).toMatchObject({
    stdout: "a\tb\tc\n1\tx\\ty\t\n",
  })
  const json = await at.run(["db", "--format", "json", "select 1 as a, x'ff' as b"])
  expect(JSON.parse(json.stdout)).toEqual([{ a: 1, b: "ff" }])
  expect(await at.run(["db"], { input: "select 1\n as a; select ';\n' as b;\nselect 2 as c" })).toMatchObject({
    stdout: "a\n1\nb\n;\\n\nc\n2\n",
    code: 0,
  })
  expect(await at.run(["db", "select 1 as a; select 2 as b;"])).toMatchObject({ stdout: "a\n1\nb\n2\n", code: 0 })
  expect(await at.run(["db", " ; "])).toMatchObject({ stdout: "", code: 1 })
  for (const statement of ["delete from session", "drop table part", "vacuum", "selec"]) {
    expect(await at.run(["db", statement])).toMatchObject({ stdout: "", code: 1 })
  }
  expect((await at.run(["session", "list"])).stdout).toContain("About animals")
})

test("`db` of a home without a database says so, and makes none", async () => {
  await using at = installation()
  const { code, stderr } = await at.run(["db", "select 1"])
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("There is no database yet") })
  expect(existsSync(at.folder.join("data"))).toBe(false)
})

test("`storage` lists what is kept; `storage clean` frees what can go", async () => {
  await using at = await worked()
  const { stdout, code } = await at.run(["storage"])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Name +Size +Can go +What\ndatabase +\d/)
  expect(JSON.parse((await at.run(["storage", "list", "--format", "json"])).stdout)).toMatchObject({ removable: 0 })
  expect(await at.run(["storage", "clean", "--dry-run"])).toMatchObject({ stderr: "0 B would be freed.\n", code: 0 })
  expect(await at.run(["storage", "clean", "lgs"])).toMatchObject({
    code: 1,
    stderr: "Error: There is nothing called lgs. Did you mean logs?\n",
  })
})

test("`storage` in a repository tells what was kept of its worktrees", async () => {
  await using at = installation()
  expect((await at.run(["storage"])).stdout).not.toContain("worktrees in this repository")
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: at.project, stdio: "ignore" })
  git("init", "-q")
  git("commit", "-qm", "start", "--allow-empty")
  const newest = `refs/opencode/kept/fix-${Date.UTC(2026, 4, 7)}`
  for (const ref of [`refs/opencode/kept/fix-${Date.UTC(2026, 4, 6)}`, newest]) git("update-ref", ref, "HEAD")
  const { stdout, stderr } = await at.run(["storage"])
  expect(stdout).toContain(`in this repository: 2, the newest of 2026-05-07:\n  ${newest}\n`)
  expect(stderr).toContain("`git branch <name> <ref>` brings it back")
})

test("what has come to its end leaves no empty folder among the temporary files, also after a crash of another", async () => {
  await using at = await worked()
  const scratch = at.folder.join("tmp/opencode")
  expect(existsSync(scratch)).toBe(false)
  const server = await at.serve()
  await fetch(`${server.url}/session`, { method: "POST" })
  expect(existsSync(scratch)).toBe(true)
  await at.run(["session", "list"])
  expect(existsSync(scratch)).toBe(true)
  server.child.kill("SIGKILL")
  await server.finished
  expect(existsSync(scratch)).toBe(true)
  await at.run(["session", "list"])
  expect(existsSync(scratch)).toBe(false)
})

test("`uninstall` removes what this program made, and nothing else", async () => {
  await using at = await worked()
  const data = at.folder.join("data/opencode")
  writeFileSync(join(data, "mine.txt"), "of a person")
  mkdirSync(join(data, "worktree/project/sunny-eagle"), { recursive: true })
  const dry = await at.run(["uninstall", "--dry-run"])
  expect(dry).toMatchObject({ code: 0, stderr: "Nothing was removed.\n" })
  expect(dry.stdout).toContain(join(data, "store.db"))
  expect(dry.stdout).not.toContain("mine.txt")
  expect(await at.run(["uninstall"])).toMatchObject({ code: 1, stderr: expect.stringContaining("give --force") })
  expect(existsSync(join(data, "store.db"))).toBe(true)

  const kept = await at.run(["uninstall", "--force", "--keep-data", "--keep-config"])
  expect(kept.code).toBe(0)
  expect(existsSync(join(data, "store.db"))).toBe(true)
  expect(existsSync(at.folder.join("config/opencode/opencode.json"))).toBe(true)

  const { code, stderr } = await at.run(["uninstall", "--force"])
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("removed by what installed it") })
  expect(existsSync(join(data, "store.db"))).toBe(false)
  expect(existsSync(at.folder.join("config/opencode"))).toBe(false)
  expect(existsSync(join(data, "mine.txt"))).toBe(true)
  expect(existsSync(join(data, "worktree/project/sunny-eagle"))).toBe(true)
})

test("`uninstall` takes nothing from under a process that is there, idle or at work, unless it is told to", async () => {
  await using at = await modelScript([stalls(says("never"), 1)])
  const data = at.folder.join("data/opencode/store.db")
  const scratch = at.folder.join("tmp/opencode")
  const server = await at.serve()
  const idle = await at.run(["uninstall"])
  expect(idle.code).toBe(1)
  const named = LINUX ? `Process ${server.child.pid} (opencode serve)` : "Another process"
  expect(idle.stderr).toContain(`${named} works with this data. Nothing was removed.`)
  expect(idle.stderr).toContain("give --force")

  const created = await fetch(`${server.url}/session`, { method: "POST" })
  const { id } = (await created.json()) as { id: string }
  const body = JSON.stringify({ parts: [{ type: "text", text: "go" }] })
  const headers = { "content-type": "application/json" }
  await fetch(`${server.url}/session/${id}/prompt_async`, { method: "POST", body, headers })
  await expect.poll(() => at.model.requests.length).toBe(1)
  expect((await at.run(["uninstall"])).stderr).toContain(`at work on ${id}) works with this data.`)
  const dry = await at.run(["uninstall", "--dry-run"])
  expect(dry).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^Warning: Process \d+ .*\nNothing was removed\.\n$/),
  })
  expect([existsSync(data), existsSync(scratch)]).toEqual([true, true])

  const forced = await at.run(["uninstall", "--force"])
  expect(forced.stderr).toMatch(/^Warning: Process \d+ /)
  expect([existsSync(data), existsSync(scratch)]).toEqual([false, false])
})

test("`uninstall` leaves temporary files to a process with other data that uses the same folder", async () => {
  await using at = await worked()
  const server = await at.serve([], { env: { XDG_DATA_HOME: at.folder.join("elsewhere") } })
  await fetch(`${server.url}/session`, { method: "POST" })
  const { code, stderr } = await at.run(["uninstall"])
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(new RegExp(`^Error: Process ${server.child.pid} works with this data\\.`)),
  })
  expect(existsSync(at.folder.join("tmp/opencode"))).toBe(true)
  server.child.kill("SIGTERM")
  await server.finished
  expect(existsSync(at.folder.join("tmp/opencode"))).toBe(false)
})

test("`uninstall` of a database that is damaged does not take it for one in use", async () => {
  await using at = await worked()
  const data = at.folder.join("data/opencode/store.db")
  writeFileSync(data, "this is no database ".repeat(100))
  expect(await at.run(["uninstall", "--force"])).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining("works with this data"),
  })
  expect(existsSync(data)).toBe(false)
})

test.each([
  [[], "Another process works with this data."],
  [[{ pid: 7, sessionIDs: [] }], "Process 7 works with this data."],
  [
    [
      { pid: 7, command: "serve", sessionIDs: [] },
      { pid: 8, command: "run", sessionIDs: ["ses_1", "ses_2"] },
      { pid: 9, sessionIDs: [] },
    ],
    "Processes 7 (opencode serve), 8 (opencode run, at work on ses_1, ses_2) and 9 work with this data.",
  ],
])("who works with the data is one sentence: %j", (users, sentence) => {
  expect(saidOfUsers(users)).toBe(sentence)
})

test("`uninstall` beside OpenCode takes only what OpenCode cannot use", async () => {
  await using at = await worked()
  const data = at.folder.join("data/opencode")
  const theirs = ["opencode.db", "auth.json", "log/opencode.log", "snapshot/theirs/HEAD", "tool-output/tool_1"]
  for (const file of theirs) {
    mkdirSync(join(data, file, ".."), { recursive: true })
    writeFileSync(join(data, file), "theirs")
  }
  const { code, stdout } = await at.run(["uninstall", "--force"])
  expect(code).toBe(0)
  expect(stdout).toContain("OpenCode uses it as well")
  expect(theirs.filter((file) => !existsSync(join(data, file)))).toEqual([])
  expect(existsSync(at.folder.join("config/opencode/opencode.json"))).toBe(true)
  expect(existsSync(join(data, "store.db"))).toBe(false)
  expect(existsSync(join(data, "contents"))).toBe(false)
})

test("`upgrade` to the version that is there does nothing", async () => {
  await using at = installation()
  const version = (await at.run(["--version"])).stdout.trim()
  for (const target of [version, `v${version}`]) {
    expect(await at.run(["upgrade", target])).toEqual({
      stdout: `opencode ${version} is installed already.\n`,
      stderr: "",
      code: 0,
    })
  }
  expect(await at.run(["upgrade", "-m", "npn"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Did you mean npm"),
  })
})

test("`upgrade` of a copy that nobody installed says so; a method has its program do it", async () => {
  await using at = installation()
  const unknown = await at.run(["upgrade", "1.99.0"])
  expect(unknown).toMatchObject({ stdout: "", code: 1, stderr: expect.stringContaining("Unknown installation method") })
  at.folder.write({ "bin/npm": `#!/bin/sh\necho "$@" > "$ASKED"\n` })
  chmodSync(at.folder.join("bin/npm"), 0o755)
  const asked = at.folder.join("asked")
  const env = { PATH: `${at.folder.join("bin")}:${at.env.PATH}`, ASKED: asked }
  expect(await at.run(["upgrade", "v1.99.0", "-m", "npm"], { env })).toMatchObject({
    stdout: expect.stringMatching(/^opencode \S+ → 1\.99\.0\n$/),
    code: 0,
  })
  expect(readFileSync(asked, "utf8")).toBe("install --global opencode-ai@1.99.0\n")
  expect(await at.run(["upgrade", "banana", "-m", "npm"], { env })).toEqual({
    stdout: "",
    stderr: 'Error: A version is written as 1.20.0, not "banana".\n',
    code: 1,
  })
})
