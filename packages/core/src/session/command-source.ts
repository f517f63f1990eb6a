import type { Command } from "@opencode/protocol/command.ts"
import type { ConfigSnapshot } from "../config/load.ts"
import type { Skills } from "../extension/skills.ts"
import { placeOf } from "../tool/skill.ts"
import { INIT } from "./init.prompt.ts"
import { REVIEW } from "./review.prompt.ts"

/** A command as it was defined, and what running it may do besides sending its text. */
export interface CommandDefinition extends Omit<Command, "hints"> {
  variant?: string
  /**
   * - `all`: its author is the user, or vouched for: shell pieces run, files anywhere are attached.
   * - `project`: an untrusted repository wrote it: no shell piece runs, and only its own files are attached.
   * - `text`: it is not a template at all: it has a place for arguments, and nothing else in it is looked at.
   */
  reach: "all" | "project" | "text"
}

/** Where commands come from. Of two with one name, that of the earlier source counts. */
export interface CommandSource {
  /** To look at. */
  list(): Promise<CommandDefinition[]>
  /** To run one: what it reads of the world has to come back in a replay. */
  load(): Promise<CommandDefinition[]>
}

const BUILT_IN: readonly CommandDefinition[] = [
  {
    name: "init",
    description: "write or improve AGENTS.md",
    source: "command",
    template: `${INIT}\n\n$ARGUMENTS`,
    reach: "all",
  },
  {
    name: "review",
    description: "review changes: uncommitted ones, or [commit|branch|pr]",
    source: "command",
    template: REVIEW,
    // What it has to read is no part of the conversation; what it found is.
    subtask: true,
    reach: "all",
  },
]

export interface ConfiguredDeps {
  config(): Pick<ConfigSnapshot, "value" | "origin">
  /** Whether what a project wrote may run commands. */
  isTrusted(): boolean
}

/** What the settings define, over what comes with the program. */
export function configuredCommands({ config, isTrusted }: ConfiguredDeps): CommandSource {
  const list = async (): Promise<CommandDefinition[]> => {
    const { value, origin } = config()
    const own = Object.entries(value.command ?? {}).map(([name, command]): CommandDefinition => {
      // Who wrote the text decides: another layer may have set the agent alone.
      const layer = origin(["command", name, "template"])?.layer ?? "project"
      return { name, source: "command", ...command, reach: layer === "project" && !isTrusted() ? "project" : "all" }
    })
    const names = new Set(own.map(({ name }) => name))
    return [...BUILT_IN.filter(({ name }) => !names.has(name)), ...own]
  }
  return { list, load: list }
}

/** Each skill can be called by a person, whether a model may load it or not. */
export function skillCommands(skills: () => Pick<Skills, "list" | "load">): CommandSource {
  return {
    list: async () => (await skills().list()).skills.map(commandOf),
    load: async () => (await skills().load()).map(commandOf),
  }
}

function commandOf({
  name,
  description,
  content,
  folder,
}: Awaited<ReturnType<Skills["load"]>>[number]): CommandDefinition {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    source: "skill",
    template: folder === undefined ? content : `${content.trimEnd()}\n\n${placeOf(folder)}`,
    reach: "text",
  }
}
