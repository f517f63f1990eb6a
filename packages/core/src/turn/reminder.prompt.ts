const PLAN = `<system-reminder>
Plan mode: look, think and propose; change nothing. Edits are refused except to plan files, and commands that could write are refused too. End with a plan the user can approve.
</system-reminder>`

const BUILD_AFTER_PLAN = `<system-reminder>
Plan mode is over: you may edit files and run commands again. If a plan was agreed on, carry it out.
</system-reminder>`

/** What a prompt adds for the model because of the agent it is meant for. Depends on stored history alone. */
export function reminderFor(agent: string, previousAgent: string | undefined): string | undefined {
  if (agent === "plan") return PLAN
  return agent === "build" && previousAgent === "plan" ? BUILD_AFTER_PLAN : undefined
}
