import { createHash } from "node:crypto"
import type { MessageError } from "@opencode/protocol/error.ts"
import type { AssistantMessage } from "@opencode/protocol/message.ts"
import { addTokens, noTokens } from "@opencode/protocol/tokens.ts"
import { costOf } from "../model/cost.ts"
import { ProviderFailure } from "../model/failure.ts"
import { streamAnswer } from "../model/stream.ts"
import { openRecord, type StepRecord } from "../session/record.ts"
import type { Tx } from "../store/tx.ts"
import { messageErrorOf } from "./describe-error.ts"
import { writeAnswer, type Answer } from "./answer.ts"
import { requestFor } from "./context.ts"
import { retryDelay } from "./retry.ts"
import type { Step, Turn, TurnDeps } from "./turn.ts"

/**
 * The message that this step's answer is written into, on record before the model is asked. It stands right after what
 * the model is shown: absent when a prompt was admitted since, which would otherwise stand before an answer that does
 * not know it.
 */
export async function beginStep(step: Step, turn: Turn, deps: TurnDeps): Promise<StepRecord | undefined> {
  const { host, store, publish, workspace } = deps
  const { prompt, resolved, setting } = step
  const message: AssistantMessage = {
    id: host.id("msg"),
    sessionID: turn.sessionID,
    role: "assistant",
    parentID: prompt.id,
    mode: setting.agent.name,
    agent: setting.agent.name,
    path: { cwd: turn.session.directory, root: workspace.worktree },
    cost: 0,
    tokens: noTokens(),
    modelID: resolved.model.id,
    providerID: resolved.model.providerID,
    ...(prompt.model.variant === undefined ? {} : { variant: prompt.model.variant }),
    time: { created: host.now() },
  }
  const newest = turn.history.at(-1)?.info.id
  const isCurrent = () => store.messages.list(turn.sessionID, { limit: 1 })[0]?.info.id === newest
  const record = await openRecord(message, turn.lease, { store, host, publish }, isCurrent)
  if (!record) return undefined
  deps.records.add(record)
  record.put({ id: host.id("prt"), sessionID: turn.sessionID, messageID: message.id, type: "step-start" })
  return record
}

/**
 * Asks the model, again after failures that pass, and writes its answer into the record.
 * @throws ProviderFailure when it is final; the record keeps what came of the last attempt
 */
export async function answerStep(step: Step, record: StepRecord, turn: Turn, deps: TurnDeps): Promise<Answer> {
  const request = await requestFor(step, turn, deps)
  record.madeWith(hashOfPrompts(step.system, request.tools))
  const language = await step.resolved.language()
  const textComplete = async (partID: string, text: string) => {
    const output = { text }
    await deps.hooks.textComplete({ sessionID: turn.sessionID, messageID: record.message.id, partID }, output)
    return output.text
  }
  for (let attempt = 1; ; attempt++) {
    turn.signal.throwIfAborted()
    try {
      const { conceal } = step.resolved
      const events = streamAnswer({ language, options: request, signal: turn.signal, now: deps.host.now, conceal })
      return await writeAnswer(events, record, deps.host, textComplete)
    } catch (error) {
      const wait = error instanceof ProviderFailure ? retryDelay(error, attempt, deps.host.random()) : undefined
      if (wait === undefined || turn.signal.aborted) throw error
      const { message } = error as ProviderFailure
      deps.log.warn("model request failed, trying again", { sessionID: turn.sessionID, attempt, wait, error })
      turn.setStatus({ type: "retry", attempt, message, next: deps.host.now() + wait })
      await deps.host.sleep(wait, turn.signal)
      record.discard(1) // the step-start stays
      turn.setStatus({ type: "busy" })
    }
  }
}

/** Says of two answers whether the same prompts led to them. 64 bits: enough to tell versions of a text apart. */
const hashOfPrompts = (system: string[], tools: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify([system, tools]))
    .digest("hex")
    .slice(0, 16)

/** The end of a step: the message, its parts and the session's totals in one transaction. */
export async function finishStep(
  answer: Answer,
  step: Step,
  record: StepRecord,
  turn: Turn,
  deps: TurnDeps,
): Promise<void> {
  const { usage, finish, calls } = answer
  const { id: messageID, sessionID } = record.message
  const cost = costOf(step.resolved.model, usage)
  // Some providers say "stop" although they call tools; clients take the reason for the truth.
  const reason = calls.length ? "tool-calls" : finish
  record.put({ id: deps.host.id("prt"), sessionID, messageID, type: "step-finish", reason, cost, tokens: usage })
  record.update({ finish: reason, cost, tokens: usage })
  await complete(record, turn, deps, endingError(finish, turn))
}

/** A call may end well although the turn was ended under it; the answer counts as aborted all the same. */
function endingError(finish: Answer["finish"], turn: Turn): MessageError | undefined {
  if (turn.signal.aborted) return { name: "MessageAbortedError", data: { message: "Aborted" } }
  if (finish !== "content-filter") return undefined
  return { name: "ContentFilterError", data: { message: "The provider's content filter ended the answer." } }
}

/** A step that ends before its time: everything open in it is closed, and the message says why. */
export async function failStep(error: unknown, record: StepRecord, turn: Turn, deps: TurnDeps): Promise<MessageError> {
  const known = messageErrorOf(error, record.message.providerID, turn.signal, deps)
  closeOpenParts(record, deps.host.now())
  await complete(record, turn, deps, known)
  return known
}

async function complete(
  record: StepRecord,
  turn: Turn,
  deps: TurnDeps,
  error: MessageError | undefined,
): Promise<void> {
  const { host, publish, store } = deps
  const { cost, tokens } = record.message
  const change = { ...(error ? { error } : {}), time: { ...record.message.time, completed: host.now() } }
  await record.complete(change, (tx) => {
    const session = store.sessions.get(turn.sessionID) ?? turn.session
    turn.session = {
      ...session,
      cost: (session.cost ?? 0) + cost,
      tokens: addTokens(session.tokens ?? noTokens(), tokens),
      time: { ...session.time, updated: host.now() },
    }
    store.sessions.replace(tx, turn.session)
    closeIntents(record, tx, deps)
  })
  publish("session.updated", { sessionID: turn.sessionID, info: turn.session })
  if (error) publish("session.error", { sessionID: turn.sessionID, error })
}

/** What a call did is told by its part from here on, also where its own outcome could not be stored. */
function closeIntents({ message, parts }: StepRecord, tx: Tx, { store, host }: TurnDeps): void {
  for (const intent of store.intents.unfinished(message.sessionID)) {
    const part = parts.find((candidate) => candidate.type === "tool" && candidate.callID === intent.callID)
    if (intent.messageID !== message.id || part?.type !== "tool") continue
    store.intents.finish(tx, intent, { outcome: part.state.status, finished: host.now() })
  }
}

/** From here on the step is history. */
export function endStep(record: StepRecord, turn: Turn, deps: TurnDeps): void {
  deps.records.remove(record)
  turn.history.push({ info: record.message, parts: record.parts })
  turn.steps++
}

function closeOpenParts(record: StepRecord, now: number): void {
  for (const part of record.parts) {
    if ((part.type === "text" || part.type === "reasoning") && part.time && part.time.end === undefined) {
      record.put({ ...part, time: { ...part.time, end: now } })
    }
    if (part.type !== "tool" || (part.state.status !== "pending" && part.state.status !== "running")) continue
    const start = part.state.status === "running" ? part.state.time.start : now
    const { input } = part.state
    const state = { status: "error" as const, input, error: ABORTED_CALL, metadata: { interrupted: true } }
    record.put({ ...part, state: { ...state, time: { start, end: now } } })
  }
}

export const ABORTED_CALL = "Tool execution aborted"
