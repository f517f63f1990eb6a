import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { loadSqlite } from "@opencode/core/store/sqlite.ts"
import { installation } from "@opencode/testing/command.ts"
import { opencodeDatabase } from "@opencode/testing/opencode-data.ts"
import { says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { modelScript } from "./shared.ts"

const hash = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex")

test("OpenCode's sessions in the usual place are told of once, taken over on request, and its database stays as it is", async () => {
  await using at = await modelScript(script(says("hello")))
  at.folder.write({ "data/opencode/opencode.db": opencodeDatabase() })
  const database = at.folder.join("data/opencode/opencode.db")
  const before = hash(database)
  const first = await at.run(["run", "hi"])
  expect(first).toMatchObject({ code: 0, stdout: "hello\n" })
  expect(first.stderr).toContain("`opencode import --from opencode` takes them over")
  expect((await at.run(["session", "list"])).stderr).not.toContain("import")

  const dry = await at.run(["import", "--from", "opencode", "--dry-run"])
  expect(dry).toMatchObject({ code: 0, stderr: "Nothing was stored: this was --dry-run.\n" })
  expect(dry.stdout).toContain("14 sessions added")
  const taken = await at.run(["import", "--from", "opencode", "--format", "json"])
  expect(taken).toMatchObject({ code: 0, stderr: "" })
  expect(JSON.parse(taken.stdout)).toMatchObject({ from: "opencode", found: 14, problems: [] })
  expect((await at.run(["import", "--from", "opencode"])).stdout).toContain("14 sessions here already")
  expect(hash(database)).toBe(before)
  expect(existsSync(`${database}-wal`)).toBe(false)
})

test("a session that could not be read makes the exit code 1 and is named", async () => {
  await using at = installation()
  at.folder.write({ "other/opencode.db": opencodeDatabase() })
  const theirs = (await loadSqlite())(at.folder.join("other/opencode.db"))
  theirs.exec("UPDATE session SET time_created = 'x', time_updated = 'x' WHERE title = 'Deeper'")
  theirs.close()
  const { code, stdout, stderr } = await at.run(["import", "--from", "opencode", "../other"])
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining("1 session could not be read") })
  expect(stderr).toContain("is damaged")
})

test("a database that cannot be read makes the exit code 1 and is named", async () => {
  await using at = installation()
  at.folder.write({ "other/opencode.db": "no database ".repeat(1000) })
  const { code, stderr } = await at.run(["import", "--from", "opencode", "../other"])
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("opencode.db is damaged") })
})

test("what cannot be meant is refused with a sentence", async () => {
  await using at = installation()
  expect(await at.run(["import"])).toMatchObject({ code: 1, stderr: expect.stringContaining("'file'") })
  expect(await at.run(["import", "--from", "emacs"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("claude-code"),
  })
  expect(await at.run(["import", "--from", "codex"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("There is no"),
  })
  const nothing = await at.run(["import", "--from", "opencode", "."])
  expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining("no sessions of OpenCode") })
})

test("OPENCODE_DB that names OpenCode's own database is refused, says what to do, and changes nothing of it", async () => {
  await using at = installation()
  at.folder.write({ "other/opencode.db": opencodeDatabase() })
  const file = at.folder.join("other/opencode.db")
  const theirs = (await loadSqlite())(file)
  theirs.exec("PRAGMA wal_autocheckpoint = 0; UPDATE session SET title = 'In the log'")
  const before = [hash(file), hash(`${file}-wal`)]
  const { code, stderr } = await at.run(["session", "list"], { env: { OPENCODE_DB: file } })
  expect(code).toBe(1)
  expect(stderr).toContain(`opencode import --from opencode ${file}`)
  expect([hash(file), hash(`${file}-wal`)]).toEqual(before)
  theirs.close()
})

/** Enough for somebody to press Ctrl-C meanwhile. */
const COPIES = 60

test("Ctrl-C ends an import between two sessions, leaves no copy behind, and the next one goes on to the end", async () => {
  await using at = installation()
  at.folder.write({ "other/opencode.db": opencodeDatabase() })
  const theirs = (await loadSqlite())(at.folder.join("other/opencode.db"))
  theirs.exec("PRAGMA foreign_keys = OFF")
  const columns = (theirs.prepare("SELECT name FROM pragma_table_info('session')").all() as { name: string }[])
    .map(({ name }) => name)
    .map((name) => (name === "id" ? "id || 'x' || n" : name))
  theirs.exec(`WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < ${COPIES})
    INSERT INTO session SELECT ${columns.join(", ")} FROM session JOIN copy`)
  theirs.close()
  const copies = (): string[] =>
    existsSync(at.folder.join("data/opencode"))
      ? readdirSync(at.folder.join("data/opencode")).filter((name) => name.startsWith("import-"))
      : []

  const first = at.start(["import", "--from", "opencode", "../other"])
  await expect.poll(copies).not.toEqual([])
  first.child.kill("SIGINT")
  const { code, stderr } = await first.finished
  expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining("Run it again to go on.") })
  expect(copies()).toEqual([])
  at.folder.write({ "data/opencode/import-999999999/copy.db": "left by a process that was killed" })
  const { stdout } = await at.run(["import", "--from", "opencode", "../other", "--format", "json"])
  const report = JSON.parse(stdout) as { found: number; sessions: { state: string }[] }
  expect(
    report.sessions.filter(({ state }) => state === "added" || state === "unchanged" || state === "extended"),
  ).toHaveLength(report.found)
  expect(copies()).toEqual([])
})
