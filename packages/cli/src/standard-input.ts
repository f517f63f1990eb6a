import { fstatSync } from "node:fs"
import { CommandFailure } from "./fail.ts"
import { out } from "./out.ts"

/** More than any model reads at once; a stream without end must not fill the memory. */
const MAX_INPUT_BYTES = 10_000_000

const TOO_MUCH = `Standard input has more than ${MAX_INPUT_BYTES / 1e6} MB. Put it into a file, and name that.`

/** A person who left a pipe open by mistake should learn what is waited for. */
const HINT_MS = 2_000

/**
 * What was piped or redirected in, or nothing. A terminal is not waited for, and neither is an input that is neither
 * a pipe nor a file: service managers leave such descriptors open for ever.
 * @param over ends the wait; its reason is an error, and is thrown
 * @throws CommandFailure for more than is taken: the end of it may be what it is about
 */
export async function readInput(over?: AbortSignal): Promise<string> {
  if (process.stdin.isTTY || !isReadable()) return ""
  const hint = setTimeout(() => out.note("Waiting for the end of standard input…"), HINT_MS)
  const chunks: Buffer[] = []
  let bytes = 0
  const stop = (): void => {
    out.note("Standard input did not end.")
    process.stdin.destroy(over?.reason as Error)
  }
  over?.addEventListener("abort", stop)
  try {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > MAX_INPUT_BYTES) throw new CommandFailure(TOO_MUCH)
    }
  } finally {
    clearTimeout(hint)
    over?.removeEventListener("abort", stop)
  }
  return Buffer.concat(chunks).toString("utf8").trimEnd()
}

function isReadable(): boolean {
  try {
    const input = fstatSync(0)
    return input.isFIFO() || input.isFile() || input.isSocket()
  } catch {
    return false // no standard input at all
  }
}
