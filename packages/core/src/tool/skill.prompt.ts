export const prose = `Loads a skill: instructions for one kind of task, with files that belong to them.

- When a task fits what a skill is for, load it before you begin, and follow what it says. Load each once.
- Paths in it are relative to its own folder, which the result names; read the files there when it sends you to them.`

/** Longer ones are cut: they are paid for in every request. */
const MAX_DESCRIPTION = 1_024

/** Each of them in one line: what it is for is all that the model can choose by. */
export function skillList(skills: readonly { name: string; description?: string }[]): string {
  const lines = skills.map(({ name, description = "" }) => `- ${oneLine(name)}: ${oneLine(description)}`)
  return `\n\nThere are these skills:\n${lines.join("\n") || "(none)"}`
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim().slice(0, MAX_DESCRIPTION)
