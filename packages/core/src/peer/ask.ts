import { connect, type Socket } from "node:net"
import { faultOf, readLines, sendLine, type AnswerLine, type PeerEvent, type Question } from "./wire.ts"

/** The other process went away, or was never there: whether it did what was asked is not known from this. */
export class PeerGone extends Error {
  override readonly name = "PeerGone"
  /** Nobody listens at the address, and nobody will again. */
  readonly isRefused: boolean

  constructor(code: string | undefined) {
    super("The process that works on the session is gone.")
    this.isRefused = code === "ECONNREFUSED" || code === "ENOENT"
  }
}

export interface Asking {
  /** Rejects with the other's fault, or with `PeerGone`. */
  result: Promise<unknown>
  close(): void
}

export interface AskOptions {
  onNote?(note: unknown): void
  onEvent?(event: PeerEvent): void
  /** After the first line of the answer the connection does not keep this process alive. */
  isBackground?: boolean
}

/** Asks the process that listens at `address`. Waits as long as that process lives: a turn may take hours. */
export function ask(address: string, question: Question, options: AskOptions = {}): Asking {
  const socket: Socket = connect(address)
  if (options.isBackground) socket.once("data", () => socket.unref())
  const result = new Promise<unknown>((resolve, reject) => {
    let code: string | undefined
    // Whatever the error was, `close` follows.
    socket.on("error", (error: NodeJS.ErrnoException) => (code = error.code))
    socket.once("close", () => reject(new PeerGone(code)))
    readLines(socket, (value) => {
      const line = value as AnswerLine
      if ("note" in line) options.onNote?.(line.note)
      else if ("event" in line) options.onEvent?.(line.event)
      else {
        if ("result" in line) resolve(line.result)
        else reject(faultOf(line.fault))
        socket.destroy()
      }
    })
  })
  sendLine(socket, question)
  return { result, close: () => void socket.destroy() }
}
