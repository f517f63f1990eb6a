import { heardWithin } from "./silence.ts"

// Server-sent events as the standard of HTML has them, from the bytes of an answer.

export interface ReceivedEvent {
  data?: string
  name?: string
  id?: string
  retry?: number
}

/**
 * Ends when the answer ends or `signal` aborts, throws when the connection breaks or nothing comes for `maxSilence`
 * milliseconds, and closes it when it is left.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  maxSilence: number,
): AsyncGenerator<ReceivedEvent> {
  const reader = body.getReader()
  const stop = () => void reader.cancel().catch(() => undefined)
  signal.addEventListener("abort", stop, { once: true })
  const decoder = new TextDecoder()
  const lines = new Lines()
  let block: string[] = []
  try {
    while (!signal.aborted) {
      const { done, value } = await heardWithin(reader.read(), maxSilence)
      if (done) return
      for (const line of lines.cut(decoder.decode(value, { stream: true }))) {
        if (line !== "") {
          block.push(line)
          continue
        }
        if (block.length > 0) yield eventOf(block)
        block = []
      }
    }
  } finally {
    signal.removeEventListener("abort", stop)
    stop()
  }
}

/** Cuts text that arrives in pieces into lines, which end with a line feed, a carriage return, or both. */
class Lines {
  /** The beginning of a line whose end has not come yet, in pieces, so that a long one is not copied for each. */
  private open: string[] = []
  private skipLineFeed = false

  cut(piece: string): string[] {
    if (piece === "") return []
    const whole: string[] = []
    const text = this.skipLineFeed && piece.startsWith("\n") ? piece.slice(1) : piece
    this.skipLineFeed = text.endsWith("\r")
    let start = 0
    for (const { index, 0: end } of text.matchAll(/\r\n?|\n/g)) {
      whole.push(this.take(text.slice(start, index)))
      start = index + end.length
    }
    if (start < text.length) this.open.push(text.slice(start))
    return whole
  }

  private take(rest: string): string {
    const line = this.open.length > 0 ? this.open.join("") + rest : rest
    this.open = []
    return line
  }
}

function eventOf(lines: string[]): ReceivedEvent {
  const event: ReceivedEvent = {}
  const data: string[] = []
  for (const line of lines) {
    const [field, value] = fieldOf(line)
    if (field === "data") data.push(value)
    else if (field === "event") event.name = value
    // A number of nothing but digits; anything else is no delay.
    else if (field === "retry" && /^\d+$/.test(value)) event.retry = Number(value)
    else if (field === "id" && !value.includes("\0")) event.id = value
  }
  if (data.length > 0) event.data = data.join("\n")
  return event
}

function fieldOf(line: string): [field: string, value: string] {
  const colon = line.indexOf(":")
  if (colon === -1) return [line, ""]
  const value = line.slice(colon + 1)
  return [line.slice(0, colon), value.startsWith(" ") ? value.slice(1) : value]
}
