import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { installation } from "@opencode/testing/command.ts"
import { expect, test } from "vitest"
import { modelScript } from "./shared.ts"

const files = {
  "a.txt": "alpha\nbeta\n",
  "src/b.ts": "export const alpha = 1\n",
  ".gitignore": "ignored\n",
  ignored: "alpha",
}

test("`debug rg` and `debug file` find, list and read what the tools would", async () => {
  await using at = installation({ files })
  const out = async (...args: string[]) => (await at.run(["debug", ...args])).stdout
  expect((await out("rg", "files")).split("\n").filter(Boolean).sort()).toEqual([
    ".gitignore",
    ".keep",
    "a.txt",
    "src/b.ts",
  ])
  expect(await out("rg", "files", "--glob", "*.ts")).toBe("src/b.ts\n")
  expect(await out("rg", "files", "--query", "sb", "--limit", "1")).toBe("src/b.ts\n")
  const found = JSON.parse(await out("rg", "search", "^alpha")) as object[]
  expect(found).toEqual([
    {
      entry: { path: "a.txt", type: "file" },
      line: 1,
      offset: 0,
      text: "alpha\n",
      submatches: [{ text: "alpha", start: 0, end: 5 }],
    },
  ])
  expect(JSON.parse(await out("rg", "search", "alpha", "--glob", "*.ts", "*.md"))).toMatchObject([
    { entry: { path: "src/b.ts" } },
  ])
  expect(JSON.parse(await out("file", "read", "a.txt"))).toEqual({
    content: Buffer.from(files["a.txt"]).toString("base64"),
    encoding: "base64",
    mime: "text/plain",
  })
  expect(JSON.parse(await out("file", "list", "src"))).toEqual([{ path: "src/b.ts", type: "file" }])
  expect(await out("file", "search", "bts")).toBe("src/b.ts\n")
  for (const path of ["missing.txt", "../outside", "src"]) {
    expect(await at.run(["debug", "file", "read", path])).toMatchObject({ stdout: "", code: 1 })
  }
  expect(await at.run(["debug", "rg", "search", "("])).toMatchObject({
    stdout: "",
    stderr: expect.stringMatching(/^Error: regex parse error: .+\n$/),
    code: 1,
  })
})

test("`debug snapshot` shows what changed in between, links and ignored files as undo sees them", async () => {
  await using at = installation({ files })
  execFileSync("git", ["init", "-q"], { cwd: at.project })
  const { stdout } = await at.run(["debug", "snapshot", "track"])
  expect(stdout).toMatch(/^[0-9a-f]{40}\n$/)
  const hash = stdout.trim()
  expect((await at.run(["debug", "snapshot", "track"])).stdout).toBe(stdout)
  writeFileSync(join(at.project, "a.txt"), "alpha\ngamma\n")
  writeFileSync(join(at.project, "new.bin"), Buffer.of(0, 1, 2))
  writeFileSync(join(at.project, "ignored"), "changed")
  expect(JSON.parse((await at.run(["debug", "snapshot", "patch", hash])).stdout)).toEqual({
    hash,
    files: ["a.txt", "new.bin"].map((file) => join(at.project, file)),
  })
  const diff = (await at.run(["debug", "snapshot", "diff", hash])).stdout
  expect(diff).toContain("diff --git a/a.txt b/a.txt\n")
  expect(diff).toContain("\n-beta\n+gamma\n")
  expect(diff).toContain("diff --git a/new.bin b/new.bin\nBinary files differ")
  expect(await at.run(["debug", "snapshot", "diff", "../../auth"])).toMatchObject({
    code: 1,
    stderr: "Error: There is no snapshot ../../auth: `debug snapshot track` makes one.\n",
  })
})

test("`debug agent --tool` runs a tool as the agent may, and leaves nothing behind that did nothing", async () => {
  await using at = await modelScript([], { files, config: { permission: { webfetch: "ask" } } })
  const run = (agent: string, tool: string, params?: object) =>
    at.run(["debug", "agent", agent, "--tool", tool, ...(params ? ["--params", JSON.stringify(params)] : [])])
  const read = await run("build", "read", { filePath: "a.txt" })
  expect(read).toMatchObject({ code: 0, stderr: "" })
  expect(JSON.parse(read.stdout)).toMatchObject({
    tool: "read",
    input: { filePath: "a.txt" },
    result: { title: "a.txt" },
  })

  const refused = await run("plan", "write", { filePath: "c.txt", content: "x" })
  expect(refused).toMatchObject({ code: 1, stdout: "" })
  expect(refused.stderr).toMatch(/^Error: .*c\.txt/)
  expect(existsSync(join(at.project, "c.txt"))).toBe(false)
  const asked = await run("build", "webfetch", { url: "http://127.0.0.1:1/", format: "text" })
  expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining("do not allow this without asking") })
  expect((await at.run(["session", "list"])).stdout).toBe("")

  const written = await run("build", "write", { filePath: "c.txt", content: "x" })
  expect(written).toMatchObject({ code: 0, stderr: expect.stringMatching(/^On record in the session ses_/) })
  expect(readFileSync(join(at.project, "c.txt"), "utf8")).toBe("x")
  expect((await at.run(["session", "list"])).stdout).toContain("debug agent build --tool write")

  expect(await run("build", "reed")).toMatchObject({ code: 1, stderr: expect.stringContaining("Did you mean read?") })
  expect(await run("bild", "read")).toMatchObject({ code: 1, stderr: expect.stringContaining("Did you mean build?") })
  expect(await run("build", "read", {})).toMatchObject({ code: 1, stderr: expect.stringContaining("filePath") })
  const odd = await at.run(["debug", "agent", "build", "--tool", "read", "--params", "{"])
  expect(odd).toMatchObject({ code: 1, stderr: expect.stringContaining("--params is not JSON") })
  expect(at.model.requests).toEqual([])
})

test("`debug info`, `startup`, `scrap` and `wait` tell of the machine, the start and the projects", async () => {
  await using at = installation()
  const { stdout } = await at.run(["debug", "info"], { env: { ANTHROPIC_API_KEY: "sk-secret" } })
  expect(stdout).toMatch(/^opencode version: \d+\.\d+\.\d+\nos: .*\nterminal: /)
  expect(stdout).toContain(`node: ${process.versions.node}\n`)
  expect(stdout).not.toContain("sk-secret")
  expect(Number((await at.run(["debug", "startup"])).stdout)).toBeGreaterThan(0)
  expect(JSON.parse((await at.run(["debug", "scrap"])).stdout)).toMatchObject([{ id: "global", worktree: "/" }])
  const waiting = at.start(["debug", "wait"])
  await waiting.printed("Ctrl-C ends")
  waiting.child.kill("SIGINT")
  expect(await waiting.finished).toMatchObject({ stdout: "", code: 0 })
})

test("`web` serves, and opens the page of the API; without a browser it says where it is", async () => {
  await using at = installation()
  at.folder.write({ "bin/xdg-open": '#!/bin/sh\nenv > "$OPENED.env"\necho "$@" > "$OPENED"\n', "none/.keep": "" })
  execFileSync("chmod", ["+x", at.folder.join("bin/xdg-open")])
  const opened = at.folder.join("opened")
  const env = { PATH: `${at.folder.join("bin")}:${at.env.PATH}`, OPENED: opened, OPENCODE_API_KEY: "very-secret" }
  const server = at.start(["web"], { env })
  const said = await server.printed(/page of the API: \S+\n/)
  await expect
    .poll(() => existsSync(opened) && readFileSync(opened, "utf8"))
    .toMatch(/^http:\/\/127\.0\.0\.1:\d+\/doc\n$/)
  const page = readFileSync(opened, "utf8").trim()
  expect(said).toContain(page)
  expect(readFileSync(`${opened}.env`, "utf8")).not.toContain("very-secret")
  expect((await fetch(page)).status).toBe(200)
  server.child.kill("SIGTERM")
  expect(await server.finished).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^opencode server listening on /),
  })

  const alone = at.start(["web"], { env: { PATH: at.folder.join("none") } })
  expect(await alone.printed(/Open the address yourself/)).toContain(
    "No browser was opened: The program xdg-open was not found.",
  )
  alone.child.kill("SIGTERM")
  expect((await alone.finished).code).toBe(0)
})

test("a list, a search and a view of sessions tell the same time, that of the clock on the wall", async () => {
  await using at = installation({ config: {} })
  const env = { TZ: "Asia/Kolkata" }
  const { code } = await at.run(["run", "-m", "offline/rules", "what can you do"], { env })
  expect(code).toBe(0)
  const [session] = JSON.parse((await at.run(["session", "list", "--format", "json"])).stdout)
  // Five and a half hours ahead, all the year.
  const time = new Date(session.updated + 5.5 * 3_600_000).toISOString().slice(0, 16).replace("T", " ")
  const told = await Promise.all(
    [["list"], ["search", "what"], ["show"]].map((words) => at.run(["session", ...words], { env })),
  )
  expect(told.map(({ stdout }) => stdout.includes(time))).toEqual([true, true, true])
})
