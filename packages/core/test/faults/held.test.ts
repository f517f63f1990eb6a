import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { isLong } from "@opencode/testing/effort.ts"
import { calls, says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

/** By then most of what has a limit is full: events for those who come back, code that was compiled. */
const WARM = isLong ? 300 : 40
const TURNS = isLong ? 700 : 30
/** What a turn may leave in memory on average: a leak of one answer of the model, or of one request, is far more. */
const PER_TURN_BYTES = isLong ? 4_000 : 25_000

test(
  "sessions that are gone leave nothing in memory",
  async () => {
    await using w = await world({
      permission: "allow",
      files: { a: "one\n" },
      model: (request) =>
        request.number % 3 === 1
          ? calls("bash", { command: "true" })
          : request.number % 3 === 2
            ? calls("read", { filePath: "a" })
            : says("done"),
    })
    setFlagsFromString("--expose-gc")
    const collect = runInNewContext("gc") as () => void
    const held = (): number => {
      // What tests are told of is no part of the program.
      w.events.length = 0
      w.model.requests.length = 0
      collect()
      return process.memoryUsage().heapUsed
    }
    const turn = async (sessionID: string): Promise<void> => {
      const { answer } = await w.engine.sessions.prompt(sessionID, { parts: [{ type: "text", text: "go" }] })
      await answer
    }
    const once = async (): Promise<void> => {
      const { id } = await w.engine.sessions.create({ title: "one of many" })
      await turn(id)
      await w.engine.sessions.remove(id)
    }
    for (let n = 0; n < WARM; n++) await once()
    const before = held()
    for (let n = 0; n < TURNS; n++) await once()
    const after = held()
    expect((after - before) / TURNS).toBeLessThan(PER_TURN_BYTES)
  },
  isLong ? 600_000 : 60_000,
)
