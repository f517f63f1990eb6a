import { spawn, type ChildProcess } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { openTerminal } from "@opencode/core/process/terminal.ts"
import type { Installation } from "@opencode/testing/command.ts"
import { freePort } from "@opencode/testing/free-port.ts"
import { calls, lines, says, script, stalls } from "@opencode/testing/script.ts"
import { expect, test, vi } from "vitest"
import { RunLine } from "../src/commands/run-lines.ts"
import { modelScript } from "./shared.ts"

vi.setConfig({ testTimeout: 60_000 })

const BIN = fileURLToPath(new URL("../bin/opencode.mjs", import.meta.url))

/** More than a pipe, a socket or a terminal takes without a reader. */
const LONG = lines(12_000)
const long = { chunkSize: 100_000 }
/** Says much, and goes on with an answer that never ends. */
const saysMuchAndStalls = (text = LONG) =>
  script(calls("bash", { command: "echo on" }, { text, ...long }), stalls(says("this will never end"), 1))
/** "Within about a second", on a machine that runs other tests beside this one. */
const SOON_MS = 4_000

interface Piped {
  /** Of the command itself. */
  child: ChildProcess
  exited: Promise<{ code: number | null; stderr: string }>
  /** Text that the reader put into a file of its. */
  got(file?: string): string
  [Symbol.dispose](): void
}

/** The command with a program of the shell behind its standard output. */
function piped(at: Installation, args: string[], reader: string, redirect = ""): Piped {
  const line = `exec "$@" > >(exec 2>/dev/null; ${reader}) ${redirect}`
  const child = spawn("bash", ["-c", line, "bash", process.execPath, BIN, "run", ...args, "go"], {
    cwd: at.project,
    env: { ...at.env, AT: at.folder.path },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  })
  return { ...watched(child, at), [Symbol.dispose]: () => endGroup(child) }
}

function watched(child: ChildProcess, at: Installation): Omit<Piped, typeof Symbol.dispose> {
  let stderr = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text))
  // What nobody read of standard output would keep its stream open.
  child.once("exit", () => child.stdout?.resume())
  const exited = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, stderr })),
  )
  const got = (file = "got") => (existsSync(at.folder.join(file)) ? readFileSync(at.folder.join(file), "utf8") : "")
  return { child, exited, got }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL")
  } catch {
    // All of it has ended.
  }
}

async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  const start = performance.now()
  const value = await promise
  expect(performance.now() - start).toBeLessThan(ms)
  return value
}

const isOnRecord = (at: Installation) =>
  expect
    .poll(async () => (await at.run(["session", "show"])).stdout.length, { timeout: 20_000 })
    .toBeGreaterThan(LONG.length)

/** It does not keep standard error open either. */
const NEVER = "exec sleep 100 2>/dev/null"
const LOST = /^Standard output was not read to its end: \d.* lost\.$/m

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s ends a turn whose reader takes nothing, and the session can be used",
  async (signal) => {
    // More than a pipe takes, and less than what has to be summed up before the session goes on.
    await using at = await modelScript(saysMuchAndStalls(lines(5_000)))
    using run = piped(at, ["--format", "jsonl"], NEVER)
    await at.model.received(2)
    run.child.kill(signal)
    const { code, stderr } = await within(SOON_MS, run.exited)
    expect(code).toBe(130)
    expect(stderr).toContain("Stopping.")
    expect(stderr).toMatch(LOST)
    await expect.poll(() => at.model.openConnections()).toBe(0)
    at.model.add(says("here again"))
    expect(await at.run(["run", "-c", "and now?"])).toMatchObject({ code: 0, stdout: "here again\n" })
  },
)

test("a reader of both outputs that takes nothing does not keep it from ending", async () => {
  await using at = await modelScript(saysMuchAndStalls())
  using run = piped(at, [], NEVER, "2>&1")
  await at.model.received(2)
  run.child.kill("SIGINT")
  expect((await within(SOON_MS, run.exited)).code).toBe(130)
})

test("a socket that nobody reads does not keep it from ending", async () => {
  await using at = await modelScript(saysMuchAndStalls())
  const stdio = ["ignore", "pipe", "pipe"] as const
  const child = spawn(process.execPath, [BIN, "run", "go"], { cwd: at.project, env: at.env, stdio: [...stdio] })
  const run = watched(child, at)
  await at.model.received(2)
  child.kill("SIGTERM")
  const { code, stderr } = await within(SOON_MS, run.exited)
  expect(code).toBe(130)
  expect(stderr).toMatch(LOST)
})

test("a terminal that stands still does not keep it from ending", async () => {
  await using at = await modelScript(saysMuchAndStalls())
  const terminal = await openTerminal({
    file: process.execPath,
    args: [BIN, "run", "go"],
    cwd: at.project,
    env: { ...at.env, TERM: "xterm-256color" },
    data: () => {},
  })
  terminal.pause()
  await at.model.received(2)
  process.kill(terminal.pid, "SIGTERM")
  await expect.poll(() => at.model.openConnections(), { timeout: SOON_MS }).toBe(0)
  // The library tells of the end when all was read.
  terminal.resume()
  expect(await terminal.exited).toBe(130)
})

test("--timeout ends a turn whose reader takes nothing", async () => {
  await using at = await modelScript(saysMuchAndStalls())
  using run = piped(at, ["--timeout", "8s", "--detailed-exit-codes"], NEVER)
  const { code, stderr } = await within(8_000 + SOON_MS, run.exited)
  expect(code).toBe(5)
  expect(stderr).toMatch(LOST)
  expect(at.model.requests).toHaveLength(2)
})

test("an answer that nobody took when the time was over is no success", async () => {
  await using at = await modelScript(() => says(LONG, long))
  using run = piped(at, ["--timeout", "8s", "--detailed-exit-codes"], NEVER)
  const { code, stderr } = await within(8_000 + SOON_MS, run.exited)
  expect(code).toBe(5)
  expect(stderr).toMatch(LOST)
})

test("a signal ends a run that only waits for its reader", async () => {
  await using at = await modelScript(() => says(LONG, long))
  using run = piped(at, ["--format", "jsonl"], NEVER)
  await at.model.received(1)
  // The turn is over, and on record, while nobody has read of it.
  await isOnRecord(at)
  run.child.kill("SIGTERM")
  const { code, stderr } = await within(SOON_MS, run.exited)
  expect(code).toBe(130)
  expect(stderr).toMatch(LOST)
})

/** Eight kilobytes, and a nap. */
const SLOW = `exec ${process.execPath} -e '
  const { readSync, writeSync, openSync } = require("fs")
  const [bytes, file] = [Buffer.alloc(8192), openSync(process.env.AT + "/got", "w")]
  for (let n; (n = readSync(0, bytes)); ) {
    writeSync(file, bytes.subarray(0, n))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  }'; touch $AT/end`

test.each([
  ["is slow", SLOW.replace("exec ", "")],
  ["comes late", "sleep 3; cat > $AT/got; touch $AT/end"],
])("a reader that %s gets all of it, in order, with the result as the last line", async (_, reader) => {
  const replies = script(calls("bash", { command: "seq 1 20000" }, { text: LONG, ...long }), says(LONG, long))
  await using at = await modelScript(replies)
  using run = piped(at, ["--format", "jsonl"], reader)
  const { code, stderr } = await run.exited
  expect({ code, stderr: stderr.replace(/^> .*\n/, "") }).toEqual({ code: 0, stderr: "" })
  await expect.poll(() => existsSync(at.folder.join("end")), { timeout: 20_000 }).toBe(true)
  const all = run
    .got()
    .trim()
    .split("\n")
    .map((line) => RunLine().parse(JSON.parse(line)))
  expect(all.map(({ type }) => type)).toEqual(["start", "step", "text", "tool", "step", "text", "result"])
  expect(all.at(-1)).toMatchObject({ success: true, text: LONG })
})

test("a reader that is stopped, and goes on later, gets all of it", async () => {
  await using at = await modelScript(() => says(LONG, long))
  using run = piped(at, [], "echo $BASHPID > $AT/reader; cat > $AT/got; touch $AT/end")
  await expect.poll(() => run.got("reader"), { timeout: 10_000 }).toMatch(/\n/)
  const reader = Number(run.got("reader"))
  process.kill(reader, "SIGSTOP")
  await at.model.received(1)
  await isOnRecord(at)
  process.kill(reader, "SIGCONT")
  expect((await run.exited).code).toBe(0)
  await expect.poll(() => existsSync(at.folder.join("end")), { timeout: 20_000 }).toBe(true)
  expect(run.got()).toBe(`${LONG}\n`)
})

test("a reader that goes after a while ends it quietly", async () => {
  await using at = await modelScript(() => says(LONG, long))
  using run = piped(at, [], "sleep 3; head -1 > $AT/got")
  const { code, stderr } = await run.exited
  expect({ code, stderr: stderr.replace(/^> .*\n/, "") }).toEqual({ code: 0, stderr: "" })
})

test("notes that nobody reads do not hold up the answer", async () => {
  const loud = "x".repeat(90_000)
  const call = calls("bash", { command: `echo ${loud}` }, long)
  await using at = await modelScript(script(call, call, says("ok")))
  using run = piped(at, ["--thinking", "--print-logs", "--log-level", "DEBUG"], "cat > $AT/got", `2> >(${NEVER})`)
  expect((await within(30_000, run.exited)).code).toBe(0)
  expect(run.got()).toBe("ok\n")
})

test("others who write to the same pipe are not told that it is full", async () => {
  await using at = await modelScript(saysMuchAndStalls())
  // A program that meets an unblocked pipe fails with EAGAIN as soon as it is full.
  using run = piped(at, [], "sleep 6; cat > $AT/got", "; :")
  await at.model.received(2)
  const flags = readFileSync(`/proc/${run.child.pid}/fdinfo/1`, "utf8")
  const shared = Number.parseInt(/flags:\s*(\d+)/.exec(flags)?.[1] ?? "", 8)
  expect(shared & 0o4000).toBe(0)
})

test("a server whose log lines nobody reads goes on serving", async () => {
  await using at = await modelScript(() => says("ok"))
  const port = await freePort()
  const line = `exec "$@" 2> >(${NEVER})`
  const args = ["serve", "--port", String(port), "--print-logs"]
  const child = spawn("bash", ["-c", line, "bash", process.execPath, BIN, ...args], {
    cwd: at.project,
    env: at.env,
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  })
  try {
    await new Promise((resolve) => child.stdout.once("data", resolve))
    // Together they are more than a pipe takes.
    for (let n = 0; n < 100; n++) {
      const answer = await fetch(`http://127.0.0.1:${port}/log`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ service: "test", level: "info", message: "x".repeat(2_000) }),
        signal: AbortSignal.timeout(SOON_MS),
      })
      expect(await answer.json()).toBe(true)
    }
    const exited = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGTERM")
    expect(await within(SOON_MS, exited)).toBe(0)
  } finally {
    endGroup(child)
  }
})

test("a turn at a server ends when its answer cannot be written", async () => {
  await using at = await modelScript(saysMuchAndStalls("some text"))
  const { url } = await at.serve()
  using run = piped(at, ["--attach", url], "cat", ">/dev/full")
  expect(await run.exited).toMatchObject({ code: 1, stderr: expect.stringContaining("ENOSPC") })
  await expect.poll(() => at.model.openConnections(), { timeout: 10_000 }).toBe(0)
})
