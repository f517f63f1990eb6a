import type { InstructionProblem } from "../config/instruction-list.ts"
import type { ConfigIssue } from "../config/issue.ts"
import type { ConfigSnapshot } from "../config/load.ts"
import type { SkillIssue } from "../extension/skill.ts"
import type { Settings } from "./generations.ts"
import type { OpenInstructions } from "./instructions.ts"
import type { Generation } from "./settings.ts"

export interface IssuesInput {
  settings: Pick<Settings, "fresh">
  instructionsOf(generation: Generation): Pick<OpenInstructions, "problems">
}

/**
 * Everything that somebody wrote for the agent and that was not taken as it was written: settings, and the texts that are
 * read beside them. Skills and instructions are read for it, which the settings alone do not need.
 */
export function openIssues({ settings, instructionsOf }: IssuesInput): () => Promise<ConfigIssue[]> {
  return async () => {
    const generation = await settings.fresh()
    const [skills, problems] = await Promise.all([generation.skills.list(), instructionsOf(generation).problems()])
    const told = problems.map((problem) => ofInstructions(problem, generation.config))
    return [...generation.config.issues, ...skills.issues.map(ofSkill), ...(await Promise.all(told))]
  }
}

const ofSkill = (issue: SkillIssue): ConfigIssue => ({ ...issue, kind: "skill", path: [] })

/** With the place of the element, which the last layer that has it is asked for. */
async function ofInstructions({ message, entry }: InstructionProblem, { said }: ConfigSnapshot): Promise<ConfigIssue> {
  const issue: ConfigIssue = { severity: "warning", kind: "instructions", message, path: [] }
  if (entry === undefined) return issue
  const from = said.findLast(({ wanted }) => wanted.instructions?.includes(entry))
  const path = ["instructions", String(from?.wanted.instructions?.indexOf(entry))]
  const [position] = (await from?.locate([path])) ?? []
  return { ...issue, path: path.slice(0, 1), ...(from?.file === undefined ? {} : { file: from.file }), ...position }
}
