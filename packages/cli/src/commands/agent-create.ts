import { access, mkdir, writeFile } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import type { Agent } from "@opencode/protocol/agent.ts"
import type { AnswerWithParts } from "@opencode/protocol/message.ts"
import { parseModelRef, type ModelRef } from "@opencode/protocol/model-ref.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { didYouMean } from "@opencode/core/lib/text.ts"
import { dataOf, openDoor, type Door } from "../door.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"
import { agentFile, nameOf, PERMISSIONS, type Permission } from "./agent-file.ts"
import { AGENT_SCHEMA, agentPrompt } from "./agent-create.prompt.ts"

export interface CreateOptions {
  path?: string
  description?: string
  mode?: Agent["mode"]
  permissions?: string
  tools?: string
  model?: string
}

/** What is to be made: from the flags, and from a person for what they leave open. */
export interface Wish {
  /** The folder of configuration. */
  folder: string
  description: string
  mode: Agent["mode"]
  allowed: readonly Permission[]
}

/**
 * Has a model write an agent and puts it into a file. Everything that can be refused is refused before the model is
 * asked; the file is written last, and never over another.
 */
export async function createAgent(options: CreateOptions): Promise<void> {
  const given = { ...options, permissions: options.permissions ?? options.tools }
  const allowed = given.permissions === undefined ? undefined : permissionsIn(given.permissions)
  const model = given.model === undefined ? undefined : parseModelRef(given.model)
  if (given.model !== undefined && !model)
    throw new CommandFailure(`A model is written as provider/model, not "${given.model}".`)
  const { wishFor } = await import("./agent-wish.ts")
  const door = await openDoor(workingFolder(undefined))
  try {
    const { workspace } = await door.composition.engines.at(door.directory)
    const places = {
      project: join(workspace.vcs ? workspace.worktree : workspace.directory, ".opencode"),
      global: door.composition.home.folders.config,
    }
    const folder = given.path === undefined ? undefined : resolve(given.path)
    const { description, mode } = given
    const wish = await wishFor({ folder, description, mode, allowed }, places)
    const written = await write(wish, model, door)
    const file = join(wish.folder, "agents", `${written.name}.md`)
    await save(file, agentFile({ ...wish, ...written }))
    out.line(file)
  } finally {
    await door.close()
  }
}

function permissionsIn(list: string): Permission[] {
  const names = list
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean)
  return names.map((name) => {
    const found = PERMISSIONS.find((known) => known === name)
    if (found) return found
    throw new CommandFailure(
      `There is no permission ${name}.${didYouMean(name, PERMISSIONS)} There are: ${PERMISSIONS.join(", ")}.`,
    )
  })
}

interface Written {
  name: string
  description: string
  prompt: string
}

/** In a conversation of its own, without tools, which is removed again. What it cost stays counted. */
async function write({ description }: Wish, model: ModelRef | undefined, { client }: Door): Promise<Written> {
  const agents = dataOf(await client.app.agents()) as Agent[]
  const { id: sessionID } = dataOf(
    await client.session.create({
      title: "A new agent",
      permission: [{ permission: "*", pattern: "*", action: "deny" }],
    }),
  ) as Session
  try {
    out.note("Writing the agent…")
    const text = agentPrompt(
      description,
      agents.map(({ name }) => name),
    )
    const { info } = dataOf(
      await client.session.prompt({
        sessionID,
        ...(model ? { model } : {}),
        format: { type: "json_schema", schema: AGENT_SCHEMA },
        parts: [{ type: "text", text }],
      }),
    ) as AnswerWithParts
    const failed = info.role === "assistant" ? info.error : undefined
    if (failed) throw new CommandFailure(`The model wrote no agent: ${failed.data.message ?? failed.name}`)
    return usable(info.role === "assistant" ? info.structured : undefined, agents)
  } finally {
    await client.session.delete({ sessionID })
  }
}

function usable(answer: unknown, agents: Agent[]): Written {
  const { identifier, whenToUse, systemPrompt } = (answer ?? {}) as Record<string, unknown>
  if (typeof identifier !== "string" || typeof whenToUse !== "string" || typeof systemPrompt !== "string")
    throw new CommandFailure("The model wrote no agent: its answer has another form than was asked for.")
  const name = nameOf(identifier)
  if (!name || !systemPrompt.trim()) throw new CommandFailure("The model wrote an agent without a name or a prompt.")
  if (agents.some((agent) => agent.name === name))
    throw new CommandFailure(`The model named it ${name}, and there is an agent of that name. Try again, or say more.`)
  return { name, description: whenToUse.trim(), prompt: systemPrompt }
}

async function save(file: string, text: string): Promise<void> {
  const taken = await access(file).then(
    () => true,
    () => false,
  )
  if (taken) throw new CommandFailure(`Agent file already exists: ${file}`)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { flag: "wx" })
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new CommandFailure(
      code === "EEXIST" ? `Agent file already exists: ${file}` : `${file} could not be written (${code}).`,
    )
  }
}
