import type { Config } from "@opencode/protocol/config.ts"

/** What commands may do, from the loosest to the strictest. */
export const SANDBOX_MODES = ["off", "workspace", "read-only"] as const
export type SandboxMode = (typeof SANDBOX_MODES)[number]

export interface SandboxSetting {
  mode: SandboxMode
  /** Without a sandbox it is there; in one only where it was asked for. */
  network: boolean
}

/** What stands where something else was written than can be read: whoever wrote it wanted a sandbox. */
export const STRICTEST_SANDBOX = "read-only" satisfies SandboxMode

export function sandboxSetting(value: Config["sandbox"]): SandboxSetting {
  // Whoever writes more than one word of it wants one.
  const { mode = "workspace", network } = typeof value === "object" ? value : { mode: value ?? "off" }
  return { mode, network: mode === "off" || network === true }
}

/** Whether everything that `wanted` lets through is let through already. */
export function isAsStrict(wanted: Config["sandbox"], below: Config["sandbox"]): boolean {
  const [above, now] = [sandboxSetting(wanted), sandboxSetting(below)]
  return SANDBOX_MODES.indexOf(above.mode) >= SANDBOX_MODES.indexOf(now.mode) && (now.network || !above.network)
}
