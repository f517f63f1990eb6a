import type { Agent } from "@opencode/protocol/agent.ts"
import type { MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import type { ResolvedModel } from "../model/resolve.ts"
import type { Asked } from "./attempt.ts"
import { compactionText } from "./compaction.prompt.ts"
import { compile } from "./compile.ts"
import { tokensOfText } from "./estimate.ts"
import { transcript } from "./transcript.ts"
import type { Turn, TurnDeps } from "./turn.ts"
import { windowOf } from "./window.ts"

/** Notes are a few pages; a model that thinks needs room for that too. */
const NOTES_TOKENS = 16_000
/** Of what a provider refused nobody knows how much was too much. */
export const AFTER_REFUSAL = 0.5

export interface NotesInput {
  conversation: MessageWithParts[]
  /** The agent `compaction`. */
  agent: Agent
  resolved: ResolvedModel
  /** Estimated tokens of a request that the provider refused for its length. */
  refused?: number
}

/**
 * The request for notes of a conversation: no tools, and one message with all of it as text, cut until it fits into the
 * window of the model that writes them.
 */
export async function notesRequest(
  { conversation, agent, resolved, refused }: NotesInput,
  turn: Turn,
  { hooks, host, config, planFile }: TurnDeps,
): Promise<Asked> {
  const more: { context: string[]; prompt?: string } = { context: [] }
  await hooks.compacting({ sessionID: turn.sessionID }, more)
  const { model } = resolved
  const most = Math.min(NOTES_TOKENS, config.maxOutputTokens ?? NOTES_TOKENS)
  const maxOutputTokens = Math.min(most, model.limit.output > 0 ? model.limit.output : most)
  const window = windowOf(model, config.compaction.reserved, maxOutputTokens) ?? Infinity
  const room = Math.min(window, refused === undefined ? Infinity : refused * AFTER_REFUSAL)
  const system = agent.prompt ? [agent.prompt] : []
  const around = tokensOfText([...system, compactionText("", more)].join(""))
  const text = compactionText(transcript(conversation, room === Infinity ? undefined : room - around), more)

  const info: UserMessage = {
    id: host.id("msg"),
    sessionID: turn.sessionID,
    role: "user",
    time: { created: host.now() },
    agent: agent.name,
    model: { providerID: model.providerID, modelID: model.id },
  }
  const facts = { sessionID: turn.sessionID, agent: agent.name, model, message: info }
  const params = { maxOutputTokens, options: { ...model.options, ...agent.options } }
  await hooks.chatParams(facts, params)
  const headers = {
    headers: { ...model.headers, "x-session-id": turn.sessionID, "x-session-affinity": turn.sessionID },
  }
  await hooks.chatHeaders(facts, headers)
  const part = { id: host.id("prt"), sessionID: turn.sessionID, messageID: info.id, type: "text" as const, text }
  const messages = [{ info, parts: [part] }]
  return {
    resolved,
    options: compile({
      system,
      messages,
      tools: [],
      model,
      planFile: planFile(turn.session),
      params: { ...params, headers: headers.headers },
    }),
    prompts: "compaction",
    facts: { purpose: "compaction", agent: agent.name },
    attempts: [],
  }
}
