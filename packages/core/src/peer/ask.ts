import { connect, type Socket } from "node:net"
import { faultOf, readLines, sendLine, type AnswerLine, type PeerEvent, type Question } from "./wire.ts"

/** The other process went away, or was never there: whether it did what was asked is not known from this. */
export class PeerGone extends Error {
  override readonly name = "PeerGone"
  /** Nobody listens at the address, and nobody will again. */
  readonly isRefused: boolean
  /** It is there and says nothing, as a suspended process does. It may still do what was asked. */
  readonly isSilent: boolean

  constructor(code: string | undefined) {
    super("The process that works on the session is gone.")
    this.isRefused = code === "ECONNREFUSED" || code === "ENOENT"
    this.isSilent = code === "SILENT"
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
  /** Milliseconds until the first line of the answer: without it the result rejects with a `PeerGone` that is silent. */
  deadlineMs?: number
}

/** Asks the process that listens at `address`. For what follows the first line it waits as long as that one lives. */
export function ask(address: string, question: Question, options: AskOptions = {}): Asking {
  const socket: Socket = connect(address)
  if (options.isBackground) socket.once("data", () => socket.unref())
  const result = new Promise<unknown>((resolve, reject) => {
    let code: string | undefined
    // Whatever the error was, `close` follows.
    socket.on("error", (error: NodeJS.ErrnoException) => (code = error.code))
    socket.once("close", () => reject(new PeerGone(code)))
    if (options.deadlineMs !== undefined) {
      const timer = setTimeout(() => {
        reject(new PeerGone("SILENT"))
        socket.destroy()
      }, options.deadlineMs)
      for (const end of ["data", "close"]) socket.once(end, () => clearTimeout(timer))
    }
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
