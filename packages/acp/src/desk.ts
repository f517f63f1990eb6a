import type { PermissionReply, PermissionRequest } from "@opencode/protocol/permission.ts"
import type { QuestionRequest } from "@opencode/protocol/question.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import type { ClientAbilities } from "./abilities.ts"
import { createAsking, type Place } from "./asking.ts"
import type { ChildCalls } from "./child-calls.ts"
import type { WholeChange } from "./client-files.ts"
import type { Connection } from "./connection.ts"
import type { Family } from "./family.ts"
import type { OpenSession } from "./open-session.ts"
import { PermissionOutcome } from "./params.ts"
import { askOf } from "./permission-ask.ts"
import { answersOf, formOf } from "./question-form.ts"
import { RpcError } from "./rpc-error.ts"

/**
 * What the agent wants to know of a person, asked through the client. What it cannot ask, or answers with an error, is a
 * no where the client has a prompt under way; in a turn of others it is left to them.
 */
export interface Desk {
  permission(asked: PermissionRequest): void
  question(asked: QuestionRequest): void
  /** It has its answer, or needs none any more. */
  settled(requestID: string): void
  /** Asks what is open in a session's folder and was not asked. */
  catchUp(session: OpenSession): Promise<void>
  /** The client has closed the session, which is no answer to what it is asked there. */
  leave(session: OpenSession): void
  /** Nobody is there to ask. */
  close(): void
}

export interface DeskOptions {
  client: OpencodeClient
  connection: Connection
  family: Family
  childCalls: ChildCalls
  abilities: Readonly<ClientAbilities>
  note(text: string): void
}

/** An editor that does not write a file that it was given in this time has failed, and we write it. */
const CLIENT_WRITE_MS = 10_000

const hasPrompt = ({ prompts }: OpenSession): boolean => prompts.size > 0

export function createDesk({ client, connection, family, childCalls, abilities, note }: DeskOptions): Desk {
  const asking = createAsking({ family, note })

  /** @returns the client's answer, or undefined for an error; throws when it is withdrawn, or the client is gone */
  async function answerTo(method: string, params: object, signal: AbortSignal): Promise<{ said: unknown } | undefined> {
    try {
      return { said: await connection.request(method, params, signal) }
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      note(`${method} was answered with an error: ${error.message}`)
      return undefined
    }
  }

  async function askPermission(asked: PermissionRequest, { session, signal }: Place): Promise<void> {
    const { request, writes } = await askOf(asked, childCalls.idOf(asked, session))
    const answer = await answerTo("session/request_permission", { sessionId: session.id, ...request }, signal)
    if (!answer && !hasPrompt(session)) return
    const reply = answer ? replyOf(answer.said, asked) : "reject"
    if (reply !== "reject" && abilities.writesFiles)
      for (const change of writes) await write(change, { session, signal })
    signal.throwIfAborted()
    await client.permission.reply({ requestID: asked.id, directory: session.directory, reply })
  }

  async function write({ path, newText }: WholeChange, { session, signal }: Place): Promise<void> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(CLIENT_WRITE_MS)])
    const params = { sessionId: session.id, path, content: newText }
    await connection.request("fs/write_text_file", params, within).catch((error: unknown) => {
      note(`The client did not write ${path}: ${String(error)}`)
    })
  }

  async function askQuestion(asked: QuestionRequest, { session, signal }: Place): Promise<void> {
    const answer = abilities.showsForms
      ? await answerTo("elicitation/create", formOf(asked, session.id), signal)
      : undefined
    if (!answer && !hasPrompt(session)) return
    const answers = answer && answersOf(asked.questions, answer.said)
    const which = { requestID: asked.id, directory: session.directory }
    await (answers ? client.question.reply({ ...which, answers }) : client.question.reject(which))
  }

  const permission = (asked: PermissionRequest): void => asking.begin(asked, (place) => askPermission(asked, place))
  const question = (asked: QuestionRequest): void => asking.begin(asked, (place) => askQuestion(asked, place))

  return {
    permission,
    question,
    settled: asking.withdraw,
    leave: asking.withdrawOf,
    close: asking.close,
    async catchUp({ directory }) {
      const [permissions, questions] = await Promise.all([
        client.permission.list({ directory }),
        client.question.list({ directory }),
      ])
      for (const asked of (permissions.data ?? []) as PermissionRequest[]) permission(asked)
      for (const asked of (questions.data ?? []) as QuestionRequest[]) question(asked)
    },
  }
}

function replyOf(answer: unknown, { always }: PermissionRequest): PermissionReply {
  const parsed = PermissionOutcome().safeParse(answer)
  const said = parsed.success && "optionId" in parsed.data.outcome ? parsed.data.outcome.optionId : "reject"
  if (said === "always") return always.length > 0 ? "always" : "once"
  return said === "once" ? "once" : "reject"
}
