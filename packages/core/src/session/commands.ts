import type { Agent } from "@opencode/protocol/agent.ts"
import type { Command, CommandInput } from "@opencode/protocol/command.ts"
import type { MessageWithParts, PromptInput } from "@opencode/protocol/message.ts"
import { parseModelRef, type ModelChoice } from "@opencode/protocol/model-ref.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { fault } from "../lib/fault.ts"
import type { Log } from "../lib/log.ts"
import { didYouMean } from "../lib/text.ts"
import { requireAgent, type AdmitDeps } from "./admit.ts"
import { expandCommand, type ExpandDeps } from "./command-expand.ts"
import type { CommandDefinition, CommandSource } from "./command-source.ts"
import { hintsOf, placesLeftEmpty } from "./command-template.ts"
import type { Preparation, Preparations } from "./preparing.ts"
import type { Publish } from "./record.ts"
import type { Sessions } from "./sessions.ts"

/**
 * Prompts that were written in advance. A command becomes an ordinary prompt, or a task for a subagent, and from there on
 * is treated as one: it waits in a busy session, and survives a crash, from the moment it is admitted.
 */
export interface Commands {
  list(): Promise<Command[]>
  /**
   * @returns the last message of its turn
   * @throws fault `session_not_found`, `bad_request` with near names, `agent_not_found`, `model_not_found`, `aborted`
   */
  run(sessionID: string, input: CommandInput): Promise<MessageWithParts>
}

export interface CommandsDeps
  extends Pick<AdmitDeps, "agents" | "models">, Omit<ExpandDeps, "agents" | keyof CommandSetting> {
  sources: readonly CommandSource[]
  sessions: Pick<Sessions, "get" | "prompt">
  preparing: Pick<Preparations, "run">
  publish: Publish
  log: Pick<Log, "warn">
  /** What a prompt begins with: the settings as they are now, and the question whom to trust. */
  begin(seat: { sessionID: string; signal: AbortSignal }): Promise<CommandSetting>
  /** Whether agents may be given tasks here. */
  hasTasks(): boolean
  /** Of the boundary: what was read of the world has to come back in a replay. */
  effect<T>(what: string, run: () => Promise<T>): Promise<T>
}

/** By the settings of now. */
type CommandSetting = Pick<ExpandDeps, "shell" | "environment">

export function createCommands(deps: CommandsDeps): Commands {
  const { sources, sessions, agents, preparing, publish } = deps

  function find(name: string): CommandDefinition {
    const known: string[] = []
    for (const source of sources) {
      const found = source.load()
      const definition = found.find((one) => one.name === name)
      if (definition) return definition
      known.push(...found.map((one) => one.name))
    }
    throw fault("bad_request", `Command not found: ${name}.${didYouMean(name, known)}`, { kind: "Body" })
  }

  async function run(sessionID: string, input: CommandInput): Promise<MessageWithParts> {
    const session = sessions.get(sessionID)
    const { message, answer, name } = await preparing.run(sessionID, async (preparation) => {
      const { prompt, name } = await prepare(session, input, preparation)
      preparation.signal.throwIfAborted()
      const { messageID, limits } = input
      const own = { ...(messageID === undefined ? {} : { messageID }), ...(limits ? { limits } : {}) }
      return { name, ...(await sessions.prompt(sessionID, { ...prompt, ...own })) }
    })
    const last = (await answer) ?? message
    publish("command.executed", { name, sessionID, arguments: input.arguments, messageID: last.info.id })
    return last
  }

  async function prepare(session: Session, input: CommandInput, { signal, showBusy }: Preparation) {
    const sessionID = session.id
    const setting = await deps.begin({ sessionID, signal })
    signal.throwIfAborted()
    const definition = find(input.command)
    if (!definition.isText) {
      const empty = placesLeftEmpty(hintsOf(await definition.template()), input.arguments)
      if (empty.length)
        deps.log.warn("a command was called without all of its arguments", { command: definition.name, empty })
    }
    // All that can be refused is refused before anything runs.
    const asked = definition.agent ?? input.agent ?? session.agent ?? agents.default()
    const agent = requireAgent(asked, agents)
    const choice = choose(definition, { agent, input, models: deps.models })
    showBusy()
    const { text, mentions } = await deps.effect(`command ${sessionID}`, () =>
      expandCommand(definition, { given: input.arguments, rules: agent.permission, signal }, { ...deps, ...setting }),
    )
    const given = input.parts ?? []
    if (!text && !given.length) throw fault("bad_request", `The command ${definition.name} is empty.`, { kind: "Body" })
    const prompt = isTask(definition, agent)
      ? taskPrompt(text, { definition, agent, choice, input })
      : plainPrompt(text, { mentions, agent, choice, input })
    return { prompt, name: definition.name }
  }

  /** Subagents are made for tasks; any other agent does one apart where the command says so. */
  const isTask = ({ subtask }: CommandDefinition, { mode }: Agent): boolean =>
    deps.hasTasks() && (subtask ?? mode === "subagent")

  /** A subagent is given the task by the agent that the conversation has anyway. */
  const speaker = ({ agent }: CommandInput): Pick<PromptInput, "agent"> =>
    agent === undefined || agents.get(agent)?.mode === "subagent" ? {} : { agent }

  function taskPrompt(
    prompt: string,
    { definition, agent, choice, input }: Chosen & { definition: CommandDefinition },
  ) {
    const { description = "", name, model: named } = definition
    const { providerID, modelID } = choice.model ?? {}
    const model = named !== undefined && providerID && modelID ? { model: { providerID, modelID } } : {}
    const parts: PromptInput["parts"] = [
      { type: "subtask", prompt, description, agent: agent.name, command: name, ...model },
      ...(input.parts ?? []),
    ]
    // The conversation goes on with what the client has chosen for it.
    return { parts, ...speaker(input), ...choose({}, { agent, input, models: deps.models }) }
  }

  return {
    async list() {
      const byName = new Map<string, Command>()
      for (const source of sources)
        for (const definition of await source.list())
          if (!byName.has(definition.name)) byName.set(definition.name, await publicCommand(definition))
      return [...byName.values()]
    },
    run,
  }
}

async function publicCommand(definition: CommandDefinition): Promise<Command> {
  const { variant: _variant, isText, isForeign: _isForeign, isHeld: _isHeld, template: read, ...command } = definition
  const template = await read()
  return { ...command, template, hints: isText ? [] : hintsOf(template) }
}

interface Chosen {
  agent: Agent
  choice: Choice
  input: CommandInput
}

type Choice = Pick<PromptInput, "model" | "variant">

function plainPrompt(
  text: string,
  { mentions, agent, choice, input }: Chosen & { mentions: PromptInput["parts"] },
): PromptInput {
  const first: PromptInput["parts"] = text ? [{ type: "text", text }] : []
  return { parts: [...first, ...mentions, ...(input.parts ?? [])], agent: agent.name, ...choice }
}

/**
 * What the command says counts more than what the client has chosen for the conversation; so does the model of an agent
 * that the command names. @throws fault `bad_request`, `model_not_found`
 */
function choose(
  definition: Pick<CommandDefinition, "agent" | "model" | "variant">,
  { agent, input, models }: { agent: Agent; input: CommandInput; models: AdmitDeps["models"] },
): Choice {
  const isAgents = definition.agent !== undefined && agent.model !== undefined
  const named = definition.model ?? (isAgents ? undefined : input.model)
  const settled = named === undefined ? undefined : settle(named, models)
  const wanted = definition.variant ?? settled?.variant ?? (isAgents ? undefined : input.variant)
  // The client's choice was made for another model.
  const isForeign = wanted === input.variant && definition.model !== undefined && definition.variant === undefined
  const variant = wanted !== undefined && isForeign && settled && !models.offers(settled, wanted) ? undefined : wanted
  return {
    ...(settled ? { model: { providerID: settled.providerID, modelID: settled.modelID } } : {}),
    ...(variant === undefined ? {} : { variant }),
  }
}

function settle(text: string, models: AdmitDeps["models"]): ModelChoice {
  const ref = parseModelRef(text)
  if (!ref) throw fault("bad_request", `A model is written as provider/model, not "${text}".`, { kind: "Body" })
  return models.settle(ref)
}
