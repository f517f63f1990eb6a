import type { Agent } from "@opencode/protocol/agent.ts"
import type { MessageWithParts, PromptInput, UserMessage } from "@opencode/protocol/message.ts"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { fault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import { didYouMean } from "../lib/text.ts"
import type { Models } from "../model/resolve.ts"
import { schemaProblem } from "../tool/json-schema.ts"
import { DEFAULT_RETRIES } from "../tool/structured.ts"
import type { OpenAttachment } from "./attachment.ts"

/** What a prompt becomes: a message with its parts, complete before it is committed. */
export interface AdmitDeps {
  openAttachment: OpenAttachment
  host: Pick<Host, "id" | "now">
  agents: { get(name: string): Agent | undefined; names(): string[]; default(): string }
  models: Pick<Models, "default" | "settle" | "offers">
}

/** @throws fault `agent_not_found` with near names */
export function requireAgent(name: string, agents: Pick<AdmitDeps["agents"], "get" | "names">): Agent {
  const agent = agents.get(name)
  if (agent) return agent
  throw fault("agent_not_found", `Agent not found: ${name}.${didYouMean(name, agents.names())}`, { agent: name })
}

/** @throws fault `agent_not_found`, `model_not_found` (with near names) */
export async function promptMessage(
  session: Session,
  input: PromptInput,
  deps: AdmitDeps,
): Promise<MessageWithParts & { info: UserMessage }> {
  const { host, agents, models } = deps
  const name = input.agent ?? session.agent ?? agents.default()
  const agent = requireAgent(name, agents)
  const named = input.model ?? agent.model ?? lastModel(session) ?? models.default()
  const { variant: asked, ...model } = models.settle(named, input.variant)

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
  }
  const parts: Part[] = []
  for (const part of input.parts) parts.push(...(await promptParts(part, info, deps)))
  return { info, parts }
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

/** A part as the prompt brought it, after what it stands for: the text of a file, the list of a folder. */
async function promptParts(input: PromptInput["parts"][number], info: UserMessage, deps: AdmitDeps): Promise<Part[]> {
  const owned = () => ({ id: deps.host.id("prt"), sessionID: info.sessionID, messageID: info.id })
  const part = { ...input, ...owned(), ...(input.id === undefined ? {} : { id: input.id }) } as Part
  if (part.type !== "file") return [part]
  const { texts, url, mime } = await deps.openAttachment(part, info.sessionID)
  const synthetic = texts.map((text): Part => ({ ...owned(), type: "text", text, synthetic: true }))
  return [...synthetic, { ...part, url, mime }]
}
