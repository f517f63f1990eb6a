import { ToolFailure } from "../lib/fault.ts"
import type { FileRef } from "../workspace/paths.ts"
import { asksForFiles } from "./file-asks.ts"
import type { Prepared } from "./tool.ts"

/**
 * Why a change cannot be made is said in words that show what is there: near names, the closest lines. It is told to
 * whoever may read these files, so that asks first, and `run` fails with it.
 */
export async function tellAfterAsking<Plan>(
  files: FileRef[],
  prepare: () => Promise<Prepared<Plan>>,
): Promise<Prepared<Plan | ToolFailure>> {
  try {
    return await prepare()
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error
    const filepath = files.map((file) => file.absolute).join(", ")
    return { asks: asksForFiles("read", files, { filepath }), plan: error, onlyReads: true }
  }
}

/** For `run`. @throws why there is nothing to be done */
export function requirePlan<Plan>(plan: Plan | ToolFailure): Plan {
  if (plan instanceof ToolFailure) throw plan
  return plan
}
