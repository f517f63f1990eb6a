/**
 * The only way to write. Invariants: one transaction at a time per process, from BEGIN to COMMIT without a pause, so no
 * read of this process ever sees a half-done one; each write is atomic and durable when its promise resolves; a write
 * that fails leaves nothing and the queue goes on.
 */
import { setImmediate as nextRound } from "node:timers/promises"
import { fault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { Database, Durability } from "./database.ts"
import { untilFree } from "./retry.ts"
import { rollback } from "./sqlite.ts"
import { endsTransaction, sqliteFault } from "./storage-error.ts"
import { openTx, type Tx } from "./tx.ts"

/** Writes that wait at the same moment share a commit; more would keep the event loop too long. */
const BATCH_LIMIT = 64
/** Far above any honest load; beyond it a writer that never waits for its answer would fill the memory. */
const QUEUE_LIMIT = 10_000

export interface WriteOptions {
  /** `process` for what may be lost in a power cut. Default `power`. */
  durability?: Durability
}

export interface Writer {
  /**
   * Runs `body` in a transaction. It is synchronous and may run more than once (a lock met at COMMIT, a full disk met
   * by a neighbour), so it has no effect but through `tx`.
   * @throws what `body` threw; fault `unavailable` (locked for 5 s, queue full, closed); fault `storage`
   */
  write<T>(body: (tx: Tx) => T, options?: WriteOptions): Promise<T>
  /** Resolves when all writes given so far are done. */
  flush(): Promise<void>
  /** Refuses new writes and finishes the waiting ones. Does not close the database. */
  close(): Promise<void>
}

export interface WriterOptions {
  database: Database
  host: Host
  /** For tests of faults: called before the n-th write (from 1) is committed; a throw makes that write fail. */
  beforeCommit?: (n: number) => void
}

interface Job {
  n: number
  durability: Durability
  /** When it was given, on the monotonic clock. */
  since: number
  /** Runs the body; what it returns makes the promise of the write resolve. */
  run: (tx: Tx) => () => void
  reject: (error: unknown) => void
}

type Outcome = { job: Job; done: (() => void)[] } | { job: Job; error: unknown }

export function createWriter({ database, host, beforeCommit }: WriterOptions): Writer {
  const queue: Job[] = []
  let draining: Promise<void> | undefined
  let closed = false
  let count = 0

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      // Whatever came from the sockets and the disk in this round shares one commit, and one wait for the disk.
      await nextRound()
      await commit(queue.splice(0, BATCH_LIMIT))
    }
    draining = undefined
  }

  /** Never rejects: every job of the batch is settled. */
  async function commit(batch: Job[]): Promise<void> {
    let outcomes: Outcome[]
    try {
      outcomes = await untilFree(host, () => transact(batch), batch[0]?.since)
    } catch (error) {
      const failure = sqliteFault(error, database.file)
      // Alone, each write fails or succeeds on its own account: a full disk may still have room for the small ones.
      if (batch.length > 1 && endsTransaction(error)) for (const job of batch) await commit([job])
      else for (const job of batch) job.reject(failure)
      return
    }
    for (const outcome of outcomes) {
      if ("error" in outcome) outcome.job.reject(outcome.error)
      else finish(outcome.job, outcome.done)
    }
  }

  function finish(job: Job, done: (() => void)[]): void {
    try {
      for (const act of done) act()
    } catch (error) {
      job.reject(error)
    }
  }

  function transact(batch: Job[]): Outcome[] {
    database.setDurability(batch.some((job) => job.durability === "power") ? "power" : "process")
    database.prepare("BEGIN IMMEDIATE").run()
    try {
      const outcomes = batch.length === 1 ? batch.map(run) : batch.map(runInSavepoint)
      database.prepare("COMMIT").run()
      return outcomes
    } catch (error) {
      rollback(database)
      throw error
    }
  }

  function runInSavepoint(job: Job): Outcome {
    database.prepare("SAVEPOINT one").run()
    try {
      const outcome = run(job)
      database.prepare("RELEASE one").run()
      return outcome
    } catch (error) {
      if (endsTransaction(error)) throw error
      database.exec("ROLLBACK TO one; RELEASE one")
      return { job, error }
    }
  }

  function run(job: Job): Outcome {
    const tx = openTx(database)
    try {
      const resolve = job.run(tx.tx)
      tx.check()
      beforeCommit?.(job.n)
      return { job, done: [...tx.afterCommit, resolve] }
    } finally {
      tx.end()
    }
  }

  function add(job: Job): void {
    if (closed) return job.reject(fault("unavailable", "The store is closed."))
    if (queue.length >= QUEUE_LIMIT) return job.reject(fault("unavailable", "Too many writes are waiting; try again."))
    queue.push(job)
    draining ??= drain()
  }

  return {
    write: <T>(body: (tx: Tx) => T, { durability = "power" }: WriteOptions = {}) =>
      new Promise<T>((resolve, reject) => {
        const run = (tx: Tx) => {
          const value = body(tx)
          if (value instanceof Promise) throw new Error("The body of a write must be synchronous.")
          return () => resolve(value)
        }
        add({ n: ++count, durability, since: host.monotonic(), run, reject })
      }),
    flush: async () => draining,
    async close() {
      closed = true
      await draining
    },
  }
}
