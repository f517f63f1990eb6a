import { fault } from "../lib/fault.ts"
import { endSession } from "./end-session.ts"
import { createTyping } from "./typing.ts"

/** The only place that opens a pseudo terminal. The package for it is native, optional, and loaded with the first one. */

export interface TerminalOptions {
  file: string
  args: readonly string[]
  cwd: string
  env: Readonly<Record<string, string>>
  /** Called with each piece of output, of which the program may have been in the middle of a line. */
  data(text: string): void
}

export interface Terminal {
  pid: number
  /** Resolves when the program has ended, and all that it had written was told. */
  exited: Promise<number>
  /** @returns false when the program does not read, and what is typed would pile up */
  write(text: string): boolean
  resize(size: { rows: number; cols: number }): void
  /** While it is paused the program waits as soon as the kernel's buffer is full. */
  pause(): void
  resume(): void
  /** Ends all that runs in it. */
  end(): Promise<void>
}

/** What people expect before their client tells its size. */
const SIZE = { rows: 24, cols: 80 }
/** Shells tell an end by a signal like this. */
const SIGNALLED = 128

/** @throws fault `unavailable` where terminals cannot be had */
export async function openTerminal({ file, args, cwd, env, data }: TerminalOptions): Promise<Terminal> {
  const library = await import("@lydell/node-pty").catch(() => undefined)
  if (!library) {
    throw fault("unavailable", "Terminals need the package @lydell/node-pty, which is not installed for this system.")
  }
  const started = { name: env.TERM ?? "xterm-256color", cwd, env: { ...env }, ...SIZE }
  const pty = library.spawn(file, [...args], started)
  const typing = createTyping(...deviceOf(pty))
  // Without a second listener the library throws what goes wrong with the device where nobody can catch it.
  if ("on" in pty && typeof pty.on === "function") pty.on("error", () => undefined)

  let hasExited = false
  const exited = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      hasExited = true
      typing.close()
      resolve(signal ? SIGNALLED + signal : exitCode)
    })
  })
  pty.onData(data)
  return {
    pid: pty.pid,
    exited,
    write: (text) => hasExited || typing.write(text),
    resize({ rows, cols }) {
      if (!hasExited) pty.resize(cols, rows)
    },
    pause: () => pty.pause(),
    resume: () => pty.resume(),
    end: () => endSession(pty.pid, hasExited),
  }
}

/** The library does not show it in its types. */
function deviceOf(pty: object): [fd: number, isOpen: () => boolean] {
  const fd: unknown = Reflect.get(pty, "fd")
  const stream: unknown = Reflect.get(pty, "_socket")
  if (typeof fd !== "number" || typeof stream !== "object" || stream === null) {
    throw fault("unavailable", "Terminals are not supported on this system.")
  }
  return [fd, () => Reflect.get(stream, "destroyed") === false]
}
