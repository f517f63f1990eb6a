/**
 * A fault is an expected failure: it has a code, is shown in one sentence, and becomes an HTTP status by one table.
 * A tool failure becomes text for the model and the turn goes on. Anything else that is thrown is a bug.
 */
export type FaultCode =
  | "bad_request"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "session_not_found"
  | "message_not_found"
  | "permission_not_found"
  | "question_not_found"
  | "project_not_found"
  | "patch_refused"
  | "worktree"
  | "upgrade"
  | "provider_login"
  | "pty_not_found"
  | "pty_forbidden"
  | "agent_not_found"
  | "model_not_found"
  | "provider_auth"
  | "config_invalid"
  | "busy"
  | "conflict"
  | "too_large"
  | "unavailable"
  | "aborted"
  | "limit"
  | "storage"

export class Fault extends Error {
  override readonly name = "Fault"
  readonly code: FaultCode
  /** Facts about the failure for programs: ids, paths, near names. Never secrets. */
  readonly data: Record<string, unknown>

  constructor(code: FaultCode, message: string, data: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.data = data
  }
}

export class ToolFailure extends Error {
  override readonly name = "ToolFailure"
  readonly metadata: Record<string, unknown>

  constructor(message: string, metadata: Record<string, unknown> = {}) {
    super(message)
    this.metadata = metadata
  }
}

/** A person's bare no that a call met while it ran: the model hears of it, and the turn is over. */
export class Rejection extends ToolFailure {}

export const fault = (code: FaultCode, message: string, data?: Record<string, unknown>, cause?: unknown): Fault =>
  new Fault(code, message, data, cause)

export const toolFailure = (message: string, metadata?: Record<string, unknown>): ToolFailure =>
  new ToolFailure(message, metadata)

export const isFault = (error: unknown, code?: FaultCode): error is Fault =>
  error instanceof Fault && (code === undefined || error.code === code)
