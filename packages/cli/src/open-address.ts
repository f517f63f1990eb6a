import { childEnvironment } from "@opencode/core/process/environment.ts"
import { startProcess } from "@opencode/core/process/spawn.ts"

/** What opens an address with the browser of whoever sits there. */
const OPENERS: Partial<Record<NodeJS.Platform, string[]>> = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }

/** Openers hand the address over and end; one that runs the browser itself may stay. */
const HANDED_OVER_MS = 3_000

/** @param address made by us: an opener would run what else is given to it. @returns why it could not be opened */
export async function openAddress(address: string): Promise<string | undefined> {
  const [file = "xdg-open", ...args] = OPENERS[process.platform] ?? ["xdg-open"]
  const opener = startProcess({
    file,
    args: [...args, address],
    cwd: "/",
    env: childEnvironment(process.env),
    background: true,
  })
  const patience = new AbortController()
  const stays = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, HANDED_OVER_MS)
    patience.signal.addEventListener("abort", () => clearTimeout(timer))
  })
  const exit = await Promise.race([opener.exited, stays])
  patience.abort()
  if (!exit || exit.code === 0) return undefined
  return exit.failure ?? `${file} ended with ${exit.code ?? exit.signal}.`
}
