import { plainDisplay, type Display } from "../display.ts"
import { isTerminal } from "../out.ts"
import { jsonView, linesView } from "./run-json.ts"
import type { RunOptions } from "./run.ts"
import type { Totals } from "./run-totals.ts"
import { defaultView, type RunView } from "./run-view.ts"

type Shown = Pick<RunOptions, "format" | "thinking" | "outputSchema">

export async function viewFor(options: Shown, totals: Totals): Promise<RunView> {
  const { format, thinking = false, outputSchema } = options
  const how = { thinking, wantsObject: outputSchema !== undefined, totals }
  if (format === "json") return jsonView(how)
  if (format === "jsonl") return linesView(how)
  return defaultView(await displayOfPerson(), how)
}

export async function displayOfPerson(): Promise<Display> {
  if (!isTerminal()) return plainDisplay()
  const { terminalDisplay, terminalOptions } = await import("../terminal-display.ts")
  return terminalDisplay(terminalOptions(process.env))
}
