import type { Tool } from "../tool/tool.ts"
import type { Boundary } from "./boundary.ts"
import { isInner, toolEffect } from "./effects.ts"
import type { Happening } from "./entry.ts"
import { failureOf } from "./failure.ts"

export interface RecordEffectsDeps {
  write(happening: Happening): void
  next(): number
}

/** Runs effects, and notes when each began and what it came to. */
export function recordEffects({ write, next }: RecordEffectsDeps): Pick<Boundary, "effect" | "tools"> {
  async function noted<T>(what: string, run: (n: number) => Promise<T>, shown: (value: T) => unknown): Promise<T> {
    const n = next()
    write({ k: "begin", n, what })
    try {
      const value = await run(n)
      write({ k: "outcome", n, value: shown(value) })
      return value
    } catch (error) {
      write({ k: "outcome", n, failure: failureOf(error) })
      throw error
    }
  }

  const recorded = (tool: Tool): Tool => ({
    ...tool,
    // The plan is between the tool and itself; a replay runs neither of its halves.
    prepare: (input, context) =>
      noted(
        toolEffect("prepare", tool, context),
        () => tool.prepare(input, context),
        ({ plan: _, ...shown }) => shown,
      ),
    run: (input, plan, context) =>
      noted(
        toolEffect("run", tool, context),
        (n) => {
          const ask: typeof context.ask = (asks) => {
            write({ k: "asks", n, asks })
            return context.ask(asks)
          }
          return tool.run(input, plan, { ...context, ask })
        },
        (result) => result,
      ),
  })

  return {
    effect: (what, run) => noted(what, run, (value) => value),
    tools: (tools) => tools.map((tool) => (isInner(tool) ? tool : recorded(tool))),
  }
}
