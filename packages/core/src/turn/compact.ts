import type { AssistantMessage, MessageWithParts } from "@opencode/protocol/message.ts"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { fault, isFault } from "../lib/fault.ts"
import { costOf } from "../model/cost.ts"
import type { FinishReason } from "../model/events.ts"
import type { ResolvedModel } from "../model/resolve.ts"
import { compactionMessage } from "../session/compaction-message.ts"
import { openRecord, type StepRecord } from "../session/record.ts"
import { tellMessage } from "../session/tell-message.ts"
import { endingEarly, reasonOf } from "./ending.ts"
import { tokensOfMessages } from "./estimate.ts"
import { notesRequest } from "./notes-request.ts"
import { MUST_SHRINK_TO, type Plan } from "./plan-compaction.ts"
import { sinceCompaction } from "./since-compaction.ts"
import { answerStep, closeOpenParts, complete, failStep, isNewest } from "./step.ts"
import type { Ending, Step, Turn, TurnDeps } from "./turn.ts"

/**
 * A compaction: the history gets a message that asks for notes and an answer that holds them, and from then on the model
 * is shown these instead of what they tell (`sinceCompaction`). Nothing is removed. Until the notes are finished they
 * count for nothing, so that an abort, a failure or a crash leaves the history as it was.
 */
export interface Compaction {
  plan: Plan
  /** The message that asks for it, when a person sent one. */
  asked?: MessageWithParts
  /** Unasked: what the request weighed, which has to become less, and whether the provider had refused it. */
  unasked?: { fixed: number; overflowed: boolean }
}

/** @returns how the turn ends; undefined when it goes on */
export async function compact(
  { plan, asked, unasked }: Compaction,
  step: Step,
  turn: Turn,
  deps: TurnDeps,
): Promise<Ending | undefined> {
  const before = tokensOfMessages(sinceCompaction(turn.history))
  const agent = deps.agents.get("compaction")?.agent
  if (!agent) throw fault("agent_not_found", `The agent "compaction" is switched off.`)
  const wanted = asked?.info.role === "user" ? asked.info.model : step.prompt.model
  const resolved = modelFor(agent.model, wanted, deps)
  const refused = unasked?.overflowed ? { refused: unasked.fixed + before } : {}
  const request = await notesRequest({ conversation: plan.conversation, agent, resolved, ...refused }, turn, deps)
  const open = await begin({ asked, plan, unasked, resolved }, step, turn, deps)
  if (!open) return undefined // a prompt came in between: the next step looks again
  const { record, question } = open
  const { attempts } = request
  let ending: Ending | undefined
  try {
    const { usage, finish } = await answerStep(request, record, turn, deps)
    turn.budget.spend(resolved, usage)
    closeOpenParts(record, deps.host.now()) // calls that a model makes although it has no tools
    const cost = costOf(request.resolved.model, usage)
    const owned = { id: deps.host.id("prt"), sessionID: turn.sessionID, messageID: record.message.id }
    record.put({ ...owned, type: "step-finish", reason: finish, cost, tokens: usage })
    record.update({ finish, cost, tokens: usage })
    ending = verdict({ finish, before, question, unasked }, record, turn) ?? (asked && endingAsked(asked, turn, deps))
    await complete(record, turn, deps, { ending, attempts })
  } catch (caught) {
    const error = await failStep(caught, { record, attempts }, turn, deps)
    ending = { reason: reasonOf(caught, turn.signal), error }
  } finally {
    deps.records.remove(record)
    turn.history.push({ info: record.message, parts: record.parts })
  }
  if (!ending?.error) deps.publish("session.compacted", { sessionID: turn.sessionID })
  return ending
}

/** The turn ends with a compaction that somebody asked for, unless a prompt is still to be answered. */
function endingAsked(asked: MessageWithParts, { sessionID }: Turn, { store }: TurnDeps): Ending | undefined {
  const isWaiting = store.inbox.unanswered(sessionID).some(({ messageID }) => messageID !== asked.info.id)
  return isWaiting ? undefined : { reason: "stop" }
}

/** Notes that say nothing, or do not help, do not count. Whoever asked for them gets them also if they are long. */
function verdict(
  {
    finish,
    before,
    question,
    unasked,
  }: Pick<Compaction, "unasked"> & {
    finish: FinishReason
    before: number
    question: MessageWithParts
  },
  record: StepRecord,
  turn: Turn,
): Ending | undefined {
  const ended = endingEarly(finish, turn.signal)
  if (ended) return ended
  const overflow = (message: string): Ending => ({
    reason: "compaction",
    error: { name: "ContextOverflowError", data: { message } },
  })
  if (!record.parts.some((part) => part.type === "text" && part.text.trim()))
    return overflow("The conversation could not be compacted: the model wrote no notes.")
  if (!unasked) return undefined
  const info = { ...record.message, time: { ...record.message.time, completed: record.message.time.created } }
  const shown = sinceCompaction([
    ...turn.history.filter((one) => one !== question),
    question,
    { info, parts: record.parts },
  ])
  const [was, is] = [unasked.fixed + before, unasked.fixed + tokensOfMessages(shown)]
  if (is <= was * MUST_SHRINK_TO) return undefined
  return overflow(
    `The conversation is too long for the model, and compacting it did not help: about ${is} tokens of ${was} are left.`,
  )
}

/** As the agent is configured. A model that is gone must not keep a session from being compacted. */
function modelFor(configured: ModelRef | undefined, wanted: ModelRef, { models, log }: TurnDeps): ResolvedModel {
  if (!configured) return models.resolve(wanted)
  try {
    return models.resolve(configured)
  } catch (error) {
    if (!isFault(error, "model_not_found")) throw error
    log.warn("the model of the agent compaction is not there, another writes the notes", { error })
    return models.resolve(wanted)
  }
}

interface BeginInput extends Pick<Compaction, "plan" | "asked" | "unasked"> {
  resolved: ResolvedModel
}

/**
 * Question and answer reach the store together, right after what they are about: nothing may stand between them that the
 * notes do not know. Absent when a prompt was admitted meanwhile.
 */
async function begin({ plan, asked, unasked, resolved }: BeginInput, step: Step, turn: Turn, deps: TurnDeps) {
  const { host, store, publish, records } = deps
  const { sessionID } = turn
  const question = questionOf({ plan, asked, unasked }, step, turn, deps)
  const answer: AssistantMessage = {
    id: host.id("msg"),
    sessionID,
    role: "assistant",
    parentID: question.info.id,
    mode: "compaction",
    agent: "compaction",
    summary: true,
    path: { cwd: turn.session.directory, root: deps.workspace.worktree },
    cost: 0,
    tokens: noTokens(),
    modelID: resolved.model.id,
    providerID: resolved.model.providerID,
    time: { created: host.now() },
  }
  const newest = turn.history.at(-1)?.info.id
  const session = await store.turnWrite(turn.lease, (tx) => {
    const current = store.sessions.get(sessionID)
    if (!current || !isNewest(newest, turn, deps)) return undefined
    store.messages.put(tx, question.info)
    for (const part of question.parts) store.parts.put(tx, part)
    store.messages.put(tx, answer)
    const compacting = { ...current, time: { ...current.time, compacting: host.now() } }
    store.sessions.replace(tx, compacting)
    return compacting
  })
  if (!session) return undefined
  turn.session = session
  publish("session.updated", { sessionID, info: session })
  if (asked) {
    turn.history = turn.history.map((one) => (one === asked ? question : one))
    for (const part of question.parts) publish("message.part.updated", { sessionID, part, time: host.now() })
  } else {
    turn.history.push(question)
    turn.budget.compacted(sessionID)
    tellMessage(question, { publish, host })
  }
  const record = await openRecord(answer, turn.lease, { store, host, publish })
  if (!record) throw new Error("The message of a compaction is gone.")
  records.add(record)
  record.put({ id: host.id("prt"), sessionID, messageID: answer.id, type: "step-start" })
  return { record, question }
}

function questionOf(
  { plan, asked, unasked }: Pick<Compaction, "plan" | "asked" | "unasked">,
  { prompt }: Step,
  { sessionID }: Turn,
  { host }: TurnDeps,
): MessageWithParts {
  const tail = plan.tailStart === undefined ? {} : { tail_start_id: plan.tailStart }
  if (asked) {
    const parts = asked.parts.map((part) => (part.type === "compaction" ? { ...part, ...tail } : part))
    return { info: asked.info, parts }
  }
  const overflow = unasked?.overflowed ? { overflow: true } : {}
  const { agent, model } = prompt
  return compactionMessage({ sessionID, agent, model, part: { auto: true, ...overflow, ...tail } }, host)
}
