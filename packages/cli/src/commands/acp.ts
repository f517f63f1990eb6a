import { serveAcp } from "@opencode/acp/agent.ts"
import { internalError } from "@opencode/acp/rpc-error.ts"
import { isFault } from "@opencode/core/lib/fault.ts"
import type { LogLevel } from "@opencode/protocol/log.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { CommandFailure } from "../fail.ts"
import { onGoodbye } from "../goodbye.ts"
import { out } from "../out.ts"
import { takeStandardOutput } from "../protocol-output.ts"
import { keepHeapSmall } from "../small-heap.ts"
import { version } from "../version.ts"
import { workingFolder } from "../workplace.ts"

export interface AcpOptions {
  cwd?: string
  debug?: boolean
  printLogs?: boolean
  logLevel?: LogLevel
  trust?: boolean
}

/** What still runs when an editor is gone is stopped; what will not stop in this time is ended with us. */
const GOODBYE_MS = 5_000

/** Serves an editor on standard input and output until it closes them. */
export async function acp(options: AcpOptions): Promise<void> {
  keepHeapSmall()
  const directory = workingFolder(options.cwd)
  const input = process.stdin
  if (input.isTTY) out.note("This is for editors, which start it themselves: they send JSON here. Ctrl-D ends it.")
  const stop = (): void => void input.destroy()
  const output = takeStandardOutput(stop)
  const closing: (() => Promise<void>)[] = []

  /** With everything that sessions need. */
  async function open(): Promise<OpencodeClient> {
    const { openDoor } = await import("../door.ts")
    const level = options.debug ? { printLogs: true, logLevel: "DEBUG" as const } : {}
    const door = await openDoor(directory, { ...options, ...level }).catch((error: unknown) => {
      // What a person can mend is told in the editor, too, and not only in our log.
      throw isFault(error) || error instanceof CommandFailure ? internalError(error.message) : error
    })
    closing.push(door.close)
    return door.client
  }

  const forget = onGoodbye(stop)
  await serveAcp({ input: untilItsEnd(input), send: output.send, open, note: out.note, version })
  for (const close of closing) await close()
  await output.flushed()
  forget()
}

/** The end of the input, also where it is we who end it. From then on there is little time. */
async function* untilItsEnd(input: NodeJS.ReadStream): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of input) yield chunk as Uint8Array
  } catch (error) {
    // Who destroys a stream has its reader fail.
    if (!input.destroyed) throw error
  } finally {
    setTimeout(() => process.exit(1), GOODBYE_MS).unref()
  }
}
