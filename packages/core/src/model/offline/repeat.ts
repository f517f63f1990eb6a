import type { Call } from "./plan.ts"

/**
 * The same call over and over in a turn is taken for a model that goes in circles, and a person is asked. Requests that
 * follow one another may well need the same look at a folder that has changed in between; that they end is sure here. So
 * a call that was made before is written in another way that means the same.
 */
export function createRepeats(directory: string | undefined): { next(calls: readonly Call[]): Call[] } {
  const counts = new Map<string, number>()
  return {
    next: (calls) =>
      calls.map((call) => {
        const key = JSON.stringify([call.tool, call.input])
        const before = counts.get(key) ?? 0
        counts.set(key, before + 1)
        return before === 0 ? call : { ...call, input: rewritten(call, before, directory) }
      }),
  }
}

function rewritten({ tool, input }: Call, times: number, directory: string | undefined): Record<string, unknown> {
  const { filePath, path, pattern, command } = input
  const detour = (to: unknown) => (typeof to === "string" && to.startsWith("/") ? "/.".repeat(times) + to : to)
  if (tool === "read") return { ...input, filePath: detour(filePath) }
  if (tool === "glob" && (path ?? directory) !== undefined) return { ...input, path: detour(path ?? directory) }
  if (tool === "grep") return { ...input, pattern: `${"(?:".repeat(times)}${String(pattern)}${")".repeat(times)}` }
  if (tool === "bash") return { ...input, command: `${String(command)}${" ".repeat(times)}` }
  return input
}
