import { isAbsolute } from "node:path"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { Todo } from "@opencode/protocol/todo.ts"
import { addTokens } from "@opencode/protocol/tokens.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { dataOf } from "./api.ts"
import { modesOf, withEffort, type Choice, type Offer } from "./choice.ts"
import { readOffer } from "./offer.ts"
import type { OpenSession, RunningPrompt } from "./open-session.ts"
import { createProjection, type Retelling } from "./projection.ts"
import { invalidParams, RpcError } from "./rpc-error.ts"
import type { SessionUpdate } from "./wire.ts"

/** Making sessions the client's own: new ones, and those that there are. */
export interface OpeningDeps {
  client: OpencodeClient
  send(sessionId: string, update: SessionUpdate): void
}

export async function newSession(cwd: string, deps: OpeningDeps): Promise<OpenSession> {
  if (!isAbsolute(cwd)) throw invalidParams(`cwd is not an absolute path: ${cwd}`, { cwd })
  // First what can be chosen: where that fails there shall be no session.
  const offer = await readOffer(deps.client, cwd)
  const session = dataOf(await deps.client.session.create({ directory: cwd })) as Session
  return opened(session, { offer, choice: { mode: offer.usualMode } }, deps)
}

/** A session that there is, with what it was last asked with. */
export async function existingSession(sessionID: string, deps: OpeningDeps): Promise<OpenSession> {
  const session = dataOf(await deps.client.session.get({ sessionID })) as Session
  const offer = await readOffer(deps.client, session.directory)
  return opened(session, { offer, choice: lastChoice(session, offer) }, deps)
}

function lastChoice({ agent, model }: Session, offer: Offer): Choice {
  const mode = modesOf(offer).some(({ name }) => name === agent) ? agent! : offer.usualMode
  if (!model) return { mode }
  const choice = { mode, model: { providerID: model.providerID, modelID: model.id } }
  if (model.variant === undefined) return choice
  try {
    return withEffort(choice, model.variant, offer)
  } catch (error) {
    if (error instanceof RpcError) return choice // the model no longer has that variant
    throw error
  }
}

function opened(
  { id, directory }: Session,
  { offer, choice }: { offer: Offer; choice: Choice },
  { send }: OpeningDeps,
): OpenSession {
  const prompts = new Set<RunningPrompt>()
  const tell = (update: SessionUpdate): void => send(id, update)
  const projection = createProjection({
    cwd: directory,
    send: tell,
    onStep(tokens) {
      for (const running of prompts) running.tokens = addTokens(running.tokens, tokens)
    },
  })
  return { id, directory, choice, offer, projection, prompts, isClosed: false, send: tell }
}

/** Tells what was said in a session, as if it happened now. */
export function replay(
  { id: sessionID, directory, projection }: OpenSession,
  client: OpencodeClient,
  retelling: Retelling,
): Promise<void> {
  return projection.retell(async () => {
    const [messages, todos] = await Promise.all([
      client.session.messages({ sessionID, directory }).then(dataOf),
      client.session.todo({ sessionID, directory }).then(dataOf),
    ])
    return { messages: messages as MessageWithParts[], todos: todos as Todo[] }
  }, retelling)
}
