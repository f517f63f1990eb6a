import type { PermissionReply, PermissionRequest } from "@opencode/protocol/permission.ts"
import type { QuestionRequest } from "@opencode/protocol/question.ts"
import { TRUST } from "@opencode/protocol/trust.ts"

/** Who answers what a turn asks: nobody, by a rule for that, or the person at the terminal. */
export interface Judge {
  permission(ask: PermissionRequest): Promise<Verdict>
  /** Undefined: dismissed. */
  question(ask: QuestionRequest): Promise<string[][] | undefined>
  /** What was refused only because nobody was there. */
  readonly refused: readonly string[]
}

export interface Verdict {
  reply: PermissionReply
  /** For the model. */
  message?: string
}

/** What `--auto` leaves to a person, or to a rule that names it: the files that decide what is run or allowed later. */
const NEEDS_A_PERSON = new Set(["control_file"])

/** A plan has to have been read, a definition that was held back to have been seen; control files decide of later. */
export const leftToPerson = (permission: string): boolean =>
  permission === "plan_exit" || permission === TRUST || NEEDS_A_PERSON.has(permission)

const PLAN_STAYS = "Nobody is here to approve the plan. Put it into your answer."

/** Answers at once, and never in the place of a person who has to have seen something. */
export function absentJudge({ isAuto }: { isAuto: boolean }): Judge {
  const refused: string[] = []
  return {
    refused,
    async permission({ permission, patterns }) {
      // To approve a plan is to have read it, and no flag has.
      if (permission === "plan_exit") return { reply: "reject", message: PLAN_STAYS }
      // Nobody is here to be shown what it is; that it is held back was said at the start.
      if (permission === TRUST) return { reply: "reject" }
      if (isAuto && !leftToPerson(permission)) return { reply: "once" }
      refused.push(`${permission} (${patterns.join(", ")})`)
      return { reply: "reject" }
    },
    async question() {
      // A session of somebody who could answer, which is gone on with here.
      refused.push("question (nobody is here to answer)")
      return undefined
    },
  }
}
