import type { Agent } from "@opencode/protocol/agent.ts"
import type { Config } from "@opencode/protocol/config.ts"
import type { EndReason } from "@opencode/protocol/end-reason.ts"
import type { MessageError } from "@opencode/protocol/error.ts"
import type { MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import type { PermissionRule } from "@opencode/protocol/permission.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { InstructionText } from "../config/instruction-file.ts"
import type { Reference } from "../config/references.ts"
import type { Hooks } from "../extension/hooks.ts"
import type { Host } from "../lib/host.ts"
import type { Log } from "../lib/log.ts"
import type { Images } from "../model/image/fit.ts"
import type { ResolvedModel } from "../model/resolve.ts"
import type { Gate } from "../permission/gate.ts"
import type { Shell } from "../process/shell.ts"
import type { StartProcess } from "../process/spawn.ts"
import type { TurnSeat } from "../session/lane.ts"
import type { ChangeJournal } from "../session/journal.ts"
import type { OpenRecords } from "../session/open-records.ts"
import type { Publish } from "../session/record.ts"
import type { Bounds } from "../store/child-store.ts"
import type { StepChanges } from "../session/step-changes.ts"
import type { Store } from "../store/store.ts"
import type { Registry } from "../tool/registry.ts"
import type { Sandbox } from "../tool/sandbox.ts"
import type { OutputLimits, SeenFiles } from "../tool/tool.ts"
import type { Workspace } from "../workspace/workspace.ts"
import type { Asked } from "./attempt.ts"
import type { Budget } from "./budget.ts"
import type { Measure } from "./measure.ts"
import type { Repetition } from "./repetition.ts"
import type { Trees } from "./tree.ts"

/** What a turn knows: its seat in the lane, the history so far, and what it has spent. */
export interface Turn extends TurnSeat {
  session: Session
  /** In the store's order. Grows by each step's message, and by prompts that arrive. */
  history: MessageWithParts[]
  steps: number
  /** Old outputs were removed since the last request. */
  pruned: boolean
  repetition: Repetition
  /** Shared with the turn that this one works for, and with those that work for it. */
  budget: Budget
  /** Nobody but a person waits for it. */
  isRoot: boolean
  /** What the session that started this one forbids. */
  bounds: Bounds | undefined
  /** Answers in a row that were cut before anything in them was of use. */
  cutAnswers: number
  /** What the user and the project tell the model, as it was when the turn began. Absent until somebody asks. */
  instructions?: InstructionText[]
  /** Files with instructions of folders that calls of this step brought, and that are not in the history yet. */
  brought: Set<string>
}

/** What a turn uses. */
export interface TurnDeps {
  store: Store
  host: Host
  log: Log
  publish: Publish
  records: OpenRecords
  /** What calls do to files. */
  journal: ChangeJournal
  stepChanges: StepChanges
  hooks: Hooks
  images: Images
  gate: Gate
  registry: Registry
  workspace: Workspace
  agents: { get(name: string): AgentSetting | undefined }
  models: { resolve(ref: ModelRef): ResolvedModel }
  trees: Trees
  config: {
    /** Goes on after a plain rejection instead of ending the turn. */
    continueOnDeny: boolean
    limits: OutputLimits
    /** Of an answer, where the user wants less than the model can. */
    maxOutputTokens?: number
    /** How long a command may take when its call does not say. */
    commandTimeoutMs?: number
    compaction: NonNullable<Config["compaction"]>
    shell: Shell
  }
  start: StartProcess
  /** Where the commands of agents run; none was asked for, or a person typed the command. */
  sandbox: Sandbox | undefined
  instructions: TurnInstructions
  references: readonly Reference[]
  environment: Record<string, string>
  outputFolder: string
  /** Where a session keeps its plan. */
  planFile(session: Session): string
  /** What a session has read, kept as long as the session is in use. */
  seenBy(sessionID: string): SeenFiles
  platform: string
}

export interface TurnInstructions {
  /** As they are now, for the system prompt. Never throws for what is written in them. */
  read(sessionID: string): Promise<InstructionText[]>
  /** Those of the folders around a file, nearest first. */
  near(real: string, isKnown: (path: string) => boolean): Promise<InstructionText[]>
}

export interface AgentSetting {
  agent: Agent
  /** Rules that no configuration can widen. */
  ceiling: PermissionRule[]
  /** Commands may only read. */
  readOnly: boolean
}

/** What one step works with: the newest prompt and its settings, and what the model is shown. */
export interface Step {
  /** The newest prompt: its agent, model and settings hold for the step. */
  prompt: UserMessage
  setting: AgentSetting
  resolved: ResolvedModel
  /** Since the last compaction, as extensions want it. */
  messages: MessageWithParts[]
  system: string[]
  /** Names and wildcards of tools that the prompt turns off. */
  disabled: string[]
  /** This step's answer may not call tools. */
  last: boolean
  /** Somebody asked for a compaction, and it was not made yet. */
  asked?: MessageWithParts
}

/** A step whose request is made and weighed. */
export interface Request extends Step, Asked {
  measure: Measure
  /** Tokens that it may have; undefined when the model's window is not known. */
  room: number | undefined
}

/** Why a turn is over; absent while it goes on. */
export interface Ending {
  reason: EndReason
  error?: MessageError
}
