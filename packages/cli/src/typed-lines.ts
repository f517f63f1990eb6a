import { createInterface } from "node:readline"
import { out, printable, promptStream } from "./out.ts"

/** What a person types, a line at a time. */
export interface TypedLines {
  /** Undefined at the end of input, and when `cancel` is called meanwhile. */
  ask(question: string): Promise<string | undefined>
  /** The question has no need of an answer any more. */
  cancel(): void
  close(): void
}

/** @param isTerminal a person at a keyboard, who can correct a line; else lines of a pipe, each an answer */
export function typedLines(isTerminal: boolean): TypedLines {
  return isTerminal ? linesOfTerminal() : linesOfPipe()
}

/** An editor for each line, and none between: then Ctrl-C is a signal again, and nothing that is typed is echoed. */
function linesOfTerminal(): TypedLines {
  let cancel = (): void => {}
  return {
    ask: (question) =>
      new Promise((resolve) => {
        const editor = createInterface({ input: process.stdin, output: promptStream(), historySize: 0 })
        let answer: string | undefined
        cancel = () => editor.close()
        editor.on("SIGINT", () => {
          process.emit("SIGINT")
          editor.close()
        })
        editor.on("close", () => {
          if (answer === undefined) out.draw(["\n"])
          process.stdin.pause()
          resolve(answer)
        })
        editor.question(printable(question), (line) => {
          answer = line
          editor.close()
        })
      }),
    cancel: () => cancel(),
    close: () => cancel(),
  }
}

function linesOfPipe(): TypedLines {
  const reader = createInterface({ input: process.stdin, terminal: false })
  const lines: string[] = []
  const state: { waiting?: ((line: string | undefined) => void) | undefined; isOver: boolean } = { isOver: false }
  const give = (line: string | undefined): void => {
    const { waiting } = state
    state.waiting = undefined
    waiting?.(line)
  }
  reader.on("line", (line) => (state.waiting ? give(line) : lines.push(line)))
  reader.on("close", () => {
    state.isOver = true
    give(undefined)
  })
  return {
    ask(question) {
      out.draw([question])
      const line = lines.shift()
      out.draw(["\n"]) // nobody has typed the end of the line
      if (line !== undefined || state.isOver) return Promise.resolve(line)
      return new Promise((resolve) => (state.waiting = resolve))
    },
    cancel: () => give(undefined),
    close: () => reader.close(),
  }
}
