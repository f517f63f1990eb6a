import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { ConfigSnapshot, loadConfig, LoadOptions } from "../config/load.ts"
import type { Folders } from "../config/folders.ts"
import type { Bus } from "../bus/bus.ts"
import type { Host } from "../lib/host.ts"
import type { LanguageInput } from "../model/language.ts"
import type { openModels, OpenModelsInput } from "../model/open-models.ts"
import type { Request } from "../model/request.ts"
import type { Store } from "../store/store.ts"
import type { Tool } from "../tool/tool.ts"
import type { openWorkspace, Workspace, WorkspaceOptions } from "../workspace/workspace.ts"

/**
 * The line between the program and everything outside that decides what a session becomes. The engine takes each of
 * these through it, so that a recording can listen and a replay can stand in for the world. In ordinary work it hands
 * on what it gets.
 */
export interface Boundary {
  /** Draws of ids and chance, and the clock. Turns, prompts and asks have lanes of their own. */
  host: Host
  /** Carries requests to models, and nothing else. */
  request: Request
  /** The user's folders, as rules and asks name them. */
  folders(real: Folders): Folders
  workspace(open: typeof openWorkspace, options: WorkspaceOptions): Promise<Workspace>
  config(load: typeof loadConfig, options: LoadOptions): Promise<ConfigSnapshot>
  /** What was approved for good in a folder, looked up whenever it may spare a question. */
  approvals(directory: string, read: () => PermissionRuleset): () => PermissionRuleset
  models(open: typeof openModels, input: OpenModelsInput): ReturnType<typeof openModels>
  /** What a model is opened with. Told before its first request. */
  opened(input: LanguageInput): void
  /** The tools as they are to be used. */
  tools(tools: readonly Tool[]): readonly Tool[]
  /**
   * Anything else that is read of the world and decides what a session becomes. A replay does not run it.
   * @param what names it, the same in each run; one name may come more than once, in its order
   * @param before what it comes to in recordings of before anybody asked; without it such a replay ends here
   * @returns what `run` returned or threw: plain data
   */
  effect<T>(what: string, run: () => Promise<T>, before?: T): Promise<T>
  /**
   * Anything else that is found out when a folder is opened. It has no moment: a replay looks it up.
   * @returns what `find` returned: plain data
   */
  found<T>(what: string, place: { directory: string }, find: () => Promise<T>): Promise<T>
  /** Whether other processes may reach this one. A replay opens no socket. */
  hasPeers: boolean
  /** A request at the door that may change a session. @returns to be told how it was answered; absent: nobody listens */
  input?(input: DoorInput): (ok: boolean) => void
  /** The process has its store and its bus now. */
  attach(inside: Inside): void
  /** The engines are about to be closed. */
  closing(): void
  close(): void
}

export interface Inside {
  bus: Bus
  store: Store
  /** Where logins are kept; it need not exist. */
  credentialsFile: string
}

export interface DoorInput {
  method: string
  /** Path and query as they were sent. */
  target: string
  /** Absolute: the folder the request speaks of. */
  directory: string
  /** Parsed; absent when there was none. */
  body?: unknown
}

/** Makes a boundary around the real things. */
export type OpenBoundary = (real: Pick<Boundary, "host" | "request">) => Boundary

/** Nobody listens. */
export const plainBoundary: OpenBoundary = ({ host, request }) => ({
  host,
  request,
  hasPeers: true,
  folders: (real) => real,
  workspace: (open, options) => open(options),
  config: (load, options) => load(options),
  approvals: (_, read) => read,
  models: (open, input) => open(input),
  opened: () => {},
  tools: (tools) => tools,
  effect: (_, run) => run(),
  found: (_, _place, find) => find(),
  attach: () => {},
  closing: () => {},
  close: () => {},
})
