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
import { beginAttempt, type Asked, type Attempt } from "./attempt.ts"
import { reasonOf } from "./ending.ts"
import { withoutLoops } from "./text-loop.ts"
import type { Ending, Request, Step, Turn, TurnDeps } from "./turn.ts"

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
  // Clients take it for the sign of each new step.
  turn.setStatus({ type: "busy" })
  const newest = turn.history.at(-1)?.info.id
  const record = await openRecord(message, turn.lease, { store, host, publish }, () => isNewest(newest, turn, deps))
  if (!record) return undefined
  deps.records.add(record)
  record.put({ id: host.id("prt"), sessionID: turn.sessionID, messageID: message.id, type: "step-start" })
  return record
}

/** Whether nothing came behind what the turn knows. Of an aborted one nobody wants to know: it only ends. */
export const isNewest = (messageID: string | undefined, turn: Turn, { store }: TurnDeps): boolean =>
  turn.signal.aborted || store.messages.list(turn.sessionID, { limit: 1 })[0]?.info.id === messageID

/**
 * Asks the model, again after failures that pass, and writes its answer into the record.
 * @throws ProviderFailure when it is final; the record keeps what came of the last attempt
 */
export async function answerStep(asked: Asked, record: StepRecord, turn: Turn, deps: TurnDeps): Promise<Answer> {
  const { resolved, options } = asked
  record.madeWith(asked.prompts)
  const language = await resolved.language()
  const textComplete = async (partID: string, text: string) => {
    const output = { text }
    await deps.hooks.textComplete({ sessionID: turn.sessionID, messageID: record.message.id, partID }, output)
    return output.text
  }
  for (let attempt = 1; ; attempt++) {
    turn.signal.throwIfAborted()
    const sent = beginAttempt(asked, deps.host)
    try {
      const { conceal } = resolved
      const events = streamAnswer({ language, options, signal: turn.signal, now: deps.host.now, conceal })
      const answer = await writeAnswer(withoutLoops(events), record, deps.host, textComplete)
      sent.completed(answer.usage)
      return answer
    } catch (error) {
      sent.failed(error, record.parts.length > 1)
      const wait = error instanceof ProviderFailure ? turn.budget.retry(error, attempt, deps.host.random()) : undefined
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

/** The end of a step: the message, its parts and the session's totals in one transaction. */
export async function finishStep(
  answer: Answer,
  { resolved, attempts }: Pick<Request, "resolved" | "attempts">,
  record: StepRecord,
  turn: Turn,
  deps: TurnDeps,
  ending?: Ending,
): Promise<void> {
  const { usage, finish, calls } = answer
  const { id: messageID, sessionID } = record.message
  const cost = costOf(resolved.model, usage)
  // Some providers say "stop" although they call tools; clients take the reason for the truth.
  const reason = calls.length ? "tool-calls" : finish
  record.put({ id: deps.host.id("prt"), sessionID, messageID, type: "step-finish", reason, cost, tokens: usage })
  record.update({ finish: reason, cost, tokens: usage })
  await complete(record, turn, deps, { ending, attempts })
}

/** A step that ends before its time: everything open in it is closed, and the message says why. */
export async function failStep(
  error: unknown,
  { record, attempts }: { record: StepRecord; attempts: Attempt[] },
  turn: Turn,
  deps: TurnDeps,
): Promise<MessageError> {
  const known = messageErrorOf(error, record.message.providerID, turn.signal, deps)
  closeOpenParts(record, deps.host.now())
  await complete(record, turn, deps, { ending: { reason: reasonOf(error, turn.signal), error: known }, attempts })
  return known
}

export interface Completion {
  /** Why the turn ends with this message; absent while it goes on. */
  ending?: Ending | undefined
  /** What the ledger has to know. */
  attempts: Attempt[]
}

/** The last commit of a message: with it the session's totals and the ledger. */
export async function complete(
  record: StepRecord,
  turn: Turn,
  deps: TurnDeps,
  { ending, attempts }: Completion,
): Promise<void> {
  const { host, publish, store } = deps
  const changed = await deps.stepChanges.endOfStep(record)
  const { cost, tokens } = record.message
  const { error, reason: endReason } = ending ?? {}
  const change = {
    ...(error && { error }),
    ...(endReason && { endReason }),
    time: { ...record.message.time, completed: host.now() },
  }
  await record.complete(change, (tx) => {
    const session = store.sessions.get(turn.sessionID) ?? turn.session
    const { compacting: _, ...time } = session.time
    turn.session = {
      ...session,
      ...(changed ? { summary: changed.summary } : {}),
      cost: (session.cost ?? 0) + cost,
      tokens: addTokens(session.tokens ?? noTokens(), tokens),
      time: { ...time, updated: host.now() },
    }
    store.sessions.replace(tx, turn.session)
    spend(tx, attempts, record, deps)
    changed?.commit(tx)
    closeIntents(record, tx, deps)
  })
  changed?.announce()
  publish("session.updated", { sessionID: turn.sessionID, info: turn.session })
  if (error) publish("session.error", { sessionID: turn.sessionID, error })
}

/** A message that nothing came of, and that must not stand between the history and its notes. */
export async function withdrawStep(
  { attempts }: Request,
  record: StepRecord,
  turn: Turn,
  deps: TurnDeps,
): Promise<void> {
  const { sessionID, id: messageID } = record.message
  record.discard(0)
  deps.records.remove(record)
  await deps.store.turnWrite(turn.lease, (tx) => {
    deps.store.messages.remove(tx, messageID)
    spend(tx, attempts, record, deps)
  })
  deps.publish("message.removed", { sessionID, messageID })
  deps.publish("message.deleted", { sessionID, messageID })
}

function spend(tx: Tx, attempts: Attempt[], { message }: StepRecord, { store }: TurnDeps): void {
  const { sessionID, id: messageID } = message
  for (const attempt of attempts) store.ledger.add(tx, { ...attempt, sessionID, messageID })
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
  turn.pruned = false
}

export function closeOpenParts(record: StepRecord, now: number): void {
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
