import { readdir } from "node:fs/promises"
import { join } from "node:path"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import { z } from "zod"
import { toolFailure } from "../lib/fault.ts"
import { didYouMean } from "../lib/text.ts"
import { evaluate } from "../permission/rules.ts"
import { prose, skillList } from "./skill.prompt.ts"
import { defineTool, type Tool } from "./tool.ts"

/** A skill as the tool needs it. */
export interface OfferedSkill {
  name: string
  description?: string
  folder?: string
}

export interface SkillToolDeps {
  known(): readonly OfferedSkill[]
  /** Undefined for one that is gone. */
  text(name: string): Promise<string | undefined>
  /** The user's home folder, which rules may name as `~`. */
  home: string
}

export function skillTool({ known, text, home }: SkillToolDeps): Tool {
  /** Those that may be loaded, and say what they are for. */
  const told = (rules: PermissionRuleset, ceiling: PermissionRuleset): OfferedSkill[] =>
    known().filter(
      ({ name, description }) =>
        description !== undefined &&
        [rules, ceiling].every((some) => evaluate("skill", name, some, { home }).action !== "deny"),
    )
  return defineTool({
    name: "skill",
    prose,
    proseUnder: (rules, ceiling) => skillList(told(rules, ceiling)),
    isOfUse: (rules, ceiling) => told(rules, ceiling).length > 0,
    effect: "pure",
    permission: "skill",
    input: () => z.object({ name: z.string().min(1).describe("The skill, by its name.") }),

    async prepare({ name }) {
      const skill = known().find((one) => one.name === name)
      if (skill) return { asks: [{ permission: "skill", patterns: [name], always: [name], metadata: {} }], plan: skill }
      const names = known().map((one) => one.name)
      throw toolFailure(`There is no skill "${name}".${didYouMean(name, names) || ` There are: ${names.join(", ")}.`}`)
    },

    async run(_, skill) {
      const { name, folder } = skill
      const content = await text(name)
      if (content === undefined) throw toolFailure(`The skill "${name}" is no longer there.`)
      return {
        title: `Loaded skill: ${name}`,
        output: await shown(skill, content),
        metadata: { name, ...(folder === undefined ? {} : { dir: folder }), truncated: false },
      }
    },
  })
}

async function shown({ name, folder }: OfferedSkill, content: string): Promise<string> {
  const place = folder === undefined ? "" : `\n\n${placeOf(folder)}${await filesOf(folder)}`
  return `<skill_content name="${name}">\n# Skill: ${name}\n\n${content.trim()}${place}\n</skill_content>`
}

/** What a path in a skill means, wherever its text is shown. */
export const placeOf = (folder: string): string =>
  `Base directory for this skill: ${folder}\nPaths in it (scripts/, references/ and the like) are relative to that folder.`

/** Enough to see what there is; a skill says itself what to read. */
const MAX_FILES = 10
/** A folder with more in it is not read to its end for a list of ten. */
const MAX_ENTRIES = 200

async function filesOf(top: string): Promise<string> {
  const files: string[] = []
  const waiting = [top]
  let seen = 0
  for (let folder = waiting.shift(); folder !== undefined && seen < MAX_ENTRIES; folder = waiting.shift()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      seen++
      const path = join(folder, entry.name)
      if (entry.name.startsWith(".") || entry.name === "node_modules" || path === join(top, "SKILL.md")) continue
      if (entry.isDirectory()) waiting.push(path)
      else if (entry.isFile()) files.push(path)
    }
  }
  if (!files.length) return ""
  const more = files.length > MAX_FILES || waiting.length > 0 ? "There are more files than these.\n\n" : ""
  const shown = files.slice(0, MAX_FILES).map((file) => `<file>${file}</file>`)
  return `\n\n${more}<skill_files>\n${shown.join("\n")}\n</skill_files>`
}
