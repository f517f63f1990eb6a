import { calls, says } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { readEvents, served } from "./served.ts"

/** Timers of this process, those of the test runner included: only differences mean anything. */
const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length

test("after a turn nothing is left that ticks", async () => {
  await using s = await served({ permission: "allow", model: [calls("bash", { command: "echo hi" }), says("done")] })
  const before = timers()
  await s.world.prompt("go")
  // The connection to the model is kept for a moment.
  await expect.poll(timers).toBeLessThanOrEqual(before)
})

test("a client that listens costs a heartbeat now and then, and a client that is gone costs nothing", async () => {
  await using s = await served({ permission: "allow", model: [says("done")] })
  const ticking = new Map<unknown, number>()
  const { setInterval: start, clearInterval: stop } = globalThis
  globalThis.setInterval = ((act: () => void, ms: number) => {
    const timer = start(act, ms)
    ticking.set(timer, ms)
    return timer
  }) as typeof setInterval
  globalThis.clearInterval = (timer) => {
    ticking.delete(timer)
    stop(timer)
  }
  try {
    const gone = new AbortController()
    const response = await s.fetch("/event", { signal: gone.signal })
    const read = readEvents(response, ({ data }) => data.type === "session.idle")
    await s.world.prompt("go")
    expect([...ticking.values()]).toEqual([10_000])
    await read
    gone.abort()
    // The world's own listener stays.
    await expect.poll(() => s.world.home.bus.subscribers()).toBe(1)
    expect([...ticking.values()]).toEqual([])
  } finally {
    Object.assign(globalThis, { setInterval: start, clearInterval: stop })
  }
})
