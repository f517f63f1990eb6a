import { expect, test } from "vitest"
import { openProcesses } from "../../src/process/processes.ts"
import { startProcess, type StartOptions } from "../../src/process/spawn.ts"
import { isRunning, temporaryFolder, until } from "./support.ts"

const env = { PATH: process.env["PATH"] }

function sh(script: string, options: Partial<StartOptions> = {}) {
  let text = ""
  const child = startProcess({
    file: "/bin/sh",
    args: ["-c", script],
    cwd: "/",
    env,
    sink: (chunk) => void (text += chunk.toString()),
    ...options,
  })
  return { ...child, text: () => text }
}

test("output and exit code arrive", async () => {
  const child = sh("printf one; printf two >&2; exit 3")
  expect(await child.exited).toEqual({ code: 3, signal: null })
  expect(child.text()).toContain("one")
  expect(child.text()).toContain("two")
})

test("a grandchild that holds the pipe does not keep the command open, and stays alive", async () => {
  await using folder = await temporaryFolder()
  const child = sh("(while :; do echo tick; sleep 0.02; done) & echo $!", { cwd: folder.path })
  const started = performance.now()
  expect(await child.exited).toEqual({ code: 0, signal: null })
  expect(performance.now() - started).toBeLessThan(15_000)
  const grandchild = Number(child.text().match(/^\d+/m)?.[0])
  expect(await isRunning(grandchild)).toBe(true)
  await child.kill()
  expect(await isRunning(grandchild)).toBe(false)
})

test("a silent grandchild costs no more than the short grace", async () => {
  const child = sh("sleep 60 & echo started")
  const started = performance.now()
  await child.exited
  // The grandchild has a minute.
  expect(performance.now() - started).toBeLessThan(15_000)
  expect(child.text()).toBe("started\n")
  await child.kill()
})

test("everything written before the exit is read, even by a slow sink", async () => {
  let bytes = 0
  const child = startProcess({
    file: "/bin/sh",
    args: ["-c", "head -c 3000000 /dev/zero"],
    cwd: "/",
    env,
    sink: async (chunk) => {
      await new Promise((resolve) => setImmediate(resolve))
      bytes += chunk.length
    },
  })
  await child.exited
  expect(bytes).toBe(3_000_000)
})

test("abort ends the whole group, also children that ignore TERM", async () => {
  const stop = new AbortController()
  const child = sh("trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & wait; wait", {
    signal: stop.signal,
    killGraceMs: 50,
  })
  await until(() => child.text().includes("\n"))
  const grandchild = Number(child.text())
  stop.abort()
  expect(await child.exited).toEqual({ code: null, signal: "SIGKILL", stopped: "abort" })
  await child.kill()
  expect(await isRunning(grandchild)).toBe(false)
})

test("a deadline ends it and says so", async () => {
  const child = sh("echo early; sleep 60", { deadlineMs: 200 })
  expect(await child.exited).toEqual({ code: null, signal: "SIGTERM", stopped: "deadline" })
  expect(child.text()).toBe("early\n")
})

test("an abort before the start starts nothing", async () => {
  const child = sh("echo never", { signal: AbortSignal.abort() })
  expect(child.pid).toBeUndefined()
  expect((await child.exited).stopped).toBe("abort")
})

test.each([
  [{ file: "/no/such/program" }, "The program /no/such/program was not found."],
  [{ cwd: "/no/such/folder" }, "The folder /no/such/folder does not exist."],
  [{ file: "/etc/passwd" }, "The program /etc/passwd may not be executed."],
  [{ args: ["-c", "x".repeat(3_000_000)] }, "The arguments for /bin/sh are too long."],
])("what cannot be started is told in one sentence: %#", async (options, sentence) => {
  const exit = await sh("true", options).exited
  expect(exit.failure).toBe(sentence)
  expect(exit.code).toBeNull()
})

test("input is delivered and then ends; a program that does not read it is no failure", async () => {
  const child = sh("cat", { input: "hello" })
  await child.exited
  expect(child.text()).toBe("hello")
  expect((await sh("exit 0", { input: "x".repeat(1_000_000) }).exited).code).toBe(0)
})

test("a sink that throws is not swallowed", async () => {
  const child = sh("echo x", {
    sink: () => {
      throw new Error("broken sink")
    },
  })
  await expect(child.exited).rejects.toThrow("broken sink")
})

test("close ends running children and what ended ones left in the background", async () => {
  const processes = openProcesses()
  let text = ""
  const start = (script: string) =>
    processes.start({ file: "/bin/sh", args: ["-c", script], cwd: "/", env, sink: (chunk) => void (text += chunk) })
  const ended = start("sleep 60 & echo $!")
  const running = start("sleep 60")
  await ended.exited
  expect(processes.size).toBe(2)
  await processes.close()
  expect(processes.size).toBe(0)
  expect(await isRunning(Number(text))).toBe(false)
  expect((await running.exited).stopped).toBe("kill")
  expect(() => start("true")).toThrow("closing")
})

test("ended children are forgotten", async () => {
  const processes = openProcesses()
  const child = processes.start({ file: "/bin/true", args: [], cwd: "/", env })
  await child.exited
  expect(processes.size).toBe(0)
  await processes.close()
})
