import type { Config } from "./gen/types.gen.ts"
import { startServer } from "../process/start-server.ts"
import { startTui } from "../process/start-tui.ts"

export type ServerOptions = {
  /** Default: 127.0.0.1 */
  hostname?: string
  /** Default: 4096. 0 takes any port that is free. */
  port?: number
  /** Ends the server, also while it is started. */
  signal?: AbortSignal
  /** Milliseconds after which starting fails. Default: 5000. */
  timeout?: number
  /** Settings of this server alone, before those of files. */
  config?: Config
}

export type TuiOptions = {
  project?: string
  model?: string
  session?: string
  agent?: string
  signal?: AbortSignal
  config?: Config
}

/** Starts `opencode serve` from the PATH; resolves when it listens, and fails with what it said. */
export async function createOpencodeServer(options?: ServerOptions): Promise<{ url: string; close(): void }> {
  return startServer(options)
}

/** Starts the terminal screen of `opencode` from the PATH on this terminal. */
export function createOpencodeTui(options?: TuiOptions): { close(): void } {
  return startTui(options)
}
