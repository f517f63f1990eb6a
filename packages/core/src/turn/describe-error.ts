import type { MessageError } from "@opencode/protocol/error.ts"
import { isFault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { Log } from "../lib/log.ts"
import { ProviderFailure } from "../model/failure.ts"
import { toMessageError } from "../model/message-error.ts"

/** What a message says of the error that ended it. */
export function messageErrorOf(
  error: unknown,
  providerID: string,
  signal: AbortSignal,
  deps: { host: Host; log: Log },
): MessageError {
  if (signal.aborted) return abortedError(signal)
  if (error instanceof ProviderFailure || isFault(error)) return toMessageError(error, providerID)
  return bugError(error, deps)
}

/** A turn that a limit ended says which one; any other was aborted by somebody. */
export const abortedError = ({ reason }: AbortSignal): MessageError =>
  isFault(reason, "limit")
    ? { name: "UnknownError", data: { message: reason.message } }
    : { name: "MessageAbortedError", data: { message: "Aborted" } }

/** A bug: clients get the number it stands under in the log, and never its stack. */
export function bugError(
  error: unknown,
  { host, log }: { host: Host; log: Log },
): MessageError & { data: { message: string } } {
  const ref = host.id("err").slice(0, 16)
  log.error("unexpected error", { ref, error })
  return { name: "UnknownError", data: { message: `Internal error (${ref}). The log has the details.`, ref } }
}
