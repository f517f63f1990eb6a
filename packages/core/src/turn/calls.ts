import type { Call } from "./answer.ts"
import { inputOf, refuse, runCall, type CallSetting } from "./call.ts"

/** Pure calls of one answer that run side by side: reading is mostly waiting, but descriptors are not endless. */
const PARALLEL_CALLS = 8

/**
 * Runs the calls of one answer. Neighbours that may run at once do; any other call runs alone, after everything before
 * it. Parts keep the order in which the model made the calls.
 * @returns whether a person refused a call without a word, which ends the turn: what runs beside it comes to its end,
 * and nothing more is started
 */
export async function runCalls(calls: Call[], setting: CallSetting): Promise<{ rejected: boolean }> {
  const state = { rejected: false }
  const names = calls.map(({ part }) => part.tool) // as the model wrote them
  for (const { group, atOnce } of groups(calls, setting)) {
    const waiting = [...group]
    const lane = async (): Promise<void> => {
      for (let call = waiting.shift(); call && !state.rejected; call = waiting.shift())
        if ((await runCall(call, setting)) === "rejected" && !setting.deps.config.continueOnDeny) state.rejected = true
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, group.length) }, lane))
    if (state.rejected) break
  }
  if (state.rejected) refuseRest(calls, setting)
  remember(calls, names, setting)
  return state
}

interface Group {
  /** Calls that may run at once: those without effect together, and those of one tool that says so. */
  group: Call[]
  atOnce: number
}

function groups(calls: Call[], { deps }: CallSetting): Group[] {
  const grouped: (Group & { kind: string | undefined })[] = []
  for (const call of calls) {
    const { name, effect = "pure", atOnce } = deps.registry.get(call.part.tool) ?? {}
    const kind = atOnce === undefined ? (effect === "pure" ? "pure" : undefined) : name
    const last = grouped.at(-1)
    if (kind !== undefined && last?.kind === kind) last.group.push(call)
    else grouped.push({ kind, group: [call], atOnce: atOnce ?? PARALLEL_CALLS })
  }
  return grouped
}

/** What came after a rejected call never started. */
function refuseRest(calls: Call[], setting: CallSetting): void {
  const waiting = calls.filter((call) => call.part.state.status === "pending")
  for (const call of waiting) refuse(call, "Not run: the call before it was rejected.", setting)
}

/** In the order of the calls, whichever came to its end first: what goes in circles does so in the same order. */
function remember(calls: Call[], names: string[], { turn }: CallSetting): void {
  for (const [index, call] of calls.entries()) {
    const { state } = call.part
    const result = state.status === "completed" ? state.output : state.status === "error" ? state.error : ""
    turn.repetition.ended(names[index] ?? "", inputOf(call) ?? call.raw, result)
  }
}
