import type { Event } from "@opencode/protocol/event.ts"
import type { PermissionRequest } from "@opencode/protocol/permission.ts"
import type { QuestionRequest } from "@opencode/protocol/question.ts"
import type { Session, SessionStatus } from "@opencode/protocol/session.ts"
import { dataOf } from "../door.ts"
import { RunFailure } from "./run-outcome.ts"
import type { RunPlace } from "./run-place.ts"

export interface Followed {
  /** Of the session. */
  event(event: Event): void
  /** Of the session or of one that works for it. */
  learn(event: Event): void
  permission(ask: PermissionRequest): Promise<void>
  question(ask: QuestionRequest): Promise<void>
}

/** Hands over the session's events, and the questions of its subagents, until the session is idle. */
export async function followSession(
  events: AsyncIterator<Event>,
  { id: sessionID, directory }: Session,
  place: RunPlace,
  followed: Followed,
): Promise<void> {
  const isOurs = inTreeOf(sessionID, place)
  const answered = new Set<string>()

  /** After a gap a question may come a second time. */
  const once = async (requestID: string, answer: () => Promise<void>): Promise<void> => {
    if (answered.has(requestID)) return
    answered.add(requestID)
    await answer()
  }
  const permission = (ask: PermissionRequest) => once(ask.id, () => followed.permission(ask))
  const question = (ask: QuestionRequest) => once(ask.id, () => followed.question(ask))

  /** What was told while nobody listened. @returns whether the session is idle */
  async function catchUp(): Promise<boolean> {
    const { client } = place
    const status = dataOf(await client.session.status({ directory })) as Record<string, SessionStatus>
    const permissions = dataOf(await client.permission.list({ directory })) as PermissionRequest[]
    for (const ask of permissions) if (await isOurs(ask.sessionID)) await permission(ask)
    const questions = dataOf(await client.question.list({ directory })) as QuestionRequest[]
    for (const ask of questions) if (await isOurs(ask.sessionID)) await question(ask)
    return (status[sessionID]?.type ?? "idle") === "idle"
  }

  for (;;) {
    const { value: event, done } = await events.next()
    // Questions could no longer be heard, and so not be answered: better no result than a wait for ever.
    if (done) throw new RunFailure("The stream of events broke off before the answer was complete.", "error")
    if (event.type === "server.connected" && event.properties.resumed !== true && (await catchUp())) return
    if (!("sessionID" in event.properties) || event.properties.sessionID === undefined) continue
    const isSame = event.properties.sessionID === sessionID
    if (!isSame && !(isOfTree(event) && (await isOurs(event.properties.sessionID)))) continue
    followed.learn(event)
    if (isSame) followed.event(event)
    if (event.type === "permission.asked") await permission(event.properties)
    if (event.type === "question.asked") await question(event.properties)
    if (isSame && event.type === "session.idle") return
  }
}

/** What matters of a session that works for this one: what it asks, and what it used and changed. */
const isOfTree = (event: Event): boolean =>
  event.type === "permission.asked" ||
  event.type === "question.asked" ||
  (event.type === "message.part.updated" && ["step-finish", "patch"].includes(event.properties.part.type))

/**
 * Whether a session is this one or was started by it, at any depth: nobody but us answers for it. Others of the same
 * folder may have a person.
 */
function inTreeOf(rootID: string, { client }: RunPlace): (sessionID: string) => Promise<boolean> {
  const known = new Map([[rootID, true]])
  return async function isOurs(sessionID: string): Promise<boolean> {
    const answer = known.get(sessionID)
    if (answer !== undefined) return answer
    const { data } = await client.session.get({ sessionID }) // none: it was deleted meanwhile
    const ours = data?.parentID !== undefined && (await isOurs(data.parentID))
    known.set(sessionID, ours)
    return ours
  }
}
