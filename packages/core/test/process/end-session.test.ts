import { spawn } from "node:child_process"
import { once } from "node:events"
import { expect, test } from "vitest"
import { endSession } from "../../src/process/end-session.ts"

// The program of a terminal makes itself a session a moment after it was started. Seen from here it is until then like
// this one: a child that is no session of its own.
test.skipIf(process.platform !== "linux")("a terminal that is ended at once ends, before it is a session", async () => {
  const child = spawn("sleep", ["60"], { stdio: "ignore" })
  const ended = once(child, "exit")
  await endSession(child.pid!, false)
  expect((await ended).slice(0, 2)).toEqual([null, "SIGHUP"])
})
