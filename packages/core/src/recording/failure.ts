import { Fault, ToolFailure, type FaultCode } from "../lib/fault.ts"
import { RequestError, type RequestErrorReason } from "../model/request-error.ts"

/** What was thrown, as far as anybody looks at it. */
export type Failure = { message: string; name: string } & (
  | { kind: "tool"; metadata: Record<string, unknown> }
  | { kind: "fault"; code: FaultCode; data: Record<string, unknown> }
  | { kind: "request"; reason: RequestErrorReason; url: string }
  /** `code` of the system, as ECONNREFUSED. */
  | { kind: "error"; code?: string; cause?: Failure }
)

/** Errors wrap errors; a chain that is longer than this is a loop. */
const MAX_CAUSES = 4

export function failureOf(error: unknown, depth = 0): Failure {
  const { message, name } = error instanceof Error ? error : { message: String(error), name: "Error" }
  const said = { message, name }
  if (error instanceof ToolFailure) return { ...said, kind: "tool", metadata: error.metadata }
  if (error instanceof Fault) return { ...said, kind: "fault", code: error.code, data: error.data }
  if (error instanceof RequestError) return { ...said, kind: "request", reason: error.reason, url: error.url }
  const { code, cause } = (error ?? {}) as NodeJS.ErrnoException
  return {
    ...said,
    kind: "error",
    ...(typeof code === "string" ? { code } : {}),
    ...(cause instanceof Error && depth < MAX_CAUSES ? { cause: failureOf(cause, depth + 1) } : {}),
  }
}

export function errorOf(failure: Failure): Error {
  const { message, name } = failure
  switch (failure.kind) {
    case "tool":
      return new ToolFailure(message, failure.metadata)
    case "fault":
      return new Fault(failure.code, message, failure.data)
    case "request":
      return new RequestError(failure.reason, message, new URL(failure.url))
    case "error": {
      const { code, cause } = failure
      const error = new Error(message, cause && { cause: errorOf(cause) })
      return Object.assign(error, { name }, code === undefined ? {} : { code })
    }
  }
}
