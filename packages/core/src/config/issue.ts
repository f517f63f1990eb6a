/** Something in the configuration that was not taken as it was written. Never fatal: the rest is in effect. */
export interface ConfigIssue {
  severity: "error" | "warning"
  kind:
    | "syntax"
    | "unreadable"
    | "unknown_key"
    | "moved"
    | "wrong_type"
    | "variable"
    | "held_back"
    | "agent"
    | "local_model"
    | "rule"
    | "reference"
    | "skill"
    | "instructions"
  /** One sentence for a person. Never holds a value that was written, which may be a secret. */
  message: string
  /** The member it is about, outermost key first. Empty for a whole file. */
  path: string[]
  file?: string
  /** Both count from 1. */
  line?: number
  column?: number
}

/** A member as people write it: `agent.build.model`. */
export const dotted = (path: readonly string[]): string => `\`${path.join(".")}\``
