import { allTokens } from "@opencode/protocol/tokens.ts"
import { structuredDiff, type DiffLine } from "./diff-lines.ts"
import { callWords, type Display } from "./display.ts"
import { columns, out, printable, type Piece } from "./out.ts"
import { fitted } from "./text-width.ts"

/**
 * A run on a terminal: finished things as lines that stay, and below them one line that says what happens now. The line
 * is taken away before anything else is written. Text of models and tools never holds a mark: `out.draw` sees to it.
 */
export interface TerminalOptions {
  hasColor: boolean
  /** A line that changes. Without it things are only told when they are over: for logs and for screen readers. */
  hasStatus: boolean
}

/** `CI` and screen readers get no line that changes; `NO_COLOR` no colours (no-color.org). */
export function terminalOptions(env: Record<string, string | undefined>): TerminalOptions {
  const isDumb = env.TERM === "dumb" || Boolean(env.ACCESSIBLE)
  return {
    hasColor: !env.NO_COLOR && !isDumb,
    hasStatus: !isDumb && (!env.CI || env.CI === "false"),
  }
}

/** Two pictures a second: enough to be alive, and not to draw the eye. */
const TICK_MS = 500
const PICTURES = ["·", "•"]
/** More of one change is to be looked at elsewhere. */
const MAX_DIFF_LINES = 40
/** Narrower, a bar says nothing. */
const BAR_FROM_COLUMNS = 60
const BAR_CELLS = 10

export function terminalDisplay({ hasColor, hasStatus }: TerminalOptions): Display {
  const state = { status: "", since: 0, done: 0, all: 0, isShown: false, picture: 0 }
  let timer: NodeJS.Timeout | undefined

  const marked = (mark: "dim" | "red" | "green" | "bold", text: string): Piece[] =>
    hasColor ? [{ mark }, text, { mark: "plain" }] : [text]

  function clear(): void {
    if (state.isShown) out.draw([{ mark: "again" }])
    state.isShown = false
  }

  function draw(): void {
    if (!hasStatus || !state.status) return
    const seconds = Math.round((performance.now() - state.since) / 1_000)
    const picture = PICTURES[state.picture % PICTURES.length] ?? ""
    const end = [duration(seconds), bar()]
      .filter(Boolean)
      .map((text) => ` · ${text}`)
      .join("")
    // One column stays free: at the last one some terminals begin the next line.
    const room = columns() - picture.length - end.length - 2
    out.draw([{ mark: "again" }, ...marked("dim", `${picture} ${fitting(state.status, Math.max(1, room))}${end}`)])
    state.isShown = true
  }

  function bar(): string {
    const { done, all } = state
    if (all === 0) return ""
    const cells = Math.round((done / all) * BAR_CELLS)
    const picture = columns() < BAR_FROM_COLUMNS ? "" : `[${"#".repeat(cells)}${"-".repeat(BAR_CELLS - cells)}] `
    return `${picture}${done}/${all}`
  }

  function above(write: () => void): void {
    clear()
    write()
    draw()
  }

  const line = (pieces: Piece[]): void => above(() => out.draw([...pieces, "\n"]))

  function diff(patch: string): void {
    const { lines, more } = structuredDiff(patch, MAX_DIFF_LINES)
    for (const one of lines) out.draw([...diffLine(one), "\n"])
    if (more > 0) out.draw([...marked("dim", `  … ${more} more lines`), "\n"])
  }

  function diffLine({ kind, text }: DiffLine): Piece[] {
    const line = `  ${clipped(text, columns() - 3)}`
    if (kind === "added") return marked("green", line)
    if (kind === "removed") return marked("red", line)
    return marked("dim", line)
  }

  function rest(): void {
    clear()
    clearInterval(timer)
    timer = undefined
    state.status = ""
  }

  return {
    answer: (text) => above(() => out.line(text)),
    note: (text) => line(text.startsWith("> ") ? marked("dim", text) : [text]),
    failure: (text) => line(marked("red", text)),
    thought: (text) => line(marked("dim", `Thinking: ${text}`)),
    call(part) {
      const { sign, text } = callWords(part)
      const words = hasStatus ? sign : sign === "✓" ? "done:" : "failed:"
      above(() => {
        out.draw([
          ...marked(sign === "✓" ? "green" : "red", words),
          ` ${fitting(text, columns() - words.length - 2)}\n`,
        ])
        const patch = part.state.status === "completed" ? part.state.metadata.diff : undefined
        if (typeof patch === "string") diff(patch)
      })
    },
    status(text) {
      if (text !== state.status) state.since = performance.now()
      state.status = text
      if (!hasStatus) return
      timer ??= setInterval(() => {
        state.picture++
        draw()
      }, TICK_MS).unref()
      draw()
    },
    tasks: (done, all) => void Object.assign(state, { done, all }),
    end(totals) {
      rest()
      if (!totals.steps) return
      const { steps, tokens, cost, durationMs } = totals
      const words = [
        `${steps} ${steps === 1 ? "step" : "steps"}`,
        duration(Math.round(durationMs / 1_000)),
        `${allTokens(tokens).toLocaleString("en-US")} tokens`,
        ...(cost > 0 ? [`$${cost.toFixed(4)}`] : []),
      ]
      line(marked("dim", fitted(words.join(" · "), columns() - 1)))
    },
    rest,
  }
}

/** Measured as it will be seen: control characters take the room of their names. */
const fitting = (text: string, room: number): string => fitted(printable(text), room)

/** The beginning of a line of code, whose blanks mean something. */
const clipped = (text: string, most: number): string => {
  const wide = text.replaceAll("\t", "  ")
  const indent = /^.? */.exec(wide)?.[0] ?? ""
  return indent.slice(0, most) + fitting(wide.slice(indent.length), Math.max(1, most - indent.length))
}

const duration = (seconds: number): string =>
  seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`
