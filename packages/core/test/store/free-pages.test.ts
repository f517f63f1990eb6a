import { mkdirSync, statSync } from "node:fs"
import path from "node:path"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { KEPT_PAGES, PAGES_AT_ONCE, TIMES } from "../../src/store/free-pages.ts"
import { loadSqlite } from "../../src/store/sqlite.ts"
import type { Store } from "../../src/store/store.ts"
import { answer, prompt, store as fillSession, text } from "../session/stored.ts"
import { assistantMessage, session, temporaryFolder, textPart, type Folder } from "./world.ts"

const MB = 1024 * 1024
const file = (folder: Folder) => path.join(folder.path, "data", "store.db")

/** What SQLite says of the closed file. */
async function pragmas(folder: Folder): Promise<{ pages: number; free: number; size: number; mode: number }> {
  const sqlite = (await loadSqlite())(file(folder))
  try {
    const one = (name: string) => Number(Object.values(sqlite.prepare(`PRAGMA ${name}`).get() as object)[0])
    return {
      pages: one("page_count"),
      free: one("freelist_count"),
      size: one("page_size"),
      mode: one("auto_vacuum"),
    }
  } finally {
    sqlite.close()
  }
}

/** A session of about so many megabytes, in parts that are too small for files of their own. */
const fill = ({ write, sessions, messages, parts }: Store, id: string, megabytes: number) =>
  write((tx) => {
    sessions.insert(tx, session(id))
    const message = assistantMessage(id, `ses_${id}`, "msg_q")
    messages.put(tx, message)
    for (let n = 0; n < megabytes * 32; n++) parts.put(tx, textPart(`${id}_${n}`, message, "large ".repeat(5_400)))
  })

test("after a large session was removed the file is smaller, whole, and its other sessions are as they were", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  await fill(store, "large", 12)
  await fill(store, "small", 1)
  const kept = store.messages.list("ses_small")
  await store.close()
  expect(statSync(file(folder)).size).toBeGreaterThan(12 * MB)

  const again = await folder.open()
  await again.write((tx) => again.sessions.remove(tx, "ses_large"))
  await again.shrink()
  expect(again.integrityCheck()).toEqual([])
  expect(again.messages.list("ses_small")).toEqual(kept)
  await again.close()
  expect(await pragmas(folder)).toMatchObject({ free: KEPT_PAGES, size: 1024, mode: 2 })
  expect(statSync(file(folder)).size).toBeLessThan(3 * MB)
})

test("whoever removes a session makes the file smaller", async () => {
  await using w = await world()
  const session = await w.session()
  await fillSession(w, session, [
    prompt(text("go")),
    answer(
      ...Array(100)
        .fill(0)
        .map(() => text("large ".repeat(5_400))),
    ),
  ])
  await w.engine.sessions.remove(session.id)
  const sqlite = (await loadSqlite())(w.folder.join("data/opencode/store.db"))
  expect(sqlite.prepare("PRAGMA freelist_count").get()).toEqual({ freelist_count: KEPT_PAGES })
  sqlite.close()
})

test("no removal gives back more than a bounded amount, in bounded writes between which others come", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  await fill(store, "large", 24)
  await store.write((tx) => store.sessions.remove(tx, "ses_large"))
  await store.close()
  const before = await pragmas(folder)
  expect(before.free - KEPT_PAGES).toBeGreaterThan(PAGES_AT_ONCE * TIMES)

  let commits = 0
  const counted = await folder.open({ beforeCommit: () => void commits++ })
  const shrinking = counted.shrink()
  await fill(counted, "meanwhile", 0)
  expect(commits).toBeLessThanOrEqual(3)
  await shrinking
  expect(commits).toBe(TIMES + 1)
  await counted.close()
  const after = await pragmas(folder)
  // SQLite's own map of the pages, one for 200 of them, goes with them; what was written meanwhile took a few.
  expect(before.pages - after.pages).toBeLessThan(PAGES_AT_ONCE * TIMES * 1.01)
  expect(before.pages - after.pages).toBeGreaterThan(PAGES_AT_ONCE * (TIMES - 1))
})

test("a database that was made without it keeps its size and works", async () => {
  await using folder = await temporaryFolder()
  mkdirSync(path.dirname(file(folder)))
  const sqlite = (await loadSqlite())(file(folder))
  sqlite.exec("CREATE TABLE before (id TEXT); DROP TABLE before")
  sqlite.close()

  let commits = 0
  const store = await folder.open({ beforeCommit: () => void commits++ })
  await fill(store, "large", 4)
  await store.write((tx) => store.sessions.remove(tx, "ses_large"))
  await store.shrink()
  expect(commits).toBe(2)
  expect(store.integrityCheck()).toEqual([])
  await store.close()
  expect(await pragmas(folder)).toMatchObject({ mode: 0 })
})

test("a disk that refuses does not make the removal fail", async () => {
  await using folder = await temporaryFolder()
  let isFull = false
  const store = await folder.open({
    beforeCommit: () => {
      if (isFull) throw Object.assign(new Error("database or disk is full"), { errcode: 13 })
    },
  })
  await fill(store, "large", 4)
  await store.write((tx) => store.sessions.remove(tx, "ses_large"))
  isFull = true
  await store.shrink()
  isFull = false
  expect(store.integrityCheck()).toEqual([])
})
