import { isFault, type Fault, type FaultCode } from "@opencode/core/lib/fault.ts"
import type { Host } from "@opencode/core/lib/host.ts"
import type { Log } from "@opencode/core/lib/log.ts"
import { schema } from "@opencode/protocol/schema.ts"
import { PROVIDER_LOGIN_ERRORS } from "@opencode/protocol/provider-auth.ts"
import { WORKTREE_ERRORS } from "@opencode/protocol/worktree.ts"
import { z } from "zod"

/** The one table from what went wrong to what a client gets. The shapes are the contract's, which has two families. */
export interface ErrorAnswer {
  status: number
  body: Record<string, unknown>
}

const badRequest = ({ message, data: { kind } }: Fault): ErrorAnswer["body"] => ({
  name: "BadRequest",
  data: { message, ...(typeof kind === "string" ? { kind } : {}) },
})
const notFound = (message: string): ErrorAnswer["body"] => ({ name: "NotFoundError", data: { message } })
const unavailable = ({ message }: Fault): ErrorAnswer["body"] => ({ _tag: "ServiceUnavailableError", message })

const TABLE: Record<FaultCode, (fault: Fault) => ErrorAnswer> = {
  bad_request: (fault) => ({ status: 400, body: badRequest(fault) }),
  unauthorized: ({ message }) => ({ status: 401, body: { _tag: "UnauthorizedError", message } }),
  forbidden: ({ message }) => ({ status: 403, body: { _tag: "ForbiddenError", message } }),
  not_found: ({ message }) => ({ status: 404, body: notFound(message) }),
  session_not_found: ({ message, data: { sessionID } }) => ({
    status: 404,
    body: notFound(typeof sessionID === "string" ? `Session not found: ${sessionID}` : message),
  }),
  message_not_found: ({ message, data: { messageID } }) => ({
    status: 404,
    body: notFound(typeof messageID === "string" ? `Message not found: ${messageID}` : message),
  }),
  permission_not_found: ({ message, data: { requestID } }) => ({
    status: 404,
    body: { _tag: "PermissionNotFoundError", requestID, message },
  }),
  question_not_found: ({ message, data: { requestID } }) => ({
    status: 404,
    body: { _tag: "QuestionNotFoundError", requestID, message },
  }),
  project_not_found: ({ message, data: { projectID } }) => ({
    status: 404,
    body: { _tag: "ProjectNotFoundError", projectID, message },
  }),
  patch_refused: ({ message, data: { reason } }) => ({
    status: 400,
    body: { name: "VcsApplyError", data: { message, reason } },
  }),
  // Not in the shape of all others: it is the route's other answer.
  upgrade: ({ message }) => ({ status: 400, body: { success: false, error: message } }),
  // Its name is one of the contract's: `worktreeFault` takes no other.
  worktree: ({ message, data: { name } }) => ({ status: 400, body: { name, data: { message } } }),
  // Likewise: `loginFault`.
  provider_login: ({ message, data: { name, providerID, field } }) => ({
    status: 400,
    body: { name, data: { providerID, ...(field === undefined ? {} : { field }), message } },
  }),
  pty_not_found: ({ message, data: { ptyID } }) => ({
    status: 404,
    body: { _tag: "PtyNotFoundError", ptyID, message },
  }),
  pty_forbidden: ({ message }) => ({ status: 403, body: { _tag: "PtyForbiddenError", message } }),
  agent_not_found: (fault) => ({ status: 400, body: badRequest(fault) }),
  model_not_found: (fault) => ({ status: 400, body: badRequest(fault) }),
  provider_auth: (fault) => ({ status: 400, body: badRequest(fault) }),
  config_invalid: (fault) => ({ status: 400, body: badRequest(fault) }),
  busy: ({ message, data: { sessionID } }) => ({
    status: 409,
    body: { _tag: "SessionBusyError", sessionID: sessionID ?? "", message },
  }),
  conflict: ({ message }) => ({ status: 409, body: { _tag: "ConflictError", message } }),
  aborted: ({ message }) => ({ status: 409, body: { name: "MessageAbortedError", data: { message } } }),
  too_large: (fault) => ({ status: 413, body: badRequest(fault) }),
  limit: (fault) => ({ status: 503, body: unavailable(fault) }),
  unavailable: (fault) => ({ status: 503, body: unavailable(fault) }),
  storage: ({ message, cause }) => ({
    status: isDiskFull(cause) ? 507 : 500,
    body: { name: "UnknownError", data: { message } },
  }),
}

export function errorAnswer(error: unknown, { host, log }: { host: Pick<Host, "id">; log: Log }): ErrorAnswer {
  if (isFault(error)) return TABLE[error.code](error)
  // A bug: its text and stack may name anything, so the client gets a reference to the log and nothing else.
  const ref = host.id("err")
  log.error("request failed", { ref, error })
  const message = "Unexpected server error. Check server logs for details."
  return { status: 500, body: { name: "UnknownError", data: { message, ref } } }
}

/** SQLITE_FULL, in whose error both libraries carry the number, or the system's own word. */
const SQLITE_FULL = 13

function isDiskFull(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  if ("errcode" in cause && typeof cause.errcode === "number") return (cause.errcode & 0xff) === SQLITE_FULL
  return "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT")
}

// The shapes above as the document shows them.

export const BadRequestError = schema("BadRequestError", () =>
  z.object({
    name: z.literal("BadRequest"),
    data: z.object({
      message: z.string(),
      kind: z.enum(["Params", "Headers", "Query", "Body", "Payload"]).optional(),
    }),
  }),
)
export const NotFoundError = schema("NotFoundError", () =>
  z.object({ name: z.literal("NotFoundError"), data: z.object({ message: z.string() }) }),
)
export const SessionBusyError = schema("SessionBusyError", () =>
  z.object({ _tag: z.literal("SessionBusyError"), sessionID: z.string(), message: z.string() }),
)
export const PermissionNotFoundError = schema("PermissionNotFoundError", () =>
  z.object({ _tag: z.literal("PermissionNotFoundError"), requestID: z.string(), message: z.string() }),
)
export const QuestionNotFoundError = schema("QuestionNotFoundError", () =>
  z.object({ _tag: z.literal("QuestionNotFoundError"), requestID: z.string(), message: z.string() }),
)
export const ProjectNotFoundError = schema("ProjectNotFoundError", () =>
  z.object({ _tag: z.literal("ProjectNotFoundError"), projectID: z.string(), message: z.string() }),
)
export const VcsApplyError = schema("VcsApplyError", () =>
  z.object({
    name: z.literal("VcsApplyError"),
    data: z.object({ message: z.string(), reason: z.enum(["non-git", "not-clean"]) }),
  }),
)
export const WorktreeError = schema("WorktreeError", () =>
  z.object({ name: z.enum(WORKTREE_ERRORS), data: z.object({ message: z.string() }) }),
)
export const ProviderAuthError = schema("ProviderAuthError1", () =>
  z.object({
    name: z.enum(["BadRequest", ...PROVIDER_LOGIN_ERRORS]),
    data: z.object({
      providerID: z.string().optional(),
      field: z.string().optional(),
      message: z.string().optional(),
      kind: z.string().optional(),
    }),
  }),
)
export const PtyNotFoundError = schema("PtyNotFoundError", () =>
  z.object({ _tag: z.literal("PtyNotFoundError"), ptyID: z.string(), message: z.string() }),
)
export const PtyForbiddenError = schema("PtyForbiddenError", () =>
  z.object({ _tag: z.literal("PtyForbiddenError"), message: z.string() }),
)
export const ServiceUnavailableError = schema("ServiceUnavailableError", () =>
  z.object({ _tag: z.literal("ServiceUnavailableError"), message: z.string() }),
)
