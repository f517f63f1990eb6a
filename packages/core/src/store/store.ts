/**
 * Everything that is remembered, in one folder. Invariants: the folder is private; reads are synchronous and see whole
 * transactions; writing takes a `Tx`, which only `write` and `turnWrite` give.
 */
import path from "node:path"
import type { Host } from "../lib/host.ts"
import { makeFolder } from "../lib/make-folder.ts"
import { createApprovalStore, type ApprovalStore } from "./approval-store.ts"
import { createBlobs } from "./blobs.ts"
import { createChildStore, type ChildStore } from "./child-store.ts"
import { createChangeStore, type ChangeStore } from "./change-store.ts"
import { createContents, type Contents } from "./contents.ts"
import { createCopyStore, type CopyStore } from "./copy-store.ts"
import { openDatabase } from "./database.ts"
import { createFreePages } from "./free-pages.ts"
import { createImportedStore, type ImportedStore } from "./imported-store.ts"
import { createInboxStore, type InboxStore } from "./inbox-store.ts"
import { createIntentStore, type IntentStore } from "./intent-store.ts"
import { keepHistories } from "./kept-histories.ts"
import { createLeaseStore, type Lease, type LeaseStore } from "./lease-store.ts"
import { createLedgerStore, type LedgerStore } from "./ledger-store.ts"
import { createMessageStore, type MessageStore } from "./message-store.ts"
import { createPartStore, type PartStore } from "./part-store.ts"
import { createProjectStore, type ProjectStore } from "./project-store.ts"
import { createSessionStore, type SessionStore } from "./session-store.ts"
import { makePrivate } from "./private-place.ts"
import { createStatsStore, type StatsStore } from "./stats-store.ts"
import { diskFault } from "./storage-error.ts"
import { createTodoStore, type TodoStore } from "./todo-store.ts"
import { createReader, type Tx } from "./tx.ts"
import { createWorkspaceStore, type WorkspaceStore } from "./workspace-store.ts"
import { createWriter, type WriteOptions } from "./writer.ts"

export interface Store {
  readonly projects: ProjectStore
  readonly workspaces: WorkspaceStore
  readonly sessions: SessionStore
  readonly messages: MessageStore
  readonly parts: PartStore
  readonly leases: LeaseStore
  readonly intents: IntentStore
  readonly inbox: InboxStore
  readonly todos: TodoStore
  readonly ledger: LedgerStore
  readonly children: ChildStore
  readonly approvals: ApprovalStore
  readonly stats: StatsStore
  readonly imported: ImportedStore
  readonly changes: ChangeStore
  /** The bytes that `changes` names. */
  readonly contents: Contents
  readonly copies: CopyStore
  /** See `Writer.write`: the body is synchronous, may run more than once, and is atomic. */
  write<T>(body: (tx: Tx) => T, options?: WriteOptions): Promise<T>
  /** A write of a turn: refused with fault `conflict`, in the same transaction, when the turn lost its lease. */
  turnWrite<T>(lease: Lease, body: (tx: Tx) => T, options?: WriteOptions): Promise<T>
  /** Removes files of large bodies that no part names. @returns how many */
  collect(): Promise<number>
  /** What `collect` would remove. */
  orphans(): Promise<{ file: string; bytes: number }[]>
  /** After large removals: makes the file smaller, by a bounded amount. */
  shrink(): Promise<void>
  /** What `shrink` could give back, if it were called often enough. */
  surplusBytes(): number
  /** What SQLite finds wrong, in its words; empty when all is well. Reads the whole file. */
  integrityCheck(): string[]
  /** Finishes the waiting writes, then closes the file. */
  close(): Promise<void>
}

export interface StoreOptions {
  /** The data folder; it belongs to this program alone. */
  folder: string
  host: Host
  /** The database file. Default: `store.db` in the folder. */
  file?: string
  /** For tests of faults, see `WriterOptions`. */
  beforeCommit?: (n: number) => void
}

/** @throws fault `storage` (damaged, newer, foreign, unwritable) or `unavailable` (locked for 5 s) */
export async function openStore({ folder, host, file, beforeCommit }: StoreOptions): Promise<Store> {
  prepareFolder(folder)
  const database = await openDatabase({
    file: file ?? path.join(folder, "store.db"),
    isNamed: file !== undefined,
    host,
  })
  const reader = createReader(database)
  const writer = createWriter({ database, host, beforeCommit })
  // A database elsewhere has its bodies beside it: those that it does not name would otherwise be collected.
  const blobs = createBlobs(file === undefined ? path.join(folder, "blobs") : `${file}.blobs`, reader)
  const parts = createPartStore(reader, blobs)
  const leases = createLeaseStore(reader)
  let closing: Promise<void> | undefined
  return {
    projects: createProjectStore(reader),
    workspaces: createWorkspaceStore(reader),
    sessions: createSessionStore(reader, blobs),
    messages: keepHistories(createMessageStore(reader, parts, blobs), database, reader),
    parts,
    leases,
    intents: createIntentStore(reader),
    inbox: createInboxStore(reader),
    todos: createTodoStore(reader),
    ledger: createLedgerStore(reader),
    children: createChildStore(reader),
    approvals: createApprovalStore(reader),
    stats: createStatsStore(reader),
    imported: createImportedStore(reader),
    changes: createChangeStore(reader),
    contents: createContents(file === undefined ? path.join(folder, "contents") : `${file}.contents`),
    copies: createCopyStore(reader, parts),
    write: writer.write,
    turnWrite: (lease, body, options) =>
      writer.write((tx) => {
        leases.assertHeld(lease)
        return body(tx)
      }, options),
    collect: () => blobs.collect(host.now()),
    orphans: () => blobs.orphans(host.now()),
    ...createFreePages(database, reader, writer),
    integrityCheck: () =>
      reader
        .all<{ integrity_check: string }>("PRAGMA integrity_check")
        .map((row) => row.integrity_check)
        .filter((line) => line !== "ok"),
    close: () => (closing ??= writer.close().then(() => database.close())),
  }
}

function prepareFolder(folder: string): void {
  try {
    makeFolder(folder)
    makePrivate(folder)
  } catch (error) {
    throw diskFault(error, `Preparing the data folder ${folder}`)
  }
}
