import { ProviderFailure } from "../failure.ts"

/** One event may be this long: a whole file as one tool argument fits, an endless line does not. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024

export interface SseReader {
  push(bytes: Uint8Array): void
  /** A last event without its empty line is complete enough when its line ended. */
  end(): void
}

/**
 * Reads server-sent events and gives the data of each; names and ids are not used by the wires here. Pieces may split
 * characters, lines and line ends anywhere. Lines end with LF or CRLF.
 */
export function sseReader(onData: (data: string) => void): SseReader {
  const decoder = new TextDecoder()
  /** A line whose end has not come: joined once, because a long one in small pieces would be copied with each of them. */
  let rest: string[] = []
  let restLength = 0
  let data: string | undefined

  function take(text: string): void {
    const line = text.charCodeAt(text.length - 1) === CARRIAGE_RETURN ? text.slice(0, -1) : text
    if (line === "") {
      const complete = data
      data = undefined
      if (complete !== undefined) onData(complete)
    } else if (line.startsWith("data:")) {
      const value = line.slice(line.charCodeAt(5) === SPACE ? 6 : 5)
      data = data === undefined ? value : `${data}\n${value}`
    }
  }

  function takeRest(last: string): void {
    const line = rest.length ? rest.join("") + last : last
    rest = []
    restLength = 0
    take(line)
  }

  function lines(piece: string): void {
    let start = 0
    for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", start)) {
      takeRest(piece.slice(start, end))
      start = end + 1
    }
    if (start < piece.length) rest.push(piece.slice(start))
    restLength += piece.length - start
    if (restLength + (data?.length ?? 0) > MAX_EVENT_CHARACTERS)
      throw new ProviderFailure({
        kind: "protocol",
        message: "The answer has an event without end.",
        isRetryable: false,
      })
  }

  return {
    push: (bytes) => lines(decoder.decode(bytes, { stream: true })),
    end() {
      lines(decoder.decode())
      if (rest.length) takeRest("")
      take("")
    },
  }
}

const SPACE = 0x20
const CARRIAGE_RETURN = 0x0d
