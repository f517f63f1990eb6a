import { expect, test } from "vitest"
import { program, temporaryFolder } from "./world.ts"

/** What a step may write beside what it says. */
const PER_STEP_BYTES = 64 * 1024
const TIMES = 3

/**
 * Writes answers as a turn does, on a clock that runs ahead with each piece, so that every checkpoint that may be due is
 * due; then tells what the process has written (the kernel counts it) and what there is to read.
 */
const SOURCE = `
  import { readFileSync } from "node:fs"
  import { createHost } from "core/lib/host.ts"
  import { openRecord } from "core/session/record.ts"
  import { openStore } from "core/store/store.ts"

  const [folder, kind] = process.argv.slice(2)
  const [steps, pieces, size] = JSON.parse(kind)
  let clock = 0
  const host = { ...createHost(), monotonic: () => clock }
  const store = await openStore({ folder, host: createHost() })
  const sessionID = "ses_a"
  const time = { created: 1, updated: 1 }
  await store.write((tx) =>
    store.sessions.insert(tx, { id: sessionID, slug: "a", projectID: "p", directory: "/", title: "a", version: "1", time }))
  const lease = await store.write((tx) => store.leases.take(tx, { sessionID, owner: { pid: process.pid }, now: 1 }))
  const written = () => Number(/wchar: (\\d+)/.exec(readFileSync("/proc/self/io", "utf8"))[1])
  const before = written()
  for (let step = 0; step < steps; step++) {
    const id = "msg_" + step
    const info = { id, sessionID, role: "assistant", parentID: "msg_q", mode: "build", agent: "build",
      path: { cwd: "/", root: "/" }, cost: 0, modelID: "m", providerID: "p", time: { created: 1 },
      tokens: { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } } }
    const record = await openRecord(info, lease, { store, host, publish() {} })
    const part = { id: "prt_" + step, sessionID, messageID: id, type: "text", text: "", time: { start: 1 } }
    record.put({ id: "prt_start_" + step, sessionID, messageID: id, type: "step-start" })
    record.put(part)
    for (let piece = 0; piece < pieces; piece++) {
      clock += 600
      record.append(part.id, String.fromCharCode(97 + (piece % 26)).repeat(size))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const call = { id: "prt_call_" + step, sessionID, messageID: id, type: "tool", callID: "c", tool: "bash",
      state: { status: "running", input: {}, time: { start: 1 } } }
    record.put(call)
    await record.commit(() => {})
    record.put({ ...record.parts.find((one) => one.id === part.id), time: { start: 1, end: 2 } })
    await record.complete({ finish: "stop" })
  }
  const content = Buffer.byteLength(JSON.stringify(store.messages.list(sessionID)))
  await store.close()
  console.log(JSON.stringify({ steps, content, written: written() - before }))
`

/** Steps, pieces of each, characters of a piece. Between two pieces is time enough for a checkpoint. */
const ANSWERS = {
  "60 characters": [100, 3, 20],
  "1,200 characters, trickling": [10, 300, 4],
  "16 KB": [10, 40, 400],
  "60 KB": [10, 150, 400],
  "60 KB in large pieces": [10, 7, 9_000],
  "200 KB": [4, 500, 400],
  "1 MB": [2, 500, 2_000],
  "400 KB at once": [10, 1, 400_000],
}

test.runIf(process.platform === "linux").each(Object.entries(ANSWERS))(
  "a streamed answer of %s makes a step write at most three times what it says, and 64 KB",
  async (_, answer) => {
    await using folder = await temporaryFolder()
    const start = await program(folder, SOURCE)
    const child = start(`${folder.path}/data`, JSON.stringify(answer))
    const line = await child.line()
    const { steps, content, written } = JSON.parse(line ?? `"${child.errors()}"`)
    expect(content).toBeGreaterThan(10_000)
    expect(written).toBeLessThan(TIMES * content + steps * PER_STEP_BYTES)
    await child.ended
  },
)
