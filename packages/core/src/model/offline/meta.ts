import { phrases } from "./phrase.ts"
import type { Recogniser } from "./intent.ts"

// What people say about requests, instead of making one: undo, plan it, what would you do.

const undone = phrases(
  "(undo|revert|roll back|rollback|take back|reverse) [it|that|this|everything|all|your|the|my|last|latest|previous|recent|these|those]* [(changes?|edits?|steps?|actions?|requests?|work)] [of yours|you made|you did|back]",
  "(undo|revert|take|roll) (it|that|this|everything) [back]",
  "[how] (can|do|could|would) (i|we|you) (undo|revert|take back|roll back) [it|that|this|the|your|last]* [changes?|edits?]",
  "how (to|do i) (undo|revert) [it|that|this|the|your|last]* [changes?|edits?]",
  "is there [an] undo",
)

export const undo: Recogniser = (text) => (undone(text) ? { type: "undo" } : undefined)

const EXPLAIN =
  /^(?:please\s+)?(?:what\s+(?:would|will|do)\s+you\s+do\s+(?:if\s+i\s+(?:asked\s+you\s+to|say|said|tell\s+you\s+to)|to|for|on|with)|what\s+(?:would|will)\s+happen\s+if\s+(?:you|i\s+asked\s+you\s+to|i\s+say)|how\s+(?:would|will)\s+you|(?:do\s+a\s+)?dry[\s-]?run(?:\s+(?:of|for))?:?|preview:?|simulate:?|(?:explain|tell\s+me|describe|show\s+me)\s+(?:to\s+me\s+)?(?:what|how)\s+you\s+(?:would|will)(?:\s+do)?(?:\s+to)?:?|what\s+are\s+the\s+steps\s+to|without\s+doing\s+(?:it|anything),?|only\s+pretend\s+to|pretend\s+to)\s+(?=\S)/i
const EXPLAIN_END =
  /[\s,(;.]+(?:as\s+a\s+)?(?:dry[\s-]?run(?:\s+only)?|but\s+(?:do\s+not|don't)\s+(?:do|run|execute)\s+(?:it|anything)(?:\s+yet)?|without\s+doing\s+(?:it|anything))\)?[.!?\s]*$/i

/** The request that is only to be explained. */
export function explained(text: string): string | undefined {
  if (!/would|will|dry|preview|simulat|pretend|steps|without|don't|do not/i.test(text)) return undefined
  const bare = text.trim()
  const rest = bare.replace(EXPLAIN, "")
  if (rest !== bare) return rest.replace(/[?\s]+$/, "").replace(/^["']|["']$/g, "")
  const short = bare.replace(EXPLAIN_END, "")
  return short !== bare && short ? short : undefined
}

const LIST = "(?:plan|todo(?:s|\\s+list)?|to-do(?:s|\\s+list)?|task\\s+list|checklist)"
const plan = () =>
  new RegExp(
    `^(?:please\\s+)?(?:(?:can|could)\\s+you\\s+)?(?:` +
      `(?:my\\s+|the\\s+)?${LIST}\\s*:|plan\\s+(?:how\\s+)?to(?=\\s)|plan\\s+the\\s+(?:following|work)\\s*:?|` +
      `(?:make|write|create|draw\\s+up|give|start|show)\\s+(?:me\\s+)?(?:a|the|my|another)\\s+(?:new\\s+)?${LIST}(?:\\s+(?:to|for|of|with|from|saying))?(?:\\s+(?:the\\s+following|this|these))?\\s*:?` +
      `)\\s*(?=\\S)`,
    "i",
  )

/** What a list of things to do is asked for. */
export function planned(text: string): string | undefined {
  if (!/plan|to-?do|list:|tasks? list|checklist/i.test(text)) return undefined
  const bare = text.trim()
  const rest = bare.replace(plan(), "")
  // "create a plan.md with x" makes a file.
  return rest === bare || /^[.]/.test(rest) ? undefined : rest
}
