import type { Command } from "@opencode/protocol/command.ts"
import type { ConfigSnapshot } from "../config/load.ts"
import type { KnownSkill, Skills } from "../extension/skills.ts"
import { placeOf } from "../tool/skill.ts"
import { INIT } from "./init.prompt.ts"
import { REVIEW } from "./review.prompt.ts"

/** A command as it was defined, and what running it may do besides sending its text. */
export interface CommandDefinition extends Omit<Command, "hints" | "template"> {
  variant?: string
  template(): Promise<string>
  /** It is not a template at all: it has a place for arguments, and nothing else in it is looked at. */
  isText?: boolean
  /** An untrusted repository wrote it: only its own files come along. */
  isForeign?: boolean
  /** Its author may not have anything run. */
  isHeld?: boolean
}

/** Where commands come from. Of two with one name, that of the earlier source counts. */
export interface CommandSource {
  /** To look at. */
  list(): Promise<CommandDefinition[]>
  /** To run one: what is known of the world when a session's turn begins. */
  load(): CommandDefinition[]
}

const BUILT_IN: readonly CommandDefinition[] = [
  {
    name: "init",
    description: "write or improve AGENTS.md",
    source: "command",
    template: async () => `${INIT}\n\n$ARGUMENTS`,
  },
  {
    name: "review",
    description: "review changes: uncommitted ones, or [commit|branch|pr]",
    source: "command",
    template: async () => REVIEW,
    // What it has to read is no part of the conversation; what it found is.
    subtask: true,
  },
]

export interface ConfiguredDeps {
  config(): Pick<ConfigSnapshot, "value" | "origin" | "trust">
  /** Everything that a project says counts as the user's own word. */
  isTrusted: boolean
}

/** What the settings define, over what comes with the program. */
export function configuredCommands({ config, isTrusted }: ConfiguredDeps): CommandSource {
  const load = (): CommandDefinition[] => {
    const { value, origin, trust } = config()
    const own = Object.entries(value.command ?? {}).map(([name, { template, ...command }]): CommandDefinition => {
      // Who wrote the text decides: another layer may have set the agent alone.
      const layer = origin(["command", name, "template"])?.layer ?? "project"
      const isForeign = layer === "project" && !isTrusted
      const isHeld = !trust.mayRunShell(name)
      return { name, source: "command", ...command, template: async () => template, isForeign, isHeld }
    })
    const names = new Set(own.map(({ name }) => name))
    return [...BUILT_IN.filter(({ name }) => !names.has(name)), ...own]
  }
  return { list: async () => load(), load }
}

/** Each skill can be called by a person, whether a model may load it or not. */
export function skillCommands(skills: () => Pick<Skills, "list" | "known" | "text">): CommandSource {
  const commandOf = ({ name, description, folder }: KnownSkill): CommandDefinition => ({
    name,
    ...(description === undefined ? {} : { description }),
    source: "skill",
    isText: true,
    async template() {
      const content = (await skills().text(name)) ?? ""
      return folder === undefined ? content : `${content.trimEnd()}\n\n${placeOf(folder)}`
    },
  })
  return {
    list: async () => (await skills().list()).skills.map(commandOf),
    load: () => skills().known().map(commandOf),
  }
}
