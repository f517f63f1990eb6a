import type { ToolPart } from "@opencode/protocol/part.ts"
import type { PermissionRequest } from "@opencode/protocol/permission.ts"
import type { OpenSession } from "./open-session.ts"
import { progressOf } from "./tool-call.ts"

/** Calls of subagents that the client knows because it was asked about them. */
export interface ChildCalls {
  /** How the client knows the call that asks, from now on. */
  idOf(asked: PermissionRequest, session: OpenSession): string
  /** Tells how one of them goes on. */
  tell(part: ToolPart): void
}

interface Shown {
  session: OpenSession
  toolCallId: string
}

export function createChildCalls(): ChildCalls {
  const shown = new Map<string, Shown>()
  return {
    idOf({ id, sessionID, tool }, session) {
      if (!tool) return id
      if (sessionID === session.id) return tool.callID
      // Subagents have calls of the same ids as each other and as their parent.
      const toolCallId = `${sessionID}:${tool.callID}`
      shown.set(toolCallId, { session, toolCallId })
      return toolCallId
    },
    tell(part) {
      const key = `${part.sessionID}:${part.callID}`
      const call = shown.get(key)
      const progress = call && progressOf(part, call.session.directory, call.toolCallId)
      if (!call || !progress) return
      if (progress.status !== "in_progress") shown.delete(key)
      call.session.send({ sessionUpdate: "tool_call_update", ...progress })
    },
  }
}
