import type { Event } from "@opencode/protocol/event.ts"
import type { ToolPart } from "@opencode/protocol/part.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import type { ChildCalls } from "./child-calls.ts"
import { modesOf, optionsOf, withMode } from "./choice.ts"
import type { Desk } from "./desk.ts"
import type { Family } from "./family.ts"
import { readCommands, readOffer } from "./offer.ts"
import type { OpenSession } from "./open-session.ts"
import { replay } from "./opening.ts"

/** What happens, and what it means for the sessions that the client has open. */

/** Who has to hear of what happens. */
export interface Telling {
  client: OpencodeClient
  desk: Desk
  childCalls: ChildCalls
  family: Family
  open: ReadonlyMap<string, OpenSession>
  /** Also one that is about to be open. */
  told(sessionID: string): OpenSession | undefined
  note(text: string): void
}

export function hear(event: Event, telling: Telling): void {
  const { client, desk, family, childCalls, open, told } = telling
  switch (event.type) {
    case "message.updated":
      return told(event.properties.sessionID)?.projection.message(event.properties.info)
    case "message.part.delta":
      return told(event.properties.sessionID)?.projection.delta(event.properties)
    case "message.part.updated": {
      const { part } = event.properties
      const session = told(part.sessionID)
      session?.projection.part(part)
      if (part.type !== "tool") return
      if (session) return followPlan(session, part)
      return childCalls.tell(part)
    }
    case "todo.updated":
      return told(event.properties.sessionID)?.projection.todos(event.properties.todos)
    case "session.created":
      return family.learn(event.properties.info)
    case "session.status": {
      const session = open.get(event.properties.sessionID)
      // What was stopped while its files were still being read had nothing to abort by then.
      const isLate = session && session.prompts.size > 0 && [...session.prompts].every((prompt) => prompt.isCancelled)
      if (isLate && event.properties.status.type === "busy") {
        void client.session.abort({ sessionID: session.id, directory: session.directory })
      }
      return
    }
    case "permission.asked":
      return desk.permission(event.properties)
    case "question.asked":
      return desk.question(event.properties)
    case "permission.replied":
    case "question.replied":
    case "question.rejected":
      return desk.settled(event.properties.requestID)
    case "server.instance.disposed":
      for (const session of open.values())
        if (session.directory === event.properties.directory) void tellSettings(session, telling)
  }
}

/** A plan that was approved is carried out by another agent, and so is what comes after. */
function followPlan(session: OpenSession, { tool, state }: ToolPart): void {
  if (tool !== "plan_exit" || state.status !== "completed" || typeof state.metadata.agent !== "string") return
  const mode = state.metadata.agent
  if (session.choice.mode === mode || !modesOf(session.offer).some(({ name }) => name === mode)) return
  session.choice = withMode(session.choice, mode, session.offer)
  session.send({ sessionUpdate: "current_mode_update", currentModeId: mode })
  session.send({ sessionUpdate: "config_option_update", configOptions: optionsOf(session.choice, session.offer) })
}

/** The stream has a gap: what came of the running prompts is read. */
export async function readAgain({ client, desk, open, note }: Telling): Promise<void> {
  for (const session of open.values()) {
    try {
      if (session.prompts.size > 0) await replay(session, client, { isAgain: false, isFollowed: true })
      await desk.catchUp(session)
    } catch (error) {
      note(`What was missed could not be read: ${String(error)}`)
    }
  }
}

async function tellSettings(session: OpenSession, { client, note }: Telling): Promise<void> {
  try {
    session.offer = await readOffer(client, session.directory)
    session.send({ sessionUpdate: "config_option_update", configOptions: optionsOf(session.choice, session.offer) })
    await tellCommands(session, client)
  } catch (error) {
    note(`The settings could not be read again: ${String(error)}`)
  }
}

export async function tellCommands(session: OpenSession, client: OpencodeClient): Promise<void> {
  const availableCommands = await readCommands(client, session.directory)
  session.send({ sessionUpdate: "available_commands_update", availableCommands })
}
