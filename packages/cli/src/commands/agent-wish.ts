import { isatty } from "node:tty"
import type { Agent } from "@opencode/protocol/agent.ts"
import { CommandFailure } from "../fail.ts"
import type { Wish } from "./agent-create.ts"
import { PERMISSIONS, type Permission } from "./agent-file.ts"

type Given = { [Key in keyof Wish]: Wish[Key] | undefined }

/** Asks a person for what the flags leave open; where nobody is, says which flags are missing and asks nothing. */
export async function wishFor(given: Given, places: { project: string; global: string }): Promise<Wish> {
  const { folder, description, mode, allowed } = given
  if (description !== undefined && !description.trim()) throw new CommandFailure("The description is empty.")
  if (folder !== undefined && description !== undefined && mode !== undefined && allowed !== undefined)
    return { folder, description, mode, allowed }
  if (!isTerminal()) throw new CommandFailure(missing(given))
  return {
    folder: folder ?? (await askForFolder(places)),
    description: description ?? (await askForDescription()),
    allowed: allowed ?? (await askForPermissions()),
    mode: mode ?? (await askForMode()),
  }
}

const FLAGS = { folder: "--path", description: "--description", mode: "--mode", allowed: "--permissions" } as const

const missing = (given: Given): string => {
  const flags = Object.entries(FLAGS).flatMap(([key, flag]) => (given[key as keyof Wish] === undefined ? [flag] : []))
  return `Nobody can be asked here, so give ${flags.join(", ")} as well.`
}

const isTerminal = (): boolean => isatty(STDIN) && isatty(STDERR)
const STDIN = 0
const STDERR = 2

/** Prompts are no answer: they go to standard error. */
const TO_PERSON = { output: process.stderr }

async function askForFolder({ project, global }: { project: string; global: string }): Promise<string> {
  const { select } = await import("@clack/prompts")
  const options = [
    { value: project, label: "This project", hint: project },
    { value: global, label: "All projects", hint: global },
  ]
  return answered<string>(await select({ message: "Where is it for?", options, ...TO_PERSON }))
}

async function askForDescription(): Promise<string> {
  const { text } = await import("@clack/prompts")
  const validate = (said = ""): string | undefined => (said.trim() ? undefined : "Say what it should do.")
  return answered<string>(await text({ message: "What should the agent do?", validate, ...TO_PERSON }))
}

async function askForPermissions(): Promise<readonly Permission[]> {
  const { multiselect } = await import("@clack/prompts")
  const options = PERMISSIONS.map((name) => ({ value: name, label: name }))
  const message = "What may it do?"
  return answered<Permission[]>(
    await multiselect<Permission>({ message, options, initialValues: [...PERMISSIONS], required: false, ...TO_PERSON }),
  )
}

async function askForMode(): Promise<Agent["mode"]> {
  const { select } = await import("@clack/prompts")
  const options: { value: Agent["mode"]; label: string; hint: string }[] = [
    { value: "all", label: "all", hint: "people and other agents use it" },
    { value: "primary", label: "primary", hint: "people choose it" },
    { value: "subagent", label: "subagent", hint: "other agents give it tasks" },
  ]
  return answered<Agent["mode"]>(await select({ message: "Who uses it?", options, ...TO_PERSON }))
}

/** A symbol: the person left. */
function answered<Answer>(answer: Answer | symbol): Answer {
  if (typeof answer === "symbol") throw new CommandFailure("Nothing was made.", 130)
  return answer
}
