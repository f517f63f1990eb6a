import type { EventProperties } from "@opencode/protocol/event.ts"
import type { Pty, PtyUpdate } from "@opencode/protocol/pty.ts"
import { fault } from "../lib/fault.ts"
import type { Processes } from "./processes.ts"
import { createScrollback, type Scrollback } from "./scrollback.ts"
import { openTerminal, type Terminal, type TerminalOptions } from "./terminal.ts"
import { createTickets, type Tickets } from "./tickets.ts"

/** The terminals of a folder. One whose program has ended is gone, and with it whatever still ran in it. */
export interface Ptys {
  /** Oldest first. */
  list(): Pty[]
  /** @throws fault `pty_not_found`, as all below */
  get(id: string): Pty
  /** @throws fault `limit`, `unavailable` */
  create(input: PtyStart): Promise<Pty>
  update(id: string, changes: PtyUpdate): Pty
  /** Resolves when nothing of it runs any more. */
  remove(id: string): Promise<void>
  tickets(id: string): Tickets
  /**
   * Shows a reader what was shown since the cursor, and from then on everything.
   * @param cursor absent: all that is kept; negative: nothing
   * @throws fault `limit`
   */
  attach(id: string, reader: PtyReader, cursor?: number): PtyAttachment
  close(): Promise<void>
}

export type PtyStart = Omit<TerminalOptions, "data"> & { title?: string | undefined }

/** Who looks into a terminal. Must not throw and must not wait. */
export interface PtyReader {
  text(text: string): void
  /** Once, after what was shown before. */
  cursor(cursor: number): void
  end(): void
}

export interface PtyAttachment {
  /** What a person typed. @returns false when the program does not read it */
  write(text: string): boolean
  /** The reader has enough for now: the program waits for it. */
  hold(): void
  release(): void
  leave(): void
}

/** Each holds a process and some memory; people have a handful. */
const MAX_PTYS = 20
/** A person looks into a terminal with one or two clients. */
const MAX_READERS = 20

interface Open {
  info: Pty
  terminal: Terminal
  shown: Scrollback
  tickets: Tickets
  readers: Set<PtyReader>
  holding: Set<PtyReader>
  /** Resolves when it has left the table and nothing of it runs. */
  gone: Promise<void>
  isRemoved: boolean
}

type PtyEvent = "pty.created" | "pty.updated" | "pty.exited" | "pty.deleted"

export interface PtysDeps {
  publish<Type extends PtyEvent>(type: Type, properties: EventProperties<Type>): void
  id(): string
  now(): number
  processes: Pick<Processes, "adopt">
}

export function createPtys({ publish, id: newId, now, processes }: PtysDeps): Ptys {
  const open = new Map<string, Open>()
  let starting = 0
  let isClosed = false

  function find(id: string): Open {
    const found = open.get(id)
    if (!found) throw fault("pty_not_found", `PTY session not found: ${id}`, { ptyID: id })
    return found
  }

  async function start({ title, ...options }: PtyStart): Promise<Pty> {
    const id = newId()
    const shown = createScrollback()
    const readers = new Set<PtyReader>()
    const data = (text: string): void => {
      shown.push(text)
      for (const reader of [...readers]) reader.text(text)
    }
    const terminal = await openTerminal({ ...options, data })
    const forget = processes.adopt(terminal.pid)
    const { file: command, args, cwd } = options
    const info: Pty = {
      id,
      title: title ?? `Terminal ${id.slice(-4)}`,
      command,
      args: [...args],
      cwd,
      status: "running",
      pid: terminal.pid,
    }
    const entry: Open = {
      info,
      terminal,
      shown,
      readers,
      tickets: createTickets(now),
      holding: new Set(),
      isRemoved: false,
      gone: terminal.exited.then(async (exitCode) => {
        leave(entry, exitCode)
        await terminal.end()
        forget()
      }),
    }
    open.set(id, entry)
    publish("pty.created", { info })
    // The folder was closed while the package was being loaded.
    if (isClosed) await end(entry)
    return info
  }

  function leave(entry: Open, exitCode: number): void {
    const { id } = entry.info
    open.delete(id)
    for (const reader of entry.readers) reader.end()
    entry.readers.clear()
    if (entry.isRemoved) publish("pty.deleted", { id })
    else publish("pty.exited", { id, exitCode })
  }

  async function end(entry: Open): Promise<void> {
    entry.isRemoved = true
    entry.terminal.resume()
    await entry.terminal.end()
    await entry.gone
  }

  return {
    list: () => [...open.values()].map(({ info }) => info),
    get: (id) => find(id).info,
    async create(input) {
      if (isClosed) throw fault("unavailable", "The folder is being closed.")
      if (open.size + starting >= MAX_PTYS)
        throw fault("limit", `There are ${MAX_PTYS} terminals in this folder already.`)
      starting++
      try {
        return await start(input)
      } finally {
        starting--
      }
    },
    update(id, { title, size }) {
      const entry = find(id)
      if (size) entry.terminal.resize(size)
      if (title !== undefined) entry.info = { ...entry.info, title }
      publish("pty.updated", { info: entry.info })
      return entry.info
    },
    remove: (id) => end(find(id)),
    tickets: (id) => find(id).tickets,
    attach(id, reader, cursor = 0) {
      const entry = find(id)
      if (entry.readers.size >= MAX_READERS)
        throw fault("limit", `${MAX_READERS} clients look into this terminal already.`)
      const before = cursor < 0 ? "" : entry.shown.since(cursor)
      if (before) reader.text(before)
      reader.cursor(entry.shown.cursor)
      entry.readers.add(reader)
      return attachment(entry, reader)
    },
    async close() {
      isClosed = true
      await Promise.all([...open.values()].map(end))
    },
  }
}

function attachment({ terminal, readers, holding }: Open, reader: PtyReader): PtyAttachment {
  const release = (): void => {
    if (holding.delete(reader) && holding.size === 0) terminal.resume()
  }
  return {
    write: terminal.write,
    hold() {
      if (readers.has(reader) && holding.size === 0) terminal.pause()
      if (readers.has(reader)) holding.add(reader)
    },
    release,
    leave() {
      readers.delete(reader)
      release()
    },
  }
}
