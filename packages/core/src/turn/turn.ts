import type { Agent } from "@opencode/protocol/agent.ts"
import type { MessageError } from "@opencode/protocol/error.ts"
import type { MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import type { PermissionRule } from "@opencode/protocol/permission.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { Hooks } from "../extension/hooks.ts"
import type { Host } from "../lib/host.ts"
import type { Log } from "../lib/log.ts"
import type { Images } from "../model/image/fit.ts"
import type { ResolvedModel } from "../model/resolve.ts"
import type { Gate } from "../permission/gate.ts"
import type { StartProcess } from "../process/spawn.ts"
import type { TurnSeat } from "../session/lane.ts"
import type { OpenRecords, Publish } from "../session/record.ts"
import type { Store } from "../store/store.ts"
import type { Registry } from "../tool/registry.ts"
import type { OutputLimits, SeenFiles } from "../tool/tool.ts"
import type { Workspace } from "../workspace/workspace.ts"
import type { createRepetition } from "./repetition.ts"

/** What a turn knows: its seat in the lane, the history so far, and what it has spent. */
export interface Turn extends TurnSeat {
  session: Session
  /** In the store's order. Grows by each step's message, and by prompts that arrive. */
  history: MessageWithParts[]
  steps: number
  repetition: ReturnType<typeof createRepetition>
}

/** What a turn uses. */
export interface TurnDeps {
  store: Store
  host: Host
  log: Log
  publish: Publish
  records: OpenRecords
  hooks: Hooks
  images: Images
  gate: Gate
  registry: Registry
  workspace: Workspace
  agents: { get(name: string): AgentSetting | undefined }
  models: { resolve(ref: ModelRef): ResolvedModel }
  config: {
    /** Goes on after a plain rejection instead of ending the turn. */
    continueOnDeny: boolean
    limits: OutputLimits
    shell: { file: string; args(command: string): string[] }
  }
  start: StartProcess
  environment: Record<string, string>
  outputFolder: string
  /** What a session has read, kept as long as the session is in use. */
  seenBy(sessionID: string): SeenFiles
  platform: string
}

export interface AgentSetting {
  agent: Agent
  /** Rules that no configuration can widen. */
  ceiling: PermissionRule[]
  /** Commands may only read. */
  readOnly: boolean
}

/** Everything one request is made of. */
export interface Step {
  /** The newest prompt: its agent, model and settings hold for the step. */
  prompt: UserMessage
  setting: AgentSetting
  resolved: ResolvedModel
  messages: MessageWithParts[]
  system: string[]
  /** Names and wildcards of tools that the prompt turns off. */
  disabled: string[]
  /** This step's answer may not call tools. */
  last: boolean
}

/** Why a turn is over; absent while it goes on. */
export type Ending =
  | { type: "stop" }
  | { type: "rejected" }
  | { type: "aborted" }
  | { type: "limit" }
  | { type: "error"; error: MessageError }
