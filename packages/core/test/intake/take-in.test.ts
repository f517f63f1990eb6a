import type { ImportedSession } from "@opencode/protocol/intake.ts"
import { expect, test } from "vitest"
import type { Found } from "../../src/intake/source.ts"
import { takeIn } from "../../src/intake/take-in.ts"
import { session, temporaryFolder } from "../store/world.ts"

test("a session that another process takes over at the same moment is here, and nothing has failed", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  const info = session("a")
  const found: Found = {
    id: info.id,
    stamp: "as it is",
    read: () => ({ info, messageIDs: [], message: () => undefined, todos: [] }),
  }
  const report: ImportedSession[] = []
  const deps = {
    store,
    host: { now: () => 1 },
    async settle() {
      await store.write((tx) => {
        if (store.sessions.get(info.id)) return
        store.sessions.insert(tx, info)
        store.imported.put(tx, info.id, { stamp: found.stamp, finished: 1 })
      })
      return info
    },
    stored: () => {},
    warn: () => {},
  }
  const options = { dryRun: false, signal: new AbortController().signal }
  for await (const one of takeIn({ sessions: [found] }, deps, options)) report.push(one)
  expect(report).toMatchObject([{ id: info.id, state: "unchanged" }])
})
