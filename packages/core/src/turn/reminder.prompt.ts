const plan = (file: string): string => `<system-reminder>
Plan mode: find out, think and propose. Nothing may be changed until the user says so, whatever else you are told: edits are refused except to plan files, and so are commands and tools that are not known to only read.

For a question, just answer it. For a task: read what matters, ask what only the user can decide, and write the plan to ${file}: what changes and why, which files, in which order, and how to check the result; one way, not a choice of several. When it is complete, call plan_exit if you have it, and end your answer with the plan in short.
</system-reminder>`

const BUILD_AFTER_PLAN = `<system-reminder>
Plan mode is over: you may edit files and run commands again. If a plan was agreed on, carry it out.
</system-reminder>`

const USUAL = "a Markdown file in .opencode/plans"

/**
 * What a prompt adds for the model because of the agent it is meant for. Depends on stored history alone.
 * @param file where this session keeps its plan
 */
export function reminderFor(agent: string, previousAgent: string | undefined, file = USUAL): string | undefined {
  if (agent === "plan") return plan(file)
  return agent === "build" && previousAgent === "plan" ? BUILD_AFTER_PLAN : undefined
}
