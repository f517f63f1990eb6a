import { spawnOpencode } from "./start-server.ts"

export interface StartTuiOptions {
  project?: string
  model?: string
  session?: string
  agent?: string
  signal?: AbortSignal
  config?: object
}

const FLAGS = ["project", "model", "session", "agent"] as const

/** The terminal screen on the terminal of this process. */
export function startTui({ signal, config, ...options }: StartTuiOptions = {}): { close(): void } {
  const args = FLAGS.flatMap((name) => (options[name] ? [`--${name}=${options[name]}`] : []))
  const { child, end } = spawnOpencode(args, { config, signal, stdio: "inherit" })
  child.on("error", () => undefined)
  return { close: end }
}
