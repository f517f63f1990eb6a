import { chmodSync, existsSync, utimesSync } from "node:fs"
import { dirname } from "node:path"
import { says } from "@opencode/testing/script.ts"
import { unprivileged } from "@opencode/testing/unprivileged.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const DAY_S = 24 * 60 * 60

/** A file of so many days ago. */
function old(w: World, file: string, days: number): string {
  w.folder.write({ [file]: "x".repeat(5_000) })
  const path = w.folder.join(file)
  const then = Date.now() / 1000 - days * DAY_S
  utimesSync(path, then, then)
  return path
}

const sizes = async (w: World) =>
  Object.fromEntries(
    (await w.engines.storage.report()).entries.map(({ name, bytes, removable }) => [name, { bytes, removable }]),
  )

test("what is kept is told with its size, and what is not ours apart", async () => {
  await using w = await world({ model: [says("hello")] })
  await w.prompt("go")
  w.folder.write({ "data/opencode/opencode.db": "x".repeat(5_000) })
  const report = await w.engines.storage.report()
  const of = (name: string) => report.entries.find((entry) => entry.name === name)
  expect(of("database")?.bytes).toBeGreaterThan(10_000)
  expect(of("others")).toMatchObject({ paths: [w.folder.join("data/opencode/opencode.db")], files: 1, removable: 0 })
  expect(report.bytes).toBe(report.entries.reduce((sum, { bytes }) => sum + bytes, 0))
})

test("cleaning removes what is old and can be had again; a dry run says the same and removes nothing", async () => {
  await using w = await world({ model: [says("hello")] })
  await w.prompt("go")
  const gone = [
    old(w, "data/opencode/tool-output/tool_1", 8),
    old(w, "data/opencode/log/2026-01-01T000000-1.log", 2),
    old(w, "data/opencode/snapshot/unused/a.pack", 2),
    old(w, `data/opencode/blobs/ab/${"ab".repeat(32)}`, 1),
  ]
  const stays = [
    old(w, "data/opencode/tool-output/tool_2", 6),
    old(w, "data/opencode/snapshot/used/a.pack", 2),
    old(w, "data/opencode/snapshot/used/b.pack", 0),
    old(w, "data/opencode/repos/host/a/b/file", 9),
    old(w, "data/opencode/store.db.before-5.bak", 40),
    old(w, "data/opencode/share/ses.html", 400),
    old(w, "data/opencode/opencode.db", 400),
    old(w, "cache/opencode/skills/one/SKILL.md", 400),
    old(w, "data/opencode/auth.json", 400),
  ]
  const dry = await w.engines.storage.clean({ dryRun: true })
  expect([...gone, ...stays].filter((file) => !existsSync(file))).toEqual([])
  const real = await w.engines.storage.clean({})
  expect(real).toEqual({ ...dry, dryRun: false })
  expect(real.cleaned.map(({ name }) => name)).toEqual(["texts", "snapshots", "outputs", "logs"])
  expect(real.problems).toEqual([])
  expect(gone.filter((file) => existsSync(file))).toEqual([])
  expect(stays.filter((file) => !existsSync(file))).toEqual([])
  expect(existsSync(dirname(gone[2] ?? ""))).toBe(false)
  expect((await w.transcript()).length).toBe(2)

  // A program that died while it copied left it.
  const unfinished = old(w, "data/opencode/store.db.before-5.bak.tmp", 40)
  const named = await w.engines.storage.clean({ names: ["references", "backups", "cache"] })
  expect(named.cleaned.map(({ name }) => name)).toEqual(["backups", "references", "cache"])
  expect(existsSync(unfinished)).toBe(false)
  expect(existsSync(w.folder.join("data/opencode/share/ses.html"))).toBe(true)
})

test("what removed sessions left in the database is given back", async () => {
  await using w = await world({ model: [says("hello")] })
  const { store } = w.home
  const { id } = await w.session()
  await store.write((tx) => {
    for (let n = 0; n < 4_000; n++) {
      store.messages.put(tx, {
        id: `msg_${n}`,
        sessionID: id,
        role: "user",
        time: { created: 1 },
        agent: "x".repeat(2_000),
        model: { providerID: "p", modelID: "m" },
      })
    }
  })
  const full = (await sizes(w))["database"]?.bytes ?? 0
  // As it would be after a crash between the removal and what gives the room back.
  await store.write((tx) => tx.run("DELETE FROM message"))
  const { removable } = (await sizes(w))["database"] ?? { removable: 0 }
  expect(removable).toBeGreaterThan(4_000_000)
  const { cleaned } = await w.engines.storage.clean({ names: ["database"] })
  expect(cleaned).toEqual([{ name: "database", files: 0, bytes: removable }])
  await w.restart()
  expect((await sizes(w))["database"]?.bytes).toBeLessThan(full - 4_000_000)
})

test("what cannot be removed is told, and the rest goes", async () => {
  await using w = await world({ model: [] })
  const kept = old(w, "data/opencode/tool-output/folder/tool_1", 8)
  const gone = old(w, "data/opencode/tool-output/tool_2", 8)
  chmodSync(dirname(kept), 0o500)
  try {
    const { problems } = await unprivileged(w.folder.join("."), () => w.engines.storage.clean({ names: ["outputs"] }))
    expect(problems).toEqual([expect.stringContaining(kept)])
    expect([existsSync(kept), existsSync(gone)]).toEqual([true, false])
  } finally {
    chmodSync(dirname(kept), 0o700)
  }
})
