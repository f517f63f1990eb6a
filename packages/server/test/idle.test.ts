import { createHook } from "node:async_hooks"
import { calls, says } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { readEvents, served } from "./served.ts"

/** Where the timers were made that somebody of this process began since, and that still run; those of the test runner aside. */
function watchTimers() {
  const running = new Map<number, string>()
  const hook = createHook({
    init(id, type) {
      if (type !== "Timeout") return
      const [maker = "the system"] = (new Error().stack ?? "").split("\n").slice(2).filter(isOfAFile)
      if (!/node_modules\/@?vitest\//.test(maker)) running.set(id, maker)
    },
    destroy: (id) => void running.delete(id),
  }).enable()
  return { running: () => [...running.values()], [Symbol.dispose]: () => void hook.disable() }
}

const isOfAFile = (line: string): boolean => !line.includes("node:")

test("after a turn nothing is left that ticks", async () => {
  await using s = await served({ permission: "allow", model: [calls("bash", { command: "echo hi" }), says("done")] })
  using timers = watchTimers()
  await s.world.prompt("go")
  // A connection to it would be kept for some seconds.
  await s.world.model.close()
  await expect.poll(timers.running).toEqual([])
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
