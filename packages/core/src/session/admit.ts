import type { Agent } from "@opencode/protocol/agent.ts"
import type { MessageWithParts, PromptInput, UserMessage } from "@opencode/protocol/message.ts"
import type { ModelChoice, ModelRef } from "@opencode/protocol/model-ref.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { fault, isFault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import { didYouMean } from "../lib/text.ts"
import type { Models } from "../model/resolve.ts"
import { schemaProblem } from "../tool/json-schema.ts"
import { DEFAULT_RETRIES } from "../tool/structured.ts"
import type { OpenAttachment } from "./attachment.ts"
import { unlessEnded } from "./preparing.ts"

/** What a prompt becomes: a message with its parts, complete before it is committed. */
export interface AdmitDeps {
  openAttachment: OpenAttachment
  /** What the model has to know of the references that a text names. Absent when it names none. */
  explain(text: string, sessionID: string): Promise<string | undefined>
  host: Pick<Host, "id" | "now">
  agents: { get(name: string): Agent | undefined; names(): string[]; default(): string }
  models: Pick<Models, "default" | "settle" | "offers">
  /** Whether a provider that is not there may be before the turn starts. */
  mayCome?(providerID: string): boolean
  /** Ends what takes long. */
  signal?: AbortSignal
}

/** Each is a row of the store and an event. Nobody writes as many. */
const MAX_PARTS = 1_000
/** What no provider takes in one request, as the files of its disk that a prompt names can come to any size. */
const MAX_CHARACTERS = 40_000_000

/** @throws fault `agent_not_found` with near names */
export function requireAgent(name: string, agents: Pick<AdmitDeps["agents"], "get" | "names">): Agent {
  const agent = agents.get(name)
  if (agent) return agent
  throw fault("agent_not_found", `Agent not found: ${name}.${didYouMean(name, agents.names())}`, { agent: name })
}

/** @throws fault `agent_not_found`, `model_not_found` (with near names), `bad_request`, `too_large` */
export async function promptMessage(
  session: Session,
  input: PromptInput,
  deps: AdmitDeps,
): Promise<MessageWithParts & { info: UserMessage }> {
  const { host, agents, models } = deps
  const name = input.agent ?? session.agent ?? agents.default()
  const agent = requireAgent(name, agents)
  const named = input.model ?? agent.model ?? lastModel(session) ?? models.default()
  const { variant: asked, ...model } = settle(named, input, agent, deps)

  // What was not asked for this time follows the model as far as it has it.
  const last = session.model?.id === model.modelID && session.model.providerID === model.providerID && session.model
  const usual = (input.variant ?? input.model) ? undefined : (agent.variant ?? (last ? last.variant : undefined))
  const variant = asked ?? (usual !== undefined && models.offers(model, usual) ? usual : undefined)
  const info: UserMessage = {
    id: input.messageID ?? host.id("msg"),
    sessionID: session.id,
    role: "user",
    time: { created: host.now() },
    agent: name,
    model: { ...model, ...(variant === undefined ? {} : { variant }) },
    ...(input.format ? { format: usableFormat(input.format) } : {}),
    ...(input.system === undefined ? {} : { system: input.system }),
    ...(input.tools ? { tools: input.tools } : {}),
    ...(input.limits ? { limits: input.limits } : {}),
  }
  return { info, parts: await allParts(input.parts, info, deps) }
}

/**
 * Who never named a model has to be told who did. A provider that waits for trust may be there when the turn begins:
 * its beginning is when the person is asked.
 */
function settle(named: ModelRef, input: PromptInput, agent: Agent, { models, mayCome }: AdmitDeps): ModelChoice {
  try {
    return models.settle(named, input.variant)
  } catch (error) {
    if (!isFault(error, "model_not_found")) throw error
    if (mayCome?.(named.providerID)) return named
    if (input.model || named !== agent.model) throw error
    const message = `The agent ${agent.name} is set to a model that is not there. ${error.message} Name another model with the prompt, or mend \`agent.${agent.name}.model\`.`
    throw fault("model_not_found", message, { ...error.data, agent: agent.name })
  }
}

/** @throws fault `bad_request` for a schema that could only fail later, at the provider or with the answer */
function usableFormat(format: NonNullable<PromptInput["format"]>): NonNullable<PromptInput["format"]> {
  if (format.type !== "json_schema") return format
  const problem = schemaProblem(format.schema)
  if (problem) throw fault("bad_request", `The schema in "format" cannot be used: ${problem}.`, { kind: "Body" })
  return { ...format, retryCount: format.retryCount ?? DEFAULT_RETRIES }
}

const lastModel = (session: Session): ModelRef | undefined =>
  session.model && { providerID: session.model.providerID, modelID: session.model.id }

/** @throws fault `too_large`, `agent_not_found` */
async function allParts(given: PromptInput["parts"], info: UserMessage, deps: AdmitDeps): Promise<Part[]> {
  if (given.length > MAX_PARTS)
    throw fault("too_large", `A prompt has at most ${MAX_PARTS} parts, and this one has ${given.length}.`)
  const parts: Part[] = []
  const told = new Set<string>()
  let characters = 0
  for (const part of given) {
    deps.signal?.throwIfAborted()
    if (part.type === "agent") requireAgent(part.name, deps.agents)
    if (part.type === "subtask") requireAgent(part.agent, deps.agents)
    const made = await promptParts(part, { info, told }, deps)
    for (const one of made)
      characters += one.type === "file" ? one.url.length : one.type === "text" ? one.text.length : 0
    if (characters > MAX_CHARACTERS) {
      const most = `${MAX_CHARACTERS / 1_000_000} million characters`
      throw fault("too_large", `The text and files of this prompt are longer than ${most}, files as base64.`)
    }
    parts.push(...made)
  }
  return parts
}

interface Prompt {
  info: UserMessage
  /** Instructions of folders that came with files of this prompt. */
  told: Set<string>
}

/** A part as the prompt brought it, after what it stands for: the text of a file, the list of a folder. */
async function promptParts(
  input: PromptInput["parts"][number],
  { info, told }: Prompt,
  deps: AdmitDeps,
): Promise<Part[]> {
  const owned = () => ({ id: deps.host.id("prt"), sessionID: info.sessionID, messageID: info.id })
  const part = { ...input, ...owned(), ...(input.id === undefined ? {} : { id: input.id }) } as Part
  const synthetic = (text: string): Part => ({ ...owned(), type: "text", text, synthetic: true })
  if (part.type === "text" && !part.synthetic && !part.ignored) {
    const note = await deps.explain(part.text, info.sessionID)
    return note === undefined ? [part] : [part, synthetic(note)]
  }
  if (part.type !== "file") return [part]
  const open = () => deps.openAttachment(part, info.sessionID, told)
  const { texts, url, mime, loaded = [] } = await (deps.signal ? unlessEnded(deps.signal, open) : open())
  for (const path of loaded) told.add(path)
  const before = texts.map(synthetic)
  if (loaded.length > 0) Object.assign(before.at(-1) ?? {}, { metadata: { loaded } })
  return [...before, { ...part, url, mime }]
}
