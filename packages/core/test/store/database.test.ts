import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import path from "node:path"
import { expect, test } from "vitest"
import { createHost } from "../../src/lib/host.ts"
import { openDatabase } from "../../src/store/database.ts"
import { migrations, type Migration } from "../../src/store/migrations/index.ts"
import { loadSqlite } from "../../src/store/sqlite.ts"
import { program, session, temporaryFolder } from "./world.ts"

const host = createHost()
const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)
/** How many there are in this program. */
const known = migrations.length
const second: Migration = (sqlite) => sqlite.exec("ALTER TABLE project ADD COLUMN colour TEXT")
const query = async (file: string, sql: string) => {
  const sqlite = (await loadSqlite())(file)
  try {
    return sqlite.prepare(sql).all()
  } finally {
    sqlite.close()
  }
}

test("folder, database, log and bodies are readable by their owner alone", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  await store.write((tx) => store.sessions.insert(tx, session("a")))

  const data = path.join(folder.path, "data")
  expect(mode(data)).toBe("700")
  expect(readdirSync(data).sort()).toEqual(["store.db", "store.db-shm", "store.db-wal"])
  for (const name of readdirSync(data)) expect(mode(path.join(data, name)), name).toBe("600")
})

test("a database that was open to others is closed to them", async () => {
  await using folder = await temporaryFolder()
  const file = path.join(folder.path, "data", "store.db")
  await (await folder.open()).close()
  chmodSync(file, 0o644)
  chmodSync(path.dirname(file), 0o755)

  await folder.open()
  expect([mode(path.dirname(file)), mode(file), mode(`${file}-wal`), mode(`${file}-shm`)]).toEqual([
    "700",
    "600",
    "600",
    "600",
  ])
})

test("a database written by a newer program is refused with a sentence and not touched", async () => {
  await using folder = await temporaryFolder()
  const file = path.join(folder.path, "newer.db")
  const newer = await openDatabase({ file, host, migrations: [...migrations, second] })
  newer.close()
  const before = readFileSync(file)

  await expect(openDatabase({ file, host })).rejects.toMatchObject({
    code: "storage",
    message: expect.stringMatching(new RegExp(`newer version.*schema ${known + 1}, known ${known}`)),
  })
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(readdirSync(folder.path).filter((name) => name.endsWith(".bak"))).toEqual([])
})

test("a database of another program is refused and not touched", async () => {
  await using folder = await temporaryFolder()
  const file = path.join(folder.path, "other.db")
  const other = (await loadSqlite())(file)
  other.exec("CREATE TABLE session (id TEXT)")
  other.close()
  const before = readFileSync(file)

  await expect(openDatabase({ file, host })).rejects.toMatchObject({
    code: "storage",
    message: expect.stringContaining("another program"),
  })
  expect(readFileSync(file).equals(before)).toBe(true)
})

test.each([
  ["garbage", () => Buffer.from("not a database ".repeat(1000))],
  ["a short stump", () => Buffer.from("SQLite")],
])("%s is named and kept as it is", async (_, content) => {
  await using folder = await temporaryFolder()
  const file = path.join(folder.path, "store.db")
  writeFileSync(file, content())

  await expect(openDatabase({ file, host })).rejects.toMatchObject({
    code: "storage",
    message: expect.stringContaining(`${file} is damaged`),
  })
  expect(readFileSync(file).equals(content())).toBe(true)
})

test("a folder that cannot be made is one sentence", async () => {
  await using folder = await temporaryFolder()
  writeFileSync(path.join(folder.path, "data"), "a file")
  await expect(folder.open()).rejects.toMatchObject({ code: "storage", message: expect.stringContaining("EEXIST") })
})

/** A user whom the rights of files bind: the test may be run by root, who may do anything. */
const OTHER_USER = 65_534

test.skipIf(process.platform === "win32")(
  "a data folder or a database that this user may not write is named, with the reason and what to do",
  async () => {
    await using folder = await temporaryFolder()
    const start = await program(
      folder,
      `
      import { createHost } from "core/lib/host.ts"
      import { openDatabase } from "core/store/database.ts"
      import { loadSqlite } from "core/store/sqlite.ts"
      const [file, user] = process.argv.slice(2)
      await loadSqlite()
      if (process.getuid() === 0) process.setuid(Number(user))
      const told = await openDatabase({ file, host: createHost() }).catch((error) => error.code + ": " + error.message)
      console.log(told)
      process.exit(0)
    `,
    )
    const file = path.join(folder.path, "data", "store.db")
    await (await folder.open()).close()
    chmodSync(folder.path, 0o755)
    if (process.getuid?.() === 0) for (const one of [path.dirname(file), file]) chownSync(one, OTHER_USER, OTHER_USER)
    const expectReason = async (place: string) => {
      const child = start(file, String(OTHER_USER))
      expect(await child.line(), child.errors()).toBe(
        `storage: The database ${file} cannot be opened: ${place} cannot be written to by this user (EACCES). Make it writable, or set XDG_DATA_HOME to a folder that is.`,
      )
    }
    chmodSync(file, 0o400)
    await expectReason(file)
    chmodSync(file, 0o600)
    chmodSync(path.dirname(file), 0o500)
    await expectReason(path.dirname(file))
    rmSync(file)
    await expectReason(path.dirname(file))
    chmodSync(path.dirname(file), 0o700)
  },
)

test("an upgrade keeps a copy of the database as it was", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  await store.write((tx) => store.sessions.insert(tx, session("a")))
  await store.close()
  const file = path.join(folder.path, "data", "store.db")

  const upgraded = await openDatabase({ file, host, migrations: [...migrations, second] })
  upgraded.close()

  const copy = `${file}.before-${known + 1}.bak`
  expect(mode(copy)).toBe("600")
  expect(await query(copy, "PRAGMA user_version")).toEqual([{ user_version: known }])
  expect(await query(copy, "SELECT id FROM session")).toEqual([{ id: "ses_a" }])
  expect(await query(file, "PRAGMA user_version")).toEqual([{ user_version: known + 1 }])
})

test("a migration that fails leaves the version before it", async () => {
  await using folder = await temporaryFolder()
  const file = path.join(folder.path, "store.db")
  const fails: Migration = (sqlite) => {
    second(sqlite)
    throw new Error("half way")
  }
  const failing = () =>
    expect(openDatabase({ file, host, migrations: [...migrations, fails] })).rejects.toThrow("half way")
  await failing()
  expect(await query(file, "PRAGMA user_version")).toEqual([{ user_version: 0 }])
  expect(await query(file, "SELECT name FROM sqlite_schema")).toEqual([])

  const before = await openDatabase({ file, host })
  before.close()
  await failing()
  expect(await query(file, "PRAGMA user_version")).toEqual([{ user_version: known }])
  expect(await query(file, "SELECT name FROM pragma_table_info('project') WHERE name = 'colour'")).toEqual([])
  const opened = await openDatabase({ file, host, migrations: [...migrations, second] })
  opened.close()
})

test("processes that start at once on a fresh folder, and on an old database, all work", async () => {
  await using folder = await temporaryFolder()
  const start = await program(
    folder,
    `
    import { createHost } from "core/lib/host.ts"
    import { openDatabase } from "core/store/database.ts"
    import { migrations } from "core/store/migrations/index.ts"
    const second = (sqlite) => sqlite.exec("CREATE TABLE added (who TEXT)")
    const host = createHost()
    const [file, versions] = process.argv.slice(2)
    console.log("ready")
    process.stdin.once("data", async () => {
      const database = await openDatabase({ file, host, migrations: [...migrations, second].slice(0, Number(versions)) })
      console.log(JSON.stringify(database.prepare("PRAGMA user_version").get()))
      database.close()
      process.exit(0)
    })
  `,
  )
  const file = path.join(folder.path, "data", "store.db")
  mkdirSync(path.dirname(file))
  const copies = () => readdirSync(path.dirname(file)).filter((name) => name.includes("bak"))
  for (const [version, copied] of [
    [known, []],
    [known + 1, [`store.db.before-${known + 1}.bak`]],
  ] as const) {
    const children = [1, 2, 3, 4].map(() => start(file, String(version)))
    for (const child of children) expect(await child.line()).toBe("ready")
    for (const child of children) child.say("go")
    for (const child of children) expect(await child.line(), child.errors()).toBe(`{"user_version":${version}}`)
    for (const child of children) expect([await child.ended, child.errors()]).toEqual([0, ""])
    expect(copies()).toEqual(copied)
  }
})

test("a new database is never seen half way: one commit brings it to the newest version", async () => {
  await using folder = await temporaryFolder()
  const file = path.join(folder.path, "store.db")
  const seen: unknown[] = []
  const looking = migrations.map((migration): Migration => (sqlite) => {
    migration(sqlite)
    const other = openSqlite(file)
    seen.push(other.prepare("PRAGMA user_version").get())
    other.close()
  })
  const openSqlite = await loadSqlite()
  const database = await openDatabase({ file, host, migrations: looking })
  database.close()
  expect(seen).toEqual(migrations.map(() => ({ user_version: 0 })))
  expect(await query(file, "PRAGMA user_version")).toEqual([{ user_version: known }])
  expect(readdirSync(folder.path).filter((name) => name.includes("bak"))).toEqual([])
})
