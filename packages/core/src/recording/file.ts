import { closeSync, openSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { makeFolder } from "../lib/make-folder.ts"
import type { Concealer } from "./conceal.ts"
import type { Happening, Header } from "./entry.ts"

/**
 * The file of a recording, one line for each entry, written before anything else happens: what a killed process left
 * behind is complete up to its last moment. No file is ever written over.
 */
export interface RecordingFile {
  /** What a process stands on is kept back until something happens that is worth a file. */
  write(happening: Happening): void
  close(): void
}

/** What is worth a file: a request that may change a session, or one to a model, or a tool at work. */
const WORTH: ReadonlySet<string> = new Set<Happening["k"]>(["input", "request", "begin"])

/** An afternoon of work. What grows beyond it is a mistake, and would fill the disk of whoever forgot the variable. */
export const MAX_RECORDING_BYTES = 64 * 1024 * 1024
/** Recordings of one name: each process makes its own. */
const MAX_SIBLINGS = 10_000

export interface RecordingFileOptions {
  /** Absolute. One that exists is left alone: the next free one of `name.2`, `name.3`… is taken. */
  path: string
  header: Header
  concealer: Concealer
  /** Said once, in one sentence: where it is, and when it ends before its time. */
  tell(message: string): void
  maxBytes?: number
}

export function openRecordingFile(options: RecordingFileOptions): RecordingFile {
  const { header, concealer, tell, maxBytes = MAX_RECORDING_BYTES } = options
  const kept: object[] = []
  let descriptor: number | undefined
  let state: "waiting" | "open" | "over" = "waiting"
  let bytes = 0

  const lineOf = (value: object): string => `${concealer.text(JSON.stringify(value))}\n`

  function append(entry: object): void {
    if (state === "over" || descriptor === undefined) return
    try {
      const line = lineOf(entry)
      bytes += Buffer.byteLength(line)
      if (bytes <= maxBytes) return void writeSync(descriptor, line)
      writeSync(descriptor, lineOf({ t: Date.now() - header.started, k: "full" }))
      end(`The recording ends here: it has reached its limit of ${Math.round(maxBytes / 1024 / 1024)} MB.`)
    } catch (error) {
      end(`The recording ends here: it could not be written (${(error as NodeJS.ErrnoException).code}).`)
    }
  }

  function end(why?: string): void {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
    state = "over"
    kept.length = 0
    if (why) tell(why)
  }

  function begin(): void {
    try {
      const opened = openNew(options.path)
      descriptor = opened.descriptor
      state = "open"
      tell(`Recording to ${opened.path}. It holds prompts, answers and what tools printed.`)
      for (const entry of [header, ...kept.splice(0)]) append(entry)
    } catch (error) {
      end(`Nothing is recorded: ${options.path} could not be made (${(error as NodeJS.ErrnoException).code}).`)
    }
  }

  return {
    write(happening) {
      const entry = { t: Date.now() - header.started, ...happening }
      if (state !== "waiting") return append(entry)
      // Keys are hidden when it is written: by then more of them may be known.
      kept.push(entry)
      if (WORTH.has(happening.k)) begin()
    },
    close: () => end(),
  }
}

/** Readable by its owner alone, whatever the umask says. */
function openNew(path: string): { path: string; descriptor: number } {
  makeFolder(dirname(path))
  for (let n = 1; ; n++) {
    const name = n === 1 ? path : `${path}.${n}`
    try {
      return { path: name, descriptor: openSync(name, "wx", 0o600) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || n === MAX_SIBLINGS) throw error
    }
  }
}
