import { mkdir, open, type FileHandle } from "node:fs/promises"
import { dirname } from "node:path"

/** Writes one stream to one private file, in order, up to a cap. A full disk ends the file, never the command. */
export interface Spill {
  /** Keeps the chunk until it is written. Returns a promise when the disk is behind; it never rejects. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** True when the file holds everything up to the cap. */
  close(): Promise<boolean>
}

/** Bytes that may wait for the disk before the writer has to wait, too. */
const QUEUE_BYTES = 1024 * 1024
/** What a waiting chunk costs beside its bytes, so that a million single bytes count, too. */
const CHUNK_COST = 128

export function createSpill(path: string, maxBytes: number): Spill {
  let accepted = 0
  let waiting: Uint8Array[] = []
  let queued = 0
  let failed = false
  let file: FileHandle | undefined
  let writing: Promise<void> | undefined

  const writeWaiting = async () => {
    try {
      file ??= await create(path)
      while (waiting.length > 0) {
        const batch = Buffer.concat(waiting)
        waiting = []
        queued = 0
        await writeAll(file, batch)
      }
    } catch {
      failed = true
      waiting = []
    }
    writing = undefined
  }

  const append = (bytes: Uint8Array) => {
    waiting.push(bytes)
    queued += bytes.length + CHUNK_COST
    writing ??= writeWaiting()
  }

  return {
    write(chunk) {
      if (failed || accepted >= maxBytes) return undefined
      const part = chunk.subarray(0, maxBytes - accepted)
      accepted += part.length
      append(part)
      if (accepted >= maxBytes) append(Buffer.from(`\n[the rest is not kept: more than ${maxBytes} bytes]\n`))
      return queued > QUEUE_BYTES ? writing : undefined
    },
    async close() {
      await writing
      await file?.close()
      return !failed
    },
  }
}

async function create(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return await open(path, "w", 0o600)
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten
}
