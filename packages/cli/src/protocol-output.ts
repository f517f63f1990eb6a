import { createWriteStream, fstatSync } from "node:fs"
import { Socket } from "node:net"
import type { Writable } from "node:stream"

/**
 * Standard output for a protocol alone. Whatever else this process prints there from now on, plugins and libraries too,
 * goes to standard error.
 */
export interface ProtocolOutput {
  /** Gets text as it is. Never waits: a reader that is slow must not keep us from hearing it. */
  send(text: string): void
  /** Resolves when all of it is written, or the reader is gone. */
  flushed(): Promise<void>
}

const STDOUT = 1

/** A reader that has so much waiting has stopped reading: a long history with its images is a few megabytes. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024

/** @param gone called when nobody reads any more */
export function takeStandardOutput(gone: () => void): ProtocolOutput {
  const output = openOutput()
  output.on("error", gone)
  process.stdout.write = process.stderr.write.bind(process.stderr)
  return {
    send(text) {
      output.write(text)
      if (output.writableLength > MAX_WAITING_BYTES) output.destroy(new Error("nobody reads standard output"))
    },
    flushed: () => new Promise((resolve) => (output.destroyed ? resolve() : output.end(() => resolve()))),
  }
}

/** Node's own stream would wait for the reader, and with it the whole process. */
function openOutput(): Writable {
  const kind = fstatSync(STDOUT)
  if (kind.isFIFO() || kind.isSocket()) return new Socket({ fd: STDOUT, readable: false, writable: true })
  return createWriteStream("", { fd: STDOUT, autoClose: false })
}
