import type { Config } from "./gen/types.gen.ts"
import type { StartOptions, StartTuiOptions } from "../process/options.ts"
import { startServer } from "../process/start-server.ts"
import { startTui } from "../process/start-tui.ts"

export type ServerOptions = StartOptions<Config>
export type TuiOptions = StartTuiOptions<Config>

/** Starts `opencode serve` from the PATH; resolves when it listens, and fails with what it said. */
export async function createOpencodeServer(options?: ServerOptions): Promise<{ url: string; close(): void }> {
  return startServer(options)
}

/** Starts the terminal screen of `opencode` from the PATH on this terminal. */
export function createOpencodeTui(options?: TuiOptions): { close(): void } {
  return startTui(options)
}
