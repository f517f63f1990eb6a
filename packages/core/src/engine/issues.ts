import type { InstructionProblem } from "../config/instruction-list.ts"
import { parseJson } from "../config/document.ts"
import { valueAt } from "../config/json.ts"
import type { ConfigIssue } from "../config/issue.ts"
import type { ConfigSnapshot } from "../config/load.ts"
import { readSmallFile } from "../config/read.ts"
import type { SkillIssue } from "../extension/skill.ts"
import type { Settings } from "./generations.ts"
import type { OpenInstructions } from "./instructions.ts"
import type { Generation } from "./settings.ts"

export interface IssuesInput {
  settings: Pick<Settings, "fresh" | "issues" | "loaded">
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
    const told = problems.map((problem) => ofInstructions(problem, settings.loaded()))
    return [...settings.issues(), ...skills.issues.map(ofSkill), ...(await Promise.all(told))]
  }
}

const ofSkill = (issue: SkillIssue): ConfigIssue => ({ ...issue, kind: "skill", path: [] })

async function ofInstructions({ message, entry }: InstructionProblem, { said }: ConfigSnapshot): Promise<ConfigIssue> {
  const issue: ConfigIssue = { severity: "warning", kind: "instructions", message, path: [] }
  const from = entry === undefined ? undefined : said.findLast(({ value }) => value.instructions?.includes(entry))
  if (!from || entry === undefined) return issue
  const path = ["instructions"]
  if (from.file === undefined) return { ...issue, path }
  const [position] = await from.locate([[...path, ...(await indexIn(from.file, entry))]])
  return { ...issue, path, file: from.file, ...position }
}

/** Where the file has it: what was read has lost the elements that could not be used. */
async function indexIn(file: string, entry: string): Promise<string[]> {
  const read = await readSmallFile(file)
  const parsed = "text" in read ? await parseJson(read.text) : {}
  const written = "value" in parsed ? valueAt(parsed.value, ["instructions"]) : undefined
  const index = Array.isArray(written) ? written.indexOf(entry) : -1
  return index < 0 ? [] : [String(index)]
}
