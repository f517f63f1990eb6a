import type { AnswerWithParts, MessageWithParts } from "@opencode/protocol/message.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import type { ClientAbilities } from "./abilities.ts"
import { dataOf } from "./api.ts"
import { contextOf, sentWith } from "./choice.ts"
import { filesOf, partsOf, typedText } from "./content.ts"
import { COMPACT } from "./offer.ts"
import type { OpenSession, RunningPrompt } from "./open-session.ts"
import type { Block } from "./params.ts"
import { fillOf, stopReasonOf, usageOf } from "./turn-end.ts"
import type { PromptResponse } from "./wire.ts"

/** A prompt from its request to its answer. Everything that came of it was told before the answer. */
export interface PromptDeps {
  client: OpencodeClient
  abilities: Readonly<ClientAbilities>
}

/** Events follow what they tell of at once; should the stream have broken off, the answer itself says the rest. */
const EVENTS_MS = 5_000

type Last = Pick<AnswerWithParts, "info" | "parts">

export async function runPrompt(session: OpenSession, blocks: Block[], deps: PromptDeps): Promise<PromptResponse> {
  const running: RunningPrompt = { isCancelled: false, tokens: noTokens() }
  session.prompts.add(running)
  try {
    const last = await send(session, { blocks, running }, deps)
    if (last) await told(session, last)
    if (last) await tellUsage(session, last, deps)
    const stopReason = running.isCancelled ? "cancelled" : last ? stopReasonOf(last.info) : "end_turn"
    return { stopReason, usage: usageOf(running.tokens), _meta: {} }
  } catch (error) {
    // What was stopped before its prompt was on record has no answer.
    if (running.isCancelled) return { stopReason: "cancelled", usage: usageOf(running.tokens), _meta: {} }
    throw error
  } finally {
    session.prompts.delete(running)
  }
}

interface Sending {
  blocks: Block[]
  running: Readonly<RunningPrompt>
}

/** @returns undefined when there was nothing to do */
async function send(session: OpenSession, { blocks, running }: Sending, deps: PromptDeps): Promise<Last | undefined> {
  const { client, abilities } = deps
  const { id: sessionID, directory, choice, offer } = session
  const { model, ...how } = sentWith(choice, offer)
  const slash = /^\/(\S+)\s*([\s\S]*)$/.exec(typedText(blocks))
  const name = slash?.[1]
  if (name !== undefined) {
    const commands = await client.command.list({ directory }).then(dataOf)
    if (running.isCancelled) throw new Error("cancelled before it was sent")
    if (commands.some((command) => command.name === name)) {
      const named = model ? { model: `${model.providerID}/${model.modelID}` } : {}
      const given = { command: name, arguments: slash?.[2] ?? "", parts: filesOf(blocks) }
      return dataOf(await client.session.command({ sessionID, directory, ...how, ...named, ...given })) as Last
    }
    if (name === COMPACT && model) {
      dataOf(await client.session.summarize({ sessionID, directory, ...model }))
      return lastOf(session, client)
    }
  }
  const tools = abilities.showsForms ? {} : { tools: { question: false } }
  const parts = partsOf(blocks)
  return dataOf(
    await client.session.prompt({ sessionID, directory, ...how, ...tools, ...(model ? { model } : {}), parts }),
  ) as Last
}

async function lastOf({ id: sessionID, directory }: OpenSession, client: OpencodeClient): Promise<Last | undefined> {
  const [last] = dataOf(await client.session.messages({ sessionID, directory, limit: 1 })) as MessageWithParts[]
  return last?.info.role === "assistant" ? (last as Last) : undefined
}

/** Waits until the events have told all of it; what they have not, is told now. */
async function told({ projection }: OpenSession, { info, parts }: Last): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => (timer = setTimeout(resolve, EVENTS_MS)))
  await Promise.race([projection.completed(info.id), late])
  clearTimeout(timer)
  projection.message(info)
  for (const part of parts) projection.part(part)
}

async function tellUsage(session: OpenSession, { info }: Last, { client }: PromptDeps): Promise<void> {
  const { data } = await client.session.get({ sessionID: session.id, directory: session.directory })
  const fill = fillOf(info, contextOf(session.offer, info), data?.cost ?? 0)
  if (fill) session.send(fill)
}
