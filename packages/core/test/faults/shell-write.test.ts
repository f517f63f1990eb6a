import { says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { isFault } from "../../src/lib/fault.ts"

/** As SQLite reports it. */
const diskFull = (): Error => Object.assign(new Error("database or disk is full"), { errcode: 13 })

test("whichever write of a typed command fails, the session is readable, quiet and goes on, and it ran at most once", async () => {
  for (let n = 1, wentWell = false; !wentWell; n++) {
    const disk = { tried: 0, failing: 0 }
    await using w = await world({
      model: () => says("fine"),
      beforeCommit() {
        disk.tried++
        if (disk.tried === disk.failing) throw diskFull()
      },
    })
    const { id } = await w.session()
    disk.tried = 0
    disk.failing = n
    await w.engine.runShell(id, { agent: "build", command: "echo ran >> ran.txt" }).catch((error: unknown) => {
      if (!isFault(error)) throw error
    })
    // What was still on its way has failed or not, and nothing waits any more.
    await w.home.store.write(() => {}).catch(() => {})
    wentWell = disk.tried < n
    disk.failing = 0

    expect(w.engine.sessions.status(), `write ${n}`).toEqual({})
    for (const { info, parts } of await w.transcript()) {
      if (info.role === "assistant") expect(info.time.completed, `write ${n}`).toBeDefined()
      for (const part of parts) {
        if (part.type === "tool") expect(["completed", "error"], `write ${n}`).toContain(part.state.status)
      }
    }
    expect((await w.prompt("and now?")).info, `write ${n}`).toMatchObject({ finish: "stop" })
    expect(w.engine.sessions.openParts()).toEqual([])
    expect(w.home.store.intents.unfinished(id)).toEqual([])
    expect(w.files().includes("ran.txt") ? w.read("ran.txt") : "ran\n").toBe("ran\n")
  }
})
