import type { Prepared, Tool } from "../tool/tool.ts"
import type { Boundary } from "./boundary.ts"
import type { Cursor } from "./cursor.ts"
import { isInner, toolEffect } from "./effects.ts"
import type { EntryOf, Recording } from "./entry.ts"
import { errorOf } from "./failure.ts"

export interface ReplayEffectsDeps {
  recording: Recording
  cursor: Cursor
  /** The program has left the recorded way for good. */
  lost(what: string): void
}

/** Effects come to what they came to; nothing is run, and nothing outside changes. */
export function replayEffects({ recording, cursor, lost }: ReplayEffectsDeps): Pick<Boundary, "effect" | "tools"> {
  const begun = numbersByName(recording)

  async function outcome(
    what: string,
    asked: (entry: EntryOf<"asks">) => Promise<void> = async () => {},
  ): Promise<unknown> {
    const n = begun.get(what)?.shift()
    if (n === undefined) {
      const missing = `The recording does not have this: ${what}.`
      if (recording.isWhole) lost(missing)
      else await cursor.take(BEYOND)
      throw new Error(missing)
    }
    cursor.did(`begin ${n}`)
    for (;;) {
      const entry = await cursor.take(`begin ${n}`)
      if (entry.k === "asks") await asked(entry)
      else if (entry.k === "outcome") {
        if (entry.failure) throw errorOf(entry.failure)
        return entry.value
      }
    }
  }

  const replayed = (tool: Tool): Tool => ({
    ...tool,
    async prepare(_, context) {
      const prepared = await outcome(toolEffect("prepare", tool, context))
      return { ...(prepared as Omit<Prepared<unknown>, "plan">), plan: undefined }
    },
    run: (_, _plan, context) =>
      outcome(toolEffect("run", tool, context), ({ asks }) => context.ask(asks)) as ReturnType<Tool["run"]>,
  })

  return {
    async effect<T>(what: string, _: unknown, before?: T) {
      if (before !== undefined && !begun.has(what)) return before
      return (await outcome(what)) as T
    },
    tools: (tools) => tools.map((tool) => (isInner(tool) ? tool : replayed(tool))),
  }
}

/** A recording that was cut off says nothing of what came next: who asks for it waits for the end of the replay. */
export const BEYOND = "what was cut off"

/** In order: a name comes again when a provider gives the id of a call twice. */
function numbersByName({ entries }: Recording): Map<string, number[]> {
  const begun = new Map<string, number[]>()
  for (const entry of entries) {
    if (entry.k === "begin") begun.set(entry.what, [...(begun.get(entry.what) ?? []), entry.n])
  }
  return begun
}
