import type { ToolPart, ToolState } from "@opencode/protocol/part.ts"
import { isFault, Rejection, ToolFailure } from "../lib/fault.ts"
import type { Ask } from "../permission/ask.ts"
import { CALL_MARK, callMark } from "../process/left-behind.ts"
import type { StepRecord } from "../session/record.ts"
import { withFittedFiles } from "../tool/fit-files.ts"
import { isOff, objectionTo } from "../tool/registry.ts"
import type { Tool, ToolContext, ToolResult } from "../tool/tool.ts"
import { endedBy } from "../workspace/workspace.ts"
import type { Call } from "./answer.ts"
import { bugError } from "./describe-error.ts"
import { instructionsNear } from "./instructions-near.ts"
import { permit, type Refusal } from "./permit.ts"
import { rulesFor, userOf } from "./rules-for.ts"
import { ABORTED_CALL } from "./step.ts"
import { giveStructured, isStructuredCall } from "./structured.ts"
import type { Step, Turn, TurnDeps } from "./turn.ts"

/**
 * A call is a value before it is an act: hook, validate, prepare, permission, intent, run, outcome, in this order for
 * every tool. Whatever happens to a call ends in its part, as text for the model.
 */
export interface CallSetting {
  step: Step
  record: StepRecord
  turn: Turn
  deps: TurnDeps
}

/** Runs one call to its end. @returns whether a person refused it without a word */
export async function runCall(call: Call, setting: CallSetting): Promise<"done" | "rejected"> {
  const { turn, step, deps } = setting
  if (turn.signal.aborted) return refuse(call, ABORTED_CALL, setting, { interrupted: true })
  if (isStructuredCall(call, step.prompt)) return giveStructured(call, setting)
  if (step.last) return refuse(call, "Not run: the limit of steps is reached.", setting)
  const reached = turn.budget.reached()
  if (reached) return refuse(call, `Not run. ${reached.message}`, setting)
  if (call.isHalf) return refuse(call, HALF, setting)
  const looping = await stopLoop(call, setting)
  if (looping) return looping
  const tool = deps.registry.get(call.part.tool)
  if (!tool || tool.name === "invalid") {
    return runInvalid(call, call.part.tool, deps.registry.unknown(call.part.tool), setting)
  }
  // The model may remember it from before it was switched off.
  if (isOff(tool, step.disabled)) return refuse(call, `The tool ${tool.name} is switched off for this prompt.`, setting)
  const objection = objectionTo(tool, userOf(step, turn, deps))
  if (objection) return refuse(call, objection, setting)
  const given = deps.registry.validate(tool, call.raw)
  if (given.problem !== undefined) return runInvalid(call, tool.name, given.problem, setting)

  call.part = { ...call.part, tool: tool.name }
  return runValid(call, tool, given.input as Record<string, unknown>, setting)
}

/**
 * The same call once too often is asked about before anything else is looked at: most loops are of calls that are
 * refused or do not even parse.
 */
async function stopLoop(call: Call, setting: CallSetting): Promise<"done" | "rejected" | undefined> {
  const { deps, turn, record } = setting
  const { tool } = call.part
  const input = inputOf(call)
  if (!turn.repetition.isLoop(tool, input ?? call.raw)) return undefined
  const metadata = { tool, input: input ?? call.raw }
  put(call, { status: "running", input: input ?? {}, time: { start: deps.host.now() } }, record)
  const refusal = await permit(call, [{ permission: "doom_loop", patterns: [tool], always: [tool], metadata }], setting)
  return refusal && refused(call, refusal, setting)
}

async function runValid(
  call: Call,
  tool: Tool,
  modelInput: Record<string, unknown>,
  setting: CallSetting,
): Promise<"done" | "rejected"> {
  const { deps, turn, record } = setting
  const { hooks, host, registry } = deps
  const facts = { tool: tool.name, sessionID: turn.sessionID, callID: call.part.callID }
  const start = host.now()
  let started = false
  let isRejected = false
  const show = (update: { title?: string; metadata?: Record<string, unknown> }): void =>
    put(call, { status: "running", input: modelInput, time: { start }, ...update }, record)
  show({})
  try {
    const changed = { args: { ...modelInput } }
    await hooks.toolBefore(facts, changed)
    const checked = registry.validate(tool, changed.args)
    if (checked.problem !== undefined) throw new ToolFailure(checked.problem)

    const late = (refusal: Refusal) => (isRejected ||= refusal.ends)
    const context = { ...(await contextFor(call, show, setting)), ask: asker(call, setting, late) }
    const prepared = await tool.prepare(checked.input, context)
    const asks = prepared.asks === "unknown" ? [unknownAccess(tool, modelInput)] : prepared.asks
    const refusal = await permit(call, asks, setting)
    if (refusal) return refused(call, refusal, setting)
    turn.signal.throwIfAborted()
    if (tool.effect === "unsafe") {
      await openIntent(call, tool, checked.input, setting)
      started = true
    }
    const kind = { ...tool, onlyReads: prepared.onlyReads ?? false }
    const result = await deps.journal.around(context, kind, () => tool.run(checked.input, prepared.plan, context))
    await hooks.toolAfter({ ...facts, args: changed.args }, result)
    for (const file of result.edited ?? []) deps.publish("file.edited", { file })
    const fitted = await withFittedFiles(result, deps.images)
    put(call, completed(call.part, modelInput, fitted, start, deps), record)
  } catch (error) {
    isRejected ||= error instanceof Rejection
    const { message, metadata } = failureText(error, turn, deps)
    put(call, failed(modelInput, message, start, deps, metadata), record)
  }
  if (started) await closeIntent(call, setting)
  return isRejected ? "rejected" : "done"
}

/** What a call asks while it runs goes through the same gate, and a bare no ends the turn as it does before. */
function asker(call: Call, setting: CallSetting, late: (refusal: Refusal) => void): ToolContext["ask"] {
  return async (asks) => {
    const refusal = await permit(call, asks, setting)
    if (!refusal) return
    late(refusal)
    throw new ToolFailure(refusal.message)
  }
}

/** A call that cannot be run as it came is answered by the tool `invalid`, and the model goes on. */
async function runInvalid(call: Call, name: string, error: string, setting: CallSetting): Promise<"done"> {
  const { deps, record } = setting
  const input = { tool: name, error }
  const start = deps.host.now()
  call.part = { ...call.part, tool: "invalid" }
  const invalid = deps.registry.get("invalid")
  if (!invalid) throw new Error("The registry has no tool for invalid calls.")
  const context = await contextFor(call, () => {}, setting)
  const { plan } = await invalid.prepare(input, context)
  put(call, completed(call.part, input, await invalid.run(input, plan, context), start, deps), record)
  return "done"
}

async function contextFor(call: Call, progress: ToolContext["progress"], setting: CallSetting): Promise<ToolContext> {
  const { deps, turn, step, record } = setting
  const { sessionID, messageID, callID } = call.part
  const shellEnv = { env: {} as Record<string, string> }
  await deps.hooks.shellEnv({ cwd: turn.session.directory, sessionID, callID }, shellEnv)
  return {
    sessionID,
    messageID,
    callID,
    progress,
    agent: step.setting.agent.name,
    readOnly: step.setting.readOnly,
    ...(call.model && { model: call.model }),
    ...(call.isGiven && { isGiven: true }),
    workspace: endedBy(turn.signal, deps.workspace),
    seen: deps.seenBy(sessionID),
    signal: turn.signal,
    environment: { ...deps.environment, ...shellEnv.env, [CALL_MARK]: callMark({ messageID, callID }) },
    start: deps.start,
    sandbox: deps.sandbox,
    outputFolder: deps.outputFolder,
    limits: deps.config.limits,
    ...(deps.config.commandTimeoutMs === undefined ? {} : { commandTimeoutMs: deps.config.commandTimeoutMs }),
    shell: deps.config.shell,
    todos: {
      get: () => deps.store.todos.get(sessionID),
      async set(todos) {
        await record.commit((tx) => deps.store.todos.put(tx, sessionID, todos))
        deps.publish("todo.updated", { sessionID, todos })
      },
    },
    ask: async () => {
      throw new Error("This call cannot ask.")
    },
    mayRead: (name) =>
      deps.gate.allows([{ permission: "read", patterns: [name], always: [], metadata: {} }], rulesFor(setting)),
    instructionsNear: (real) => instructionsNear(real, setting),
    journal: deps.journal.of({ sessionID, messageID, callID }),
    now: deps.host.now,
    id: () => deps.host.id("tool"),
  }
}

/** Before an unsafe call starts it is on record that it may have had its effect. */
async function openIntent(call: Call, tool: Tool, input: unknown, { record, deps, turn }: CallSetting): Promise<void> {
  const { callID, messageID } = call.part
  const intent = { callID, messageID, sessionID: turn.sessionID, tool: tool.name, effect: tool.effect, input }
  await record.commit((tx) => deps.store.intents.open(tx, { ...intent, started: deps.host.now() }))
}

/** The outcome, and the part that tells it, are one durable point. */
async function closeIntent(call: Call, { record, deps }: CallSetting): Promise<void> {
  const { store, host } = deps
  const { callID, messageID, state } = call.part
  await record.commit((tx) =>
    store.intents.finish(tx, { callID, messageID }, { outcome: state.status, finished: host.now() }),
  )
}

function completed(
  part: ToolPart,
  input: Record<string, unknown>,
  { title, output, metadata, attachments }: ToolResult,
  start: number,
  { host }: TurnDeps,
): ToolState {
  const { sessionID, messageID } = part
  const files = attachments?.map((file) => ({ ...file, id: host.id("prt"), sessionID, messageID }))
  const time = { start, end: host.now() }
  return { status: "completed", input, output, title, metadata, time, ...(files?.length ? { attachments: files } : {}) }
}

function put(call: Call, state: ToolState, record: StepRecord): void {
  call.part = { ...call.part, state }
  record.put(call.part)
}

const failed = (
  input: Record<string, unknown>,
  error: string,
  start: number,
  { host }: TurnDeps,
  metadata: Record<string, unknown> = {},
): ToolState => ({ status: "error", input, error, metadata, time: { start, end: host.now() } })

function refused(call: Call, { message, ends }: Refusal, setting: CallSetting): "done" | "rejected" {
  refuse(call, message, setting, setting.turn.signal.aborted ? { interrupted: true } : {})
  return ends ? "rejected" : "done"
}

/** A tool that cannot say what it would touch is asked about by its name. */
export const unknownAccess = ({ permission, name }: Tool, input: Record<string, unknown>): Ask => ({
  permission,
  patterns: [name],
  always: [],
  metadata: { input },
})

const HALF =
  "Not run: the answer was cut at the limit for output before this call was complete. Make it again, in smaller pieces."

/** A call that is answered without having run. */
export function refuse(
  call: Call,
  error: string,
  { deps, record }: CallSetting,
  metadata?: Record<string, unknown>,
): "done" {
  const { state } = call.part
  const start = state.status === "running" ? state.time.start : deps.host.now()
  put(call, failed(inputOf(call) ?? {}, error, start, deps, metadata), record)
  return "done"
}

/** The arguments, if they can be read: half-written ones are not shown as if they were meant. */
export function inputOf({ raw }: Call): Record<string, unknown> | undefined {
  try {
    const input: unknown = JSON.parse(raw)
    return input && typeof input === "object" && !Array.isArray(input) ? { ...input } : undefined
  } catch {
    return undefined
  }
}

function failureText(
  error: unknown,
  turn: Turn,
  deps: TurnDeps,
): { message: string; metadata: Record<string, unknown> } {
  if (turn.signal.aborted) {
    // What a subagent did until then is not lost: its name has to stay known.
    const child = error instanceof ToolFailure && "sessionId" in error.metadata ? error : undefined
    return { message: child?.message ?? ABORTED_CALL, metadata: { ...child?.metadata, interrupted: true } }
  }
  if (error instanceof ToolFailure) return { message: error.message, metadata: error.metadata }
  if (isFault(error)) return { message: error.message, metadata: {} }
  return { message: bugError(error, deps).data.message, metadata: {} }
}
