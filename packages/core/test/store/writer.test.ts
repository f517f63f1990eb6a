import path from "node:path"
import { expect, test } from "vitest"
import { fault } from "../../src/lib/fault.ts"
import { createHost } from "../../src/lib/host.ts"
import { createReader, type Tx } from "../../src/store/tx.ts"
import { createWriter, type WriterOptions } from "../../src/store/writer.ts"
import { openDatabase, type Database } from "../../src/store/database.ts"
import { loadSqlite } from "../../src/store/sqlite.ts"
import { temporaryFolder } from "./world.ts"

async function numbers(options: Partial<WriterOptions> = {}) {
  const folder = await temporaryFolder()
  const host = options.host ?? createHost()
  const file = path.join(folder.path, "numbers.db")
  const database = await openDatabase({ file, host })
  database.exec("CREATE TABLE number (n INTEGER PRIMARY KEY, filler TEXT)")
  const writer = createWriter({ database, host, ...options })
  const reader = createReader(database)
  return {
    file,
    database,
    writer,
    all: () => reader.all<{ n: number }>("SELECT n FROM number ORDER BY n").map((row) => row.n),
    other: (await loadSqlite())(file),
    async [Symbol.asyncDispose]() {
      await writer.close()
      this.other.close()
      database.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

const add =
  (n: number, filler = "") =>
  (tx: Tx) => {
    tx.run("INSERT INTO number VALUES (?, ?)", n, filler)
    return n
  }
const outcomes = (writes: Promise<unknown>[]) =>
  Promise.allSettled(writes).then((all) =>
    all.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason))),
  )

test("writes are done in the order in which they were given", async () => {
  await using w = await numbers()
  const done: number[] = []
  await Promise.all([1, 2, 3].map((n) => w.writer.write(add(n)).then((value) => done.push(value))))
  expect(done).toEqual([1, 2, 3])
  expect(w.all()).toEqual([1, 2, 3])
})

test("writes that are given in one round of the event loop share a commit, and nobody waits for more", async () => {
  await using w = await numbers()
  const commits = countCommits(w.database)
  // Each is given in a microtask of its own, as by requests that were read one after the other.
  let turn = Promise.resolve()
  const all = [1, 2, 3, 4].map((n) => (turn = turn.then(() => undefined)).then(() => w.writer.write(add(n))))
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4])
  expect(commits()).toBe(1)
  await w.writer.write(add(5))
  expect(commits()).toBe(2)
})

function countCommits(database: Database): () => number {
  const { prepare } = database
  let count = 0
  database.prepare = (sql) => {
    if (sql === "COMMIT") count++
    return prepare(sql)
  }
  return () => count
}

test("a body that throws leaves nothing, and its neighbours are stored", async () => {
  await using w = await numbers()
  const fails = (tx: Tx) => {
    add(2)(tx)
    throw fault("conflict", "no")
  }
  const all = [w.writer.write(add(1)), w.writer.write(fails), w.writer.write(add(3))]
  expect(await outcomes(all)).toEqual([1, "Fault: no", 3])
  await expect(w.writer.write(fails)).rejects.toMatchObject({ code: "conflict" })
  expect(w.all()).toEqual([1, 3])
})

test.each([1, 2, 3, 4])("when write %i fails, it alone leaves nothing and the queue goes on", async (failing) => {
  const beforeCommit = (n: number) => {
    if (n === failing) throw new Error(`write ${n} failed`)
  }
  await using w = await numbers({ beforeCommit })
  await outcomes([1, 2].map((n) => w.writer.write(add(n))))
  await outcomes([3].map((n) => w.writer.write(add(n))))
  await outcomes([4, 5].map((n) => w.writer.write(add(n))))
  expect(w.all()).toEqual([1, 2, 3, 4, 5].filter((n) => n !== failing))
})

test("a body cannot wait, and its transaction cannot be kept", async () => {
  await using w = await numbers()
  await expect(w.writer.write(async (tx) => add(1)(tx))).rejects.toThrow("synchronous")
  const kept = await w.writer.write((tx) => tx)
  expect(() => add(2)(kept)).toThrow("after its transaction ended")
  expect(w.all()).toEqual([])
})

test("a full disk is one sentence; small neighbours are stored; afterwards there is room again", async () => {
  await using w = await numbers()
  w.database.exec("PRAGMA max_page_count = 60")
  const big = "x".repeat(1_000_000)
  const [one, two, three] = await Promise.allSettled([
    w.writer.write(add(1)),
    w.writer.write((tx) => {
      try {
        return add(2, big)(tx)
      } catch {
        return add(4)(tx)
      }
    }),
    w.writer.write(add(3)),
  ])
  expect([one.status, two.status, three.status]).toEqual(["fulfilled", "rejected", "fulfilled"])
  expect(two).toMatchObject({ reason: { code: "storage", message: expect.stringContaining("full") } })
  expect(w.all()).toEqual([1, 3])

  w.database.exec("PRAGMA max_page_count = 100000")
  await w.writer.write(add(2, big))
  expect(w.all()).toEqual([1, 2, 3])
})

test("a lock held for 3 s delays the write, not the process, and reads go on", async () => {
  await using w = await numbers()
  w.other.exec("BEGIN IMMEDIATE; INSERT INTO number VALUES (100, '')")
  const reads = new Set<string>()
  let longest = 0
  let last = performance.now()
  const ticking = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    reads.add(w.all().join())
  }, 5)
  setTimeout(() => w.other.exec("COMMIT"), 3_000)

  const started = performance.now()
  await w.writer.write(add(1))
  clearInterval(ticking)
  // After 5 s it would have been refused.
  expect(performance.now() - started).toBeGreaterThan(2_900)
  // Who waits inside SQLite stands still for all of the 3 s; a busy machine, for a part of them.
  expect(longest).toBeLessThan(1_500)
  expect([...reads]).toEqual(expect.arrayContaining([""]))
  expect(w.all()).toEqual([1, 100])
})

test("a lock held for longer is a clear refusal for all who wait, and the next write works", async () => {
  // Ten of its seconds are one of ours.
  const host = { ...createHost(), monotonic: () => performance.now() * 10 }
  await using w = await numbers({ host })
  w.other.exec("BEGIN IMMEDIATE")
  const started = host.monotonic()
  const writes = Array.from({ length: 100 }, (_, n) => w.writer.write(add(n)))
  for (const outcome of await Promise.allSettled(writes))
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "unavailable" } })
  const waited = host.monotonic() - started
  expect(waited).toBeGreaterThanOrEqual(5_000)
  // One after the other they would take eight minutes.
  expect(waited).toBeLessThan(200_000)

  w.other.exec("ROLLBACK")
  await w.writer.write(add(1))
  expect(w.all()).toEqual([1])
})

test("closing finishes what waits and refuses what comes later", async () => {
  await using w = await numbers()
  const writes = [1, 2, 3].map((n) => w.writer.write(add(n)))
  await w.writer.close()
  expect(await outcomes(writes)).toEqual([1, 2, 3])
  await expect(w.writer.write(add(4))).rejects.toMatchObject({ code: "unavailable" })
})

test("flush waits for everything given so far", async () => {
  await using w = await numbers()
  const writes = Array.from({ length: 200 }, (_, n) => w.writer.write(add(n)))
  await w.writer.flush()
  expect(w.all()).toHaveLength(200)
  await Promise.all(writes)
})

test("text that streams does not wait for the disk, what is promised does", async () => {
  await using w = await numbers()
  const durability = () => Object.values(w.database.prepare("PRAGMA synchronous").get() as object)[0]
  const [NORMAL, FULL] = [1, 2]
  await w.writer.write(add(1), { durability: "process" })
  expect(durability()).toBe(NORMAL)
  await Promise.all([w.writer.write(add(2), { durability: "process" }), w.writer.write(add(3))])
  expect(durability()).toBe(FULL)
})
