import { isFault } from "@opencode/core/lib/fault.ts"
import type { Log } from "@opencode/core/lib/log.ts"
import type { PtyAttachment, PtyReader } from "@opencode/core/process/ptys.ts"
import type { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { WebSocket, WebSocketServer } from "ws"
import { incomingOf } from "./node.ts"
import type { Attach, Upgrade } from "./upgrade.ts"

/** A terminal on a websocket: text is what it shows and what is typed; see `routes/pty.ts`. */

/** A long text that is pasted; clients send what is typed key by key. */
const MAX_TYPED_BYTES = 1024 * 1024
/** From here on the program has to wait for a reader that is slower than it. */
const MUCH_BYTES = 256 * 1024
/** A reader that takes nothing for this long is gone, or asleep: others wait for it. It may come back with a cursor. */
const PATIENCE_MS = 10_000
/** Pieces of what was shown before, so that a small client has something to show soon. */
const PIECE_LENGTH = 64 * 1024
/** A connection whose other end vanished is noticed after this, and a few tries. */
const KEEP_ALIVE_MS = 60_000

/** Codes of RFC 6455. */
const NORMAL = 1000
const TOO_MUCH = 1008
const TRY_AGAIN = 1013

export function serveUpgrade(
  upgrade: Upgrade,
  log: Log,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  let sockets: WebSocketServer | undefined
  return (request, socket, head) => {
    // A client that goes away in the middle of it is no event.
    socket.on("error", () => socket.destroy())
    void admit().catch((error: unknown) => {
      log.error("websocket broke off", { error })
      socket.destroy()
    })

    async function admit(): Promise<void> {
      const admission = await upgrade(incomingOf(request, socket))
      if ("refusal" in admission) return refuse(socket, admission.refusal)
      const { WebSocketServer } = await import("ws")
      sockets ??= new WebSocketServer({ noServer: true, maxPayload: MAX_TYPED_BYTES, perMessageDeflate: false })
      if (socket instanceof Socket) socket.setKeepAlive(true, KEEP_ALIVE_MS)
      sockets.handleUpgrade(request, socket, head, (open) => converse(open, admission.attach))
    }
  }
}

function refuse(socket: Duplex, { status, body }: { status: number; body: object }): void {
  const text = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${status} Refused`,
    "content-type: application/json",
    "x-content-type-options: nosniff",
    `content-length: ${Buffer.byteLength(text)}`,
    "connection: close",
  ]
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`)
}

function converse(socket: WebSocket, attach: Attach): void {
  let attachment: PtyAttachment | undefined
  let patience: NodeJS.Timeout | undefined

  function send(data: string | Buffer): void {
    socket.send(data, sent)
    if (socket.bufferedAmount <= MUCH_BYTES || patience) return
    patience = setTimeout(() => socket.terminate(), PATIENCE_MS)
    attachment?.hold()
  }
  function sent(): void {
    if (!patience) return
    // It takes something: it is slow, and not gone.
    if (socket.bufferedAmount > MUCH_BYTES) return void patience.refresh()
    clearTimeout(patience)
    patience = undefined
    attachment?.release()
  }

  const reader: PtyReader = {
    text(text) {
      for (const piece of pieces(text)) send(piece)
    },
    cursor: (cursor) => send(Buffer.from(`\0${JSON.stringify({ cursor })}`)),
    end: () => socket.close(NORMAL),
  }
  socket.on("error", () => socket.terminate())
  socket.on("close", () => {
    clearTimeout(patience)
    attachment?.leave()
  })
  try {
    attachment = attach(reader, () => socket.terminate())
  } catch (error) {
    return socket.close(TRY_AGAIN, isFault(error) ? error.message : "")
  }
  if (patience) attachment.hold()
  socket.on("message", (data) => {
    const isRead = attachment?.write(textOf(data)) ?? false
    if (!isRead) socket.close(TOO_MUCH, "The program does not read what is typed.")
  })
}

function* pieces(text: string): Iterable<string> {
  for (let at = 0; at < text.length;) {
    // A character of two halves goes whole.
    const end = at + PIECE_LENGTH
    const isHalf = end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))
    yield text.slice(at, (at = isHalf ? end - 1 : end))
  }
}

const textOf = (data: Buffer | ArrayBuffer | Buffer[]): string =>
  (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)).toString("utf8")
