import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import type { FilePart } from "@opencode/protocol/part.ts"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { Todo } from "@opencode/protocol/todo.ts"
import type { z } from "zod"
import type { InstructionText } from "../config/instruction-file.ts"
import type { Ask } from "../permission/ask.ts"
import type { StartProcess } from "../process/spawn.ts"
import type { Effect } from "../store/intent-store.ts"
import type { Fingerprint } from "../workspace/files.ts"
import type { Workspace } from "../workspace/workspace.ts"
import type { Sandbox } from "./sandbox.ts"

/** What a tool may know and use while it prepares or runs. Nothing is ambient. */
export interface ToolContext {
  sessionID: string
  messageID: string
  callID: string
  agent: string
  /** The model that a child of this call gets, where whoever made the call chose one. */
  model?: ModelRef
  /** A person gave this task, and chose who does it: also an agent that models may not start. */
  isGiven?: boolean
  /** Bash may only read: set for agents whose rules say so, and no configuration can unset it. */
  readOnly: boolean
  workspace: Workspace
  /** The files this session has read, by canonical path: what `write` and `edit` compare against. */
  seen: SeenFiles
  /** Ends the call. Everything that the call started must end with it. */
  signal: AbortSignal
  /** The child environment: the user's, without our secrets. */
  environment: Record<string, string>
  /** Start a child process: the only way to run one. */
  start: StartProcess
  /** Where commands run, when somebody asked for a place that lets them touch less. */
  sandbox?: Sandbox | undefined
  /** Where output that is too long for the model is kept whole. Mode 0700; made on first use. */
  outputFolder: string
  limits: OutputLimits
  /** How long a command may take when the call does not say, in milliseconds (default 120,000). */
  commandTimeoutMs?: number
  /** Which shell runs commands: configuration, then the user's own. */
  shell: { name: string; file: string; args(command: string): string[] }
  /** Show progress: replaces the running call's title and metadata on every client. */
  progress(update: { title?: string; metadata?: Record<string, unknown> }): void
  /** What this session noted to be done. `set` replaces the list, and every client hears of it. */
  todos: { get(): Todo[]; set(todos: Todo[]): Promise<void> }
  /**
   * Asks for what only showed while the call ran, as a redirect to another host. Resolves when it is allowed.
   * @throws tool failure when it is not; the call ends with it
   */
  ask(asks: Ask[]): Promise<void>
  /** Whether `read` would need no question: what a search may show of a file. By the name that rules call it by. */
  mayRead(name: string): boolean
  /** Instructions of the folders around a file that the model was not told yet. @param real canonical */
  instructionsNear(real: string): Promise<InstructionText[]>
  /** Has changes of files on record, so that they can be undone. */
  journal: Journal
  now(): number
  /** An id for a file that the call leaves behind. */
  id(): string
}

export interface Journal {
  /**
   * Keeps what there is at the paths, then does `act`, which makes of them what is said here and nothing else.
   * @param changes canonical paths; `after` is undefined for a file that goes
   * @throws what `act` throws; fault `storage` before it, when nothing can be kept
   */
  changing<T>(changes: PlannedFile[], act: () => Promise<T>): Promise<T>
}

export interface PlannedFile {
  path: string
  /** What there was, where somebody has made the change already; a member that is undefined means no file. */
  before?: Buffer | undefined
  after: Uint8Array | undefined
}

export interface OutputLimits {
  /** Lines of output the model gets (default 2,000). */
  maxLines: number
  /** Bytes of output the model gets (default 51,200). */
  maxBytes: number
}

/** What a model reads with profit; the whole output is kept in a file beside it. */
export const DEFAULT_LIMITS: OutputLimits = { maxLines: 2_000, maxBytes: 51_200 }

/** Remembers each file as it was when the session last read or wrote it. */
export interface SeenFiles {
  get(real: string): Fingerprint | undefined
  set(real: string, fingerprint: Fingerprint): void
}

/** What a call would do. `unknown` asks by the tool's name: the call could not be analysed. */
export interface Prepared<Plan> {
  asks: Ask[] | "unknown"
  plan: Plan
  /** It is certain that the call changes no file, although the tool could. */
  onlyReads?: boolean
}

export interface ToolResult {
  title: string
  output: string
  metadata: Record<string, unknown>
  /** Absolute paths of files that the call changed, where the tool knows them. */
  edited?: string[]
  attachments?: Pick<FilePart, "type" | "mime" | "url" | "filename">[]
}

/** Whose turn it is. */
export interface ToolUser {
  agent: string
  /** Its session was started by a call of another one. */
  isChild: boolean
  /** It may only read, and nothing lifts that: plan mode, and subagents that were started in it. */
  readOnly: boolean
  /** What its commands can do in the sandbox that is set. Absent without one. */
  confined?: string
}

export interface Tool<Input = unknown, Plan = unknown> {
  name: string
  /** Told to the model. Says what it cannot guess. */
  prose: string
  /** What the prose goes on with under these rules. The same rules give the same text. */
  proseUnder?: (rules: PermissionRuleset, ceiling: PermissionRuleset) => string
  /** What the prose ends with for this user. The same for a whole turn. */
  proseFor?: (user: ToolUser) => string
  /** Whether it can do anything under these rules; absent: always. */
  isOfUse?: (rules: PermissionRuleset, ceiling: PermissionRuleset) => boolean
  effect: Effect
  /** Its changes of files are put on record by itself, or by the sessions that it starts: nobody has to look for them. */
  recordsChanges?: true
  /** Built when the tool is first offered. */
  input: () => z.ZodType<Input>
  /**
   * Where only reading is allowed (plan mode), something else than its effect keeps it from changing anything: the
   * ceiling's rules for files, its own look at its input, or what binds the sessions that it starts.
   */
  isBound?: true
  /** Comes from somebody else's server or file. The hint is what its maker says: it changes nothing. */
  foreign?: { readOnlyHint: boolean }
  /** Who is offered it, where that is not everybody. */
  isFor?: (user: ToolUser) => boolean
  /** How many neighbouring calls of it may run at once. Absent: those without effect run side by side, others alone. */
  atOnce?: number
  /** Whose rules decide; `write` and `edit` share `edit`. Also: a permission denied for `*` is not offered. */
  permission: string
  /** Which models get it, by their id; absent: all. */
  suits?: (modelID: string) => boolean
  /** Tools whose work it does for those models: who turned one of them off turned it off as well. */
  standsFor?: readonly string[]
  /** Runs before anybody is asked. May read, has no effect. What it returns is what is shown, and what `run` gets. */
  prepare(input: Input, context: ToolContext): Promise<Prepared<Plan>>
  /** Runs after permission. Re-checks what it relies on. Throws `toolFailure` for what the model should hear. */
  run(input: Input, plan: Plan, context: ToolContext): Promise<ToolResult>
}

/** Ties the input's schema, the plan and the body together, then forgets their types: the registry holds any tool. */
export function defineTool<Input, Plan>(tool: Tool<Input, Plan>): Tool {
  return tool as Tool
}
