export const prose = `Starts a subagent: another agent with a conversation of its own, which does one task and reports back. You get its last message and nothing else.

- For work that would fill this conversation with things you need not keep (searching widely, trying out), and for independent parts of a task: several calls in one answer run side by side. Not for reading a file you know or finding one name.
- It knows nothing of this conversation: say in \`prompt\` what to do, what it has to know, whether it may change files, and what exactly to report.
- The user does not see its report: tell them what matters. Check what it claims to have done.
- To go on with a subagent, for a question about its report or when it was cut short, give \`task_id\` as its result names it; it remembers everything.`

/** Each of them in one line: what it is for is all that the model can choose by. */
export function subagentList(agents: readonly { name: string; description?: string | undefined }[]): string {
  const lines = agents.map(({ name, description }) => `- ${name}: ${description ?? "(no description)"}`)
  return `\n\nThere are these subagents:\n${lines.join("\n") || "(none)"}`
}
