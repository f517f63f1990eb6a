import type { StartTuiOptions } from "./options.ts"
import { spawnOpencode } from "./start-server.ts"

const FLAGS = ["project", "model", "session", "agent"] as const

/** The terminal screen on the terminal of this process. */
export function startTui({ signal, config, ...options }: StartTuiOptions<object> = {}): { close(): void } {
  const args = FLAGS.flatMap((name) => (options[name] ? [`--${name}=${options[name]}`] : []))
  const { child, end } = spawnOpencode(args, { config, signal, stdio: "inherit" })
  child.on("error", () => undefined)
  return { close: end }
}
