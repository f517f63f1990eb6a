import type { MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import type { Part, PartOf } from "@opencode/protocol/part.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { shownPrompts } from "../session/shown-prompts.ts"
import { tellMessage } from "../session/tell-message.ts"
import type { Call } from "./answer.ts"
import { runCalls } from "./calls.ts"
import { reasonOf } from "./ending.ts"
import { beginStep, endStep, failStep, finishStep } from "./step.ts"
import type { Ending, Step, Turn, TurnDeps } from "./turn.ts"

/**
 * Tasks that a prompt gives to subagents itself are started without asking the model: they stand in a message of their
 * own, as if it had made the calls, and then it is told to go on.
 * @returns absent when the prompt gives none, or they were done; else how the turn goes on after them
 */
export async function runSubtasks(
  step: Step,
  turn: Turn,
  deps: TurnDeps,
): Promise<{ ending?: Ending | undefined } | undefined> {
  const tasks = tasksOf(step.prompt, turn, deps)
  if (!tasks.length) return undefined
  const record = await beginStep(step, turn, deps)
  if (!record) return {} // a prompt came in between: gather again
  try {
    const calls = tasks.map((task) => callOf(task, record.message, deps))
    for (const { part } of calls) record.put(part)
    const { rejected } = await runCalls(calls, { step: { ...step, last: false }, record, turn, deps })
    const ending: Ending | undefined = rejected ? { reason: "rejected" } : undefined
    const answer = { finish: "tool-calls" as const, usage: noTokens(), calls }
    turn.signal.throwIfAborted()
    await finishStep(answer, { ...step, attempts: [] }, record, turn, deps, ending)
    if (!ending) await goOn(step.prompt, turn, deps)
    return { ending }
  } catch (error) {
    const known = await failStep(error, { record, attempts: [] }, turn, deps)
    return { ending: { reason: reasonOf(error, turn.signal), error: known } }
  } finally {
    endStep(record, turn, deps)
  }
}

/**
 * Those of the prompt that is to be answered, and of prompts that came together with it: an answer that shows a prompt
 * answers it, so what it gives has to be done first.
 */
function tasksOf({ id }: UserMessage, { history, sessionID }: Turn, { store }: TurnDeps): PartOf<"subtask">[] {
  const shown = shownPrompts(history.filter((message) => !isNotes(message)))
  const arrived = history.filter(({ info }) => !shown.has(info.id))
  const given = arrived.filter(({ parts }) => parts.some(({ type }) => type === "subtask"))
  if (!given.length) return []
  const waiting = new Set(store.inbox.unanswered(sessionID).map(({ messageID }) => messageID)).add(id)
  return given
    .filter(({ info }) => waiting.has(info.id))
    .flatMap(({ parts }) => parts.filter((part) => part.type === "subtask"))
}

/** Notes of a compaction answer no prompt. */
const isNotes = ({ info }: MessageWithParts): boolean => info.role === "assistant" && info.summary === true

function callOf(task: PartOf<"subtask">, message: { id: string; sessionID: string }, { host }: TurnDeps): Call {
  const { prompt, description, agent, command, model } = task
  const input = { description: description || agent, prompt, subagent_type: agent, ...(command ? { command } : {}) }
  const raw = JSON.stringify(input)
  const owner = { id: host.id("prt"), sessionID: message.sessionID, messageID: message.id }
  // Unique in the message, and the same in a replay.
  const callID = `call_${owner.id.slice("prt_".length)}`
  return {
    part: { ...owner, type: "tool", callID, tool: "task", state: { status: "pending", input, raw } },
    raw,
    model,
    isGiven: true,
  }
}

const GO_ON = "Summarize the task tool output above and continue with your task."

/** A prompt of the program's own, so that a model that only sees results knows what is wanted of them. */
async function goOn(prompt: UserMessage, turn: Turn, deps: TurnDeps): Promise<void> {
  const { store, host } = deps
  const { sessionID } = turn
  const { agent, model, system, tools, format } = prompt
  const info: UserMessage = {
    id: host.id("msg"),
    sessionID,
    role: "user",
    time: { created: host.now() },
    agent,
    model,
    ...(format ? { format } : {}),
    ...(system === undefined ? {} : { system }),
    ...(tools ? { tools } : {}),
  }
  const part: Part = { id: host.id("prt"), sessionID, messageID: info.id, type: "text", text: GO_ON, synthetic: true }
  const message: MessageWithParts = { info, parts: [part] }
  await store.turnWrite(turn.lease, (tx) => {
    store.messages.put(tx, message.info)
    store.parts.put(tx, part, 0)
  })
  tellMessage(message, deps)
}
