import type { AssistantMessage, MessageWithParts, ShellInput } from "@opencode/protocol/message.ts"
import type { ToolPart } from "@opencode/protocol/part.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { fault } from "../lib/fault.ts"
import type { Gate } from "../permission/gate.ts"
import { promptMessage, type AdmitDeps } from "../session/admit.ts"
import type { TurnSeat } from "../session/lane.ts"
import type { Lanes } from "../session/lanes.ts"
import { openRecord } from "../session/record.ts"
import type { Sessions } from "../session/sessions.ts"
import { tellMessage } from "../session/tell-message.ts"
import type { Tx } from "../store/tx.ts"
import { runCalls } from "./calls.ts"
import { turnOn } from "./seat.ts"
import { complete } from "./step.ts"
import type { Step, TurnDeps } from "./turn.ts"

/**
 * A command that a person typed instead of a model: the same call of the same tool, on record in the same way, but
 * nobody is asked and no sandbox is in the way, because whoever could be asked has just said what is to be done. The next
 * prompt shows it to the model.
 */
export interface ShellDeps {
  turn(): Promise<TurnDeps>
  admit: AdmitDeps
  lanes: Pick<Lanes, "occupy">
  /** What was taken back goes for good with what is said next. Returns what tells the clients so. */
  makeFinal(tx: Tx, sessionID: string): () => void
  sessions: Pick<Sessions, "get">
  /** Closes what a process that died left open. */
  recover(sessionID: string): Promise<void>
}

/** @returns the message with the call, when the command is over @throws fault `busy`, `conflict`, `agent_not_found` */
export type RunShell = (sessionID: string, input: ShellInput) => Promise<MessageWithParts>

export interface ToolInput {
  agent: string
  tool: string
  input: Record<string, unknown>
}

/** As `RunShell`, for any tool, bound by what the agent may do: what a rule would ask about is refused. */
export type RunTool = (sessionID: string, input: ToolInput) => Promise<MessageWithParts>

const SAID = "The following tool was executed by the user"

export const createShell = (deps: ShellDeps): RunShell => {
  const run = createTyped(deps)
  return (sessionID, { command, ...prompt }) =>
    run(sessionID, prompt, { tool: "bash", input: { command }, isBound: false })
}

export const createToolRun = (deps: ShellDeps): RunTool => {
  const run = createTyped(deps)
  return (sessionID, { agent, ...call }) => run(sessionID, { agent }, { ...call, isBound: true })
}

function createTyped({ turn: openTurn, admit, lanes, makeFinal, sessions, recover }: ShellDeps) {
  async function run(seat: TurnSeat, { prompt, call: typed, deps }: Typed): Promise<MessageWithParts> {
    const { store, host, publish, records } = deps
    const { sessionID } = seat
    const tellUndone = await store.turnWrite(seat.lease, (tx) => {
      const tell = makeFinal(tx, sessionID)
      store.messages.put(tx, prompt.info)
      for (const part of prompt.parts) store.parts.put(tx, part)
      return tell
    })
    tellUndone()
    tellMessage(prompt, deps)

    const turn = turnOn(seat, deps)
    const step = stepFor(prompt, typed, deps)
    const message = answerTo(prompt, { id: host.id("msg"), now: host.now(), cwd: turn.session.directory, deps })
    const record = await openRecord(message, seat.lease, { store, host, publish })
    if (!record) throw new Error("A message that nothing stands in the way of was not opened.")
    records.add(record)
    try {
      const part: ToolPart = {
        id: host.id("prt"),
        sessionID,
        messageID: message.id,
        type: "tool",
        callID: host.id("tool"),
        tool: typed.tool,
        state: { status: "pending", input: typed.input, raw: "" },
      }
      const call = { part, raw: JSON.stringify(typed.input) }
      await runCalls([call], { step, record, turn, deps: { ...deps, ...guardOf(typed, deps) } })
      await complete(record, turn, deps, { attempts: [] })
      await deps.stepChanges.endOfTurn(turn)
    } finally {
      records.remove(record)
      turn.leave()
    }
    return { info: record.message, parts: record.parts }
  }

  return async (
    sessionID: string,
    { agent, model, messageID }: Omit<ShellInput, "command">,
    call: TypedCall,
  ): Promise<MessageWithParts> => {
    const session = sessions.get(sessionID)
    await recover(sessionID)
    const deps = await openTurn()
    const parts = [{ type: "text" as const, text: SAID, synthetic: true }]
    const prompt = await promptMessage(
      session,
      { agent, parts, ...(model ? { model } : {}), ...(messageID === undefined ? {} : { messageID }) },
      admit,
    )
    if (deps.store.messages.get(prompt.info.id)) {
      throw fault("conflict", `There is a message with the id ${prompt.info.id} already.`, {
        messageID: prompt.info.id,
      })
    }
    return lanes.occupy(sessionID, (seat) => run(seat, { prompt, call, deps }))
  }
}

interface TypedCall {
  tool: string
  input: Record<string, unknown>
  /** By the rules of the agent. */
  isBound: boolean
}

interface Typed {
  prompt: Prompt
  call: TypedCall
  deps: TurnDeps
}

type Prompt = Awaited<ReturnType<typeof promptMessage>>

/** A step without a model: what a call looks at. A person's command is not bound by what their agent may do. */
function stepFor({ info }: Prompt, { isBound }: TypedCall, { agents, models }: TurnDeps): Step {
  const setting = agents.get(info.agent)
  if (!setting) throw fault("agent_not_found", `The agent "${info.agent}" is no longer defined.`)
  return {
    prompt: info,
    setting: isBound ? setting : { ...setting, ceiling: [], readOnly: false },
    resolved: models.resolve(info.model),
    messages: [],
    system: [],
    disabled: [],
    last: false,
  }
}

interface Answering {
  id: string
  now: number
  cwd: string
  deps: TurnDeps
}

const answerTo = ({ info }: Prompt, { id, now, cwd, deps }: Answering): AssistantMessage => ({
  id,
  sessionID: info.sessionID,
  role: "assistant",
  parentID: info.id,
  mode: info.agent,
  agent: info.agent,
  path: { cwd, root: deps.workspace.worktree },
  cost: 0,
  tokens: noTokens(),
  modelID: info.model.modelID,
  providerID: info.model.providerID,
  time: { created: now },
})

/** Whoever typed a command has allowed it; in front of a tool that is tried there is nobody who could. */
const guardOf = ({ isBound }: TypedCall, { gate, sandbox }: TurnDeps): Pick<TurnDeps, "gate" | "sandbox"> =>
  isBound
    ? { gate: unasked(gate), sandbox }
    : { gate: { ...gate, check: async () => ({ type: "allow" }) }, sandbox: undefined }

const unasked = (gate: Gate): Gate => ({
  ...gate,
  check: async ({ asks, rulesets, ceiling }) =>
    gate.allows(asks, { rulesets, ceiling })
      ? { type: "allow" }
      : { type: "deny", message: `The rules do not allow this without asking: ${asks.map(accessOf).join(", ")}.` },
})

const accessOf = ({ permission, patterns }: { permission: string; patterns: readonly string[] }): string =>
  `${permission} ${patterns.join(" ")}`
