import { calls, says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { isFault } from "../../src/lib/fault.ts"

/** As SQLite and the system report them. */
const FAILURES = {
  "database or disk is full": { errcode: 13 },
  "disk I/O error": { errcode: 10 },
  "disk I/O error while the log was synced": { errcode: 1_034 },
  "ENOSPC: no space left on device, write": { code: "ENOSPC" },
}
type Failure = keyof typeof FAILURES

const failure = (name: Failure): Error => Object.assign(new Error(name), FAILURES[name])

interface Disk {
  says: Failure
  /** Commits that were tried since the disk was watched. */
  tried: number
  fails(n: number): boolean
}

/** Reads, edits, does one thing that must not happen twice, answers. Later prompts are just answered. */
async function worldOn(disk: Disk): Promise<World> {
  const steps = [
    calls("read", { filePath: "a.txt" }),
    calls("edit", { filePath: "a.txt", oldString: "one", newString: "two" }),
    calls("bash", { command: "echo ran >> ran.txt" }),
  ]
  return world({
    permission: "allow",
    files: { "a.txt": "one\n" },
    // A model that makes the next call whose result it does not have yet: a turn that begins anew goes on sensibly.
    model: ({ messages }) => {
      if (messages.some((message) => message.text.includes("and now"))) return says("fine")
      return steps[messages.flatMap((message) => message.toolResults).length] ?? says("done")
    },
    beforeCommit() {
      disk.tried++
      if (disk.fails(disk.tried)) throw failure(disk.says)
    },
  })
}

async function promptQuietly(w: World, text: string, says: Failure): Promise<void> {
  try {
    await w.prompt(text)
  } catch (error) {
    if (!isFault(error) && (error as Error).message !== says) throw error
  }
}

async function expectUsable(w: World): Promise<void> {
  const { id } = await w.session()
  expect(w.engine.sessions.status()).toEqual({})
  await w.transcript()

  const answer = await w.prompt("and now?")
  expect(answer.info).toMatchObject({ role: "assistant", finish: "stop" })
  expect(w.engine.sessions.status()).toEqual({})
  const transcript = await w.transcript()
  expect(transcript.at(-1)).toEqual(answer)
  for (const { info, parts } of transcript) {
    if (info.role === "assistant") expect(info.time.completed, `message ${info.id}`).toBeDefined()
    for (const part of parts)
      if (part.type === "tool") expect(["completed", "error"], `call ${part.callID}`).toContain(part.state.status)
  }
  expect(w.engine.sessions.openParts()).toEqual([])
  expect(w.home.store.messages.list(id)).toEqual(transcript)
  expect(w.home.store.inbox.unanswered(id)).toEqual([])
  expect(w.home.store.intents.unfinished(id)).toEqual([])
  expect(w.home.store.integrityCheck()).toEqual([])
  expect(w.model.unexpected).toEqual([])
  const ran = w.files().includes("ran.txt") ? w.read("ran.txt").trim().split("\n").length : 0
  expect(ran).toBeLessThanOrEqual(1)
}

const NEVER: Disk = { says: "database or disk is full", tried: 0, fails: () => false }

test.each<[string, number, Failure]>([
  ["one write", 1, "database or disk is full"],
  ["two writes in a row", 2, "disk I/O error"],
  ["three writes in a row", 3, "disk I/O error while the log was synced"],
  ["every write from then on", Infinity, "ENOSPC: no space left on device, write"],
])(
  "whenever the disk refuses %s (%s: %s), the session goes on and nothing is done twice",
  async (_, count, says) => {
    for (let n = 1, wentWell = false; !wentWell; n++) {
      const disk: Disk = { ...NEVER, says }
      await using w = await worldOn(disk)
      await w.session()
      disk.tried = 0
      disk.fails = (tried) => tried >= n && tried < n + count
      await promptQuietly(w, "go", says)
      // What was still on its way has failed or not, and nothing waits any more.
      await w.home.store.write(() => {}).catch(() => {})
      wentWell = disk.tried <= n
      disk.fails = NEVER.fails
      await expectUsable(w).catch((error: Error) => {
        throw new Error(`write ${n}: ${error.message}`, { cause: error })
      })
    }
  },
  60_000,
)

test("a checkpoint of streaming text that fails costs nothing", async () => {
  const text = "word ".repeat(400)
  const disk = { ...NEVER }
  await using w = await world({
    model: () => says(text, { chunkSize: 20, delayMs: 15 }),
    beforeCommit() {
      disk.tried++
      if (disk.fails(disk.tried)) throw failure(disk.says)
    },
  })
  await w.session()
  const before = disk.tried
  // The prompt's lease and message, the answer's row, then the checkpoints.
  disk.fails = (tried) => tried > before + 3 && tried <= before + 5
  const answer = await w.prompt("go")
  expect(answer.info).toMatchObject({ finish: "stop" })
  expect(answer.parts.find((part) => part.type === "text")).toMatchObject({ text })
  const { id } = await w.session()
  expect(w.home.store.messages.list(id)).toEqual(await w.transcript())
})

test("what was said can be read while nothing can be written", async () => {
  const disk: Disk = { ...NEVER }
  await using w = await worldOn(disk)
  await w.prompt("go")
  const before = await w.transcript()
  const { id } = await w.session()
  // The lease is the last that has room: what it marks as open cannot be closed.
  const room = disk.tried + 1
  disk.fails = (tried) => tried > room
  await expect(w.prompt("and now?")).rejects.toMatchObject({ code: "storage" })
  await expect.poll(() => w.engine.sessions.status()).toEqual({})
  expect(await w.transcript()).toEqual(before)
  expect(await w.engine.sessions.message(id, before[0]!.info.id)).toEqual(before[0])
  disk.fails = () => false
  await expectUsable(w)
})
