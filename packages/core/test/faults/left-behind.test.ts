import { processesWith } from "@opencode/testing/processes.ts"
import { calls, neverAnswers, script } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { spawn } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { silentLog } from "../../src/lib/log.ts"
import { CALL_MARK, callMark, endLeftBehind } from "../../src/process/left-behind.ts"
import { createSweep } from "../../src/session/sweep.ts"
import { hasBwrap } from "../process/bwrap.ts"
import { turnProgram, type TurnProgram } from "./turn-process.ts"

// Each starts a process of its own, which a busy machine does slowly.
vi.setConfig({ testTimeout: 60_000 })

let program: TurnProgram
beforeAll(async () => void (program = await turnProgram()), 60_000)
afterAll(() => program[Symbol.asyncDispose]())

/** A program that does nothing, told apart from those of the same test elsewhere on this machine. */
const nap = (seconds: number): string => `sleep ${seconds}.${process.pid}`

/** A session of its own, so that neither its group nor the end of its parent reaches it. The rest waits until it is there. */
const escaped = (command: string): string =>
  `setsid nohup sh -c 'touch away; exec ${command}' >/dev/null 2>&1 </dev/null & while [ ! -e away ]; do sleep 0.02; done;`

test("what escaped from a running call is ended at the next start after its program was killed", async () => {
  await using w = await world({
    permission: "allow",
    model: script(calls("bash", { command: `${escaped(nap(64))} touch begun; ${nap(74)}` })),
  })
  const { id } = await w.session()
  const died = program.start(w, id, { text: "go" })
  await vi.waitFor(() => expect(existsSync(`${w.project}/begun`)).toBe(true), 30_000)
  await died.kill()
  await vi.waitFor(() => expect(processesWith(nap(74))).toEqual([]), 30_000)
  expect(processesWith(nap(64))).toHaveLength(1)

  // Nobody opens the session.
  await w.restart({ reopen: false })
  await vi.waitFor(() => expect(processesWith(nap(64))).toEqual([]), 30_000)
})

test.skipIf(!hasBwrap)(
  "a killed program leaves nothing of a sandbox, neither processes nor what was put in the way",
  async () => {
    await using w = await world({
      config: { sandbox: "workspace" },
      permission: "allow",
      model: script(calls("bash", { command: `${escaped(nap(69))} touch begun; ${nap(69)}` })),
    })
    const { id } = await w.session()
    const died = program.start(w, id, { text: "go" })
    await vi.waitFor(() => expect(existsSync(`${w.project}/begun`)).toBe(true), 30_000)
    expect(existsSync(`${w.project}/.vscode`)).toBe(true)
    await died.kill()
    await vi.waitFor(() => expect(processesWith(nap(69))).toEqual([]), 30_000)
    await vi.waitFor(() => expect(readdirSync(w.project).sort()).toEqual([".keep", "away", "begun"]), 30_000)
  },
)

test("a program that goes on beside the dead one ends what escaped when it opens the session", async () => {
  await using w = await world({
    permission: "allow",
    model: script(calls("bash", { command: `${escaped(nap(65))} touch begun; ${nap(75)}` })),
  })
  const { id } = await w.session()
  const died = program.start(w, id, { text: "go" })
  await vi.waitFor(() => expect(existsSync(`${w.project}/begun`)).toBe(true), 30_000)
  await died.kill()
  const [call] = await w.calls()
  expect(call?.state).toMatchObject({ status: "error", error: expect.stringContaining("unknown") })
  expect(processesWith(nap(65))).toEqual([])
})

test("a server that a finished command put into the background on purpose outlives the program's death", async () => {
  await using w = await world({
    permission: "allow",
    model: script(calls("bash", { command: escaped(nap(66)) }), neverAnswers()),
  })
  const { id } = await w.session()
  const died = program.start(w, id, { text: "go" })
  await w.model.received(2)
  await died.kill()
  await w.restart()
  await w.transcript()
  const [pid] = processesWith(nap(66))
  expect(pid).toBeDefined()
  process.kill(pid ?? 0)
})

test("one that ignores TERM is killed, and what it started meanwhile too", async () => {
  const mark = callMark({ messageID: "msg_left", callID: "call any/thing\u0000" })
  const program = `trap '(${nap(67)} &)' TERM; echo ready; while :; do sleep 0.05; done`
  const child = spawn("/bin/bash", ["-c", program], {
    env: { PATH: process.env.PATH, [CALL_MARK]: mark },
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  })
  await new Promise((resolve) => child.stdout.once("data", resolve))
  expect(await endLeftBehind([mark])).toBeGreaterThanOrEqual(2)
  expect(processesWith(nap(67))).toEqual([])
  expect(await endLeftBehind([mark])).toBe(0)
})

test("a program that a call started does not end itself when it closes that call", async () => {
  const intent = { messageID: "msg_own", callID: "call_own" } as Parameters<ReturnType<typeof createSweep>>[0][number]
  const mark = callMark(intent)
  const child = spawn("sleep", [`68.${process.pid}`], { env: { PATH: process.env.PATH, [CALL_MARK]: mark } })
  await expect.poll(() => processesWith(nap(68))).toHaveLength(1)
  await createSweep({ env: { [CALL_MARK]: mark }, log: silentLog })([intent])
  expect(processesWith(nap(68))).toHaveLength(1)
  await createSweep({ env: {}, log: silentLog })([intent])
  await expect.poll(() => child.signalCode).toBe("SIGTERM")
})
