import { basename, dirname } from "node:path"
import { parseFrontmatter } from "../config/frontmatter.ts"
import { isObject } from "../config/json.ts"
import type { Layer } from "../config/layers.ts"
import type { FoundSkill, SkillIssue } from "./skill.ts"

/** By the specification of skills, as other programs read them too. Who breaks it is told, and the skill is taken. */
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/
const MAX_NAME = 64
/** The answer "always" to a skill of the name `*` would be one to all. */
const UNUSABLE = /[*?\p{Cc}]/u
/** It is told with every request. */
const LONGEST_NAME = 256
const MAX_DESCRIPTION = 1_024

export interface SkillText {
  text: string
  file: string
  layer: Layer
}

/** A `SKILL.md` as a skill. One without a name, or with settings that cannot be read, is none. */
export async function readSkill({ text, file, layer }: SkillText): Promise<{
  skill?: FoundSkill
  issues: SkillIssue[]
}> {
  const parsed = await parseFrontmatter(text)
  const leftOut = (why: string, line?: number) => ({
    issues: [
      { severity: "error" as const, message: `The skill is left out: ${why}.`, file, ...(line ? { line } : {}) },
    ],
  })
  if ("problem" in parsed) return leftOut(parsed.problem, parsed.position.line)
  const { data, rest, locate } = parsed
  if (!isObject(data)) return leftOut("its settings are no map of names to values", FIRST_SETTING)
  const { name, description } = data
  const lineOf = async (key: string) => (await locate([[key]]))[0]?.line
  if (typeof name !== "string" || !name.trim())
    return leftOut("it has no `name`, which has to be text", (await lineOf("name")) ?? 1)
  if (UNUSABLE.test(name) || name.length > LONGEST_NAME)
    return leftOut("its `name` is too long, or has characters that rules read as wildcards", await lineOf("name"))
  if (description !== undefined && typeof description !== "string")
    return leftOut("its `description` has to be text", await lineOf("description"))

  const issues: SkillIssue[] = []
  const folder = dirname(file)
  const odd = async (key: string, message: string) => {
    const line = await lineOf(key)
    issues.push({ severity: "warning", message, file, ...(line ? { line } : {}) })
  }
  const wrongName = problemOfName(name, basename(folder))
  if (wrongName) await odd("name", wrongName)
  const wrongDescription = problemOfDescription(description)
  if (wrongDescription) await odd("description", wrongDescription)
  const skill: FoundSkill = { name, location: file, content: rest, folder, layer }
  return { skill: description?.trim() ? { ...skill, description } : skill, issues }
}

/** The `---` above them is the first line. */
const FIRST_SETTING = 2

function problemOfName(name: string, folder: string): string | undefined {
  if (!NAME.test(name) || name.length > MAX_NAME)
    return `The name ${JSON.stringify(name)} should be lower-case words joined by "-", ${MAX_NAME} characters at most: other programs refuse it.`
  return name === folder ? undefined : `The name "${name}" should be that of its folder, "${folder}".`
}

function problemOfDescription(description: string | undefined): string | undefined {
  if (!description?.trim()) return "Without a `description` no model is told of it."
  if (description.length <= MAX_DESCRIPTION) return undefined
  return `The description has ${description.length} characters; models are shown the first ${MAX_DESCRIPTION}.`
}
