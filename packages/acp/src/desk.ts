import type { ToolPart } from "@opencode/protocol/part.ts"
import type { PermissionReply, PermissionRequest } from "@opencode/protocol/permission.ts"
import type { QuestionRequest } from "@opencode/protocol/question.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import type { ClientAbilities } from "./abilities.ts"
import type { WholeChange } from "./client-files.ts"
import type { Connection } from "./connection.ts"
import type { Family } from "./family.ts"
import type { OpenSession } from "./open-session.ts"
import { PermissionOutcome } from "./params.ts"
import { askOf } from "./permission-ask.ts"
import { answersOf, formOf } from "./question-form.ts"
import { progressOf } from "./tool-call.ts"

/**
 * What the agent wants to know of a person, asked through the client. What the client does not answer, or answers with
 * an error, is a no; what somebody else answered first is no longer asked.
 */
export interface Desk {
  permission(asked: PermissionRequest): void
  question(asked: QuestionRequest): void
  /** It has its answer, or needs none any more. */
  settled(requestID: string): void
  /** Of a subagent: calls that the client knows because it was asked about them. */
  childCall(part: ToolPart): void
  /** Asks what is open in a session's folder and was not asked. */
  catchUp(session: OpenSession): Promise<void>
  /** Nobody is there to ask. */
  close(): void
}

export interface DeskOptions {
  client: OpencodeClient
  connection: Connection
  family: Family
  abilities: Readonly<ClientAbilities>
  note(text: string): void
}

/** An editor that does not write a file that it was given in this time has failed, and we write it. */
const CLIENT_WRITE_MS = 10_000

interface Shown {
  session: OpenSession
  toolCallId: string
}

export function createDesk({ client, connection, family, abilities, note }: DeskOptions): Desk {
  const asking = new Map<string, AbortController>()
  const children = new Map<string, Shown>()

  function begin(requestID: string, act: (signal: AbortSignal) => Promise<void>): void {
    if (asking.has(requestID)) return
    const stop = new AbortController()
    asking.set(requestID, stop)
    act(stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) note(`${requestID}: ${error instanceof Error ? error.message : String(error)}`)
      })
      .finally(() => asking.delete(requestID))
  }

  /** Subagents have calls of the same ids as each other and as their parent. */
  function callIdOf(asked: PermissionRequest, session: OpenSession): string {
    if (!asked.tool) return asked.id
    if (asked.sessionID === session.id) return asked.tool.callID
    const toolCallId = `${asked.sessionID}:${asked.tool.callID}`
    children.set(toolCallId, { session, toolCallId })
    return toolCallId
  }

  async function askPermission(asked: PermissionRequest, signal: AbortSignal): Promise<void> {
    const session = await family.rootOf(asked.sessionID)
    if (!session) return
    const { request, writes } = await askOf(asked, callIdOf(asked, session))
    signal.throwIfAborted()
    const reply = await connection
      .request("session/request_permission", { sessionId: session.id, ...request }, signal)
      .then((answer) => replyOf(answer, asked))
      .catch((error: unknown) => {
        signal.throwIfAborted()
        note(`A permission was not answered: ${String(error)}`)
        return "reject" as const
      })
    if (reply !== "reject" && abilities.writesFiles) for (const change of writes) await write(session, change, signal)
    await client.permission.reply({ requestID: asked.id, directory: session.directory, reply })
  }

  async function write({ id: sessionId }: OpenSession, change: WholeChange, signal: AbortSignal): Promise<void> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(CLIENT_WRITE_MS)])
    const params = { sessionId, path: change.path, content: change.newText }
    await connection.request("fs/write_text_file", params, within).catch((error: unknown) => {
      note(`The client did not write ${change.path}: ${String(error)}`)
    })
  }

  async function askQuestion(asked: QuestionRequest, signal: AbortSignal): Promise<void> {
    const session = await family.rootOf(asked.sessionID)
    if (!session) return
    const answers = abilities.showsForms
      ? await connection
          .request("elicitation/create", formOf(asked, session.id), signal)
          .then((answer) => answersOf(asked.questions, answer))
          .catch(() => undefined)
      : undefined
    signal.throwIfAborted()
    const which = { requestID: asked.id, directory: session.directory }
    await (answers ? client.question.reply({ ...which, answers }) : client.question.reject(which))
  }

  const permission = (asked: PermissionRequest): void => begin(asked.id, (signal) => askPermission(asked, signal))
  const question = (asked: QuestionRequest): void => begin(asked.id, (signal) => askQuestion(asked, signal))

  return {
    permission,
    question,
    settled: (requestID) => asking.get(requestID)?.abort(),
    childCall(part) {
      const key = `${part.sessionID}:${part.callID}`
      const shown = children.get(key)
      const progress = shown && progressOf(part, shown.session.directory, shown.toolCallId)
      if (!shown || !progress) return
      if (progress.status !== "in_progress") children.delete(key)
      shown.session.send({ sessionUpdate: "tool_call_update", ...progress })
    },
    async catchUp({ directory }) {
      const [permissions, questions] = await Promise.all([
        client.permission.list({ directory }),
        client.question.list({ directory }),
      ])
      for (const asked of (permissions.data ?? []) as PermissionRequest[]) permission(asked)
      for (const asked of (questions.data ?? []) as QuestionRequest[]) question(asked)
    },
    close() {
      for (const stop of asking.values()) stop.abort()
    },
  }
}

function replyOf(answer: unknown, { always }: PermissionRequest): PermissionReply {
  const parsed = PermissionOutcome().safeParse(answer)
  const said = parsed.success && "optionId" in parsed.data.outcome ? parsed.data.outcome.optionId : "reject"
  if (said === "always") return always.length > 0 ? "always" : "once"
  return said === "once" ? "once" : "reject"
}
