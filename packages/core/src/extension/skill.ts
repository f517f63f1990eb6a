import type { Skill } from "@opencode/protocol/skill.ts"
import type { Layer } from "../config/layers.ts"

/** A skill as it was found, read and ready to be told of. */
export interface FoundSkill {
  name: string
  /** What the model chooses by; without it only people and rules know of the skill. */
  description?: string
  /** The file, or `<built-in>`. */
  location: string
  /** What the model reads when it loads the skill. */
  content: string
  /** Where the files are that it speaks of. Absent for what comes with the program. */
  folder?: string
  layer: Layer
}

/** Something about a skill that was not taken as it was written. Never fatal: the other skills are there. */
export interface SkillIssue {
  severity: "error" | "warning"
  /** One sentence for a person. */
  message: string
  file: string
  /** Counts from 1. */
  line?: number
}

export interface FoundSkills {
  /** In the order of their names, each once. */
  skills: FoundSkill[]
  issues: SkillIssue[]
}

/** A skill as clients get it. */
export const publicSkill = ({ name, description, location, content }: FoundSkill): Skill => ({
  name,
  ...(description === undefined ? {} : { description }),
  location,
  content,
})

export const BUILT_IN = "<built-in>"
