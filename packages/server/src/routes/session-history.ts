import { fault } from "@opencode/core/lib/fault.ts"
import { MessageID, PartID, SessionID } from "@opencode/protocol/id.ts"
import { MessageWithParts, ShellInput } from "@opencode/protocol/message.ts"
import { Part } from "@opencode/protocol/part.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { Session } from "@opencode/protocol/session.ts"
import { z } from "zod"
import { route } from "../route.ts"

const session = inline(() => z.object({ sessionID: SessionID() }))
const message = inline(() => z.object({ sessionID: SessionID(), messageID: MessageID() }))
const part = inline(() => z.object({ sessionID: SessionID(), messageID: MessageID(), partID: PartID() }))

const fork = route(
  "POST",
  "/session/:sessionID/fork",
  {
    id: "session.fork",
    tags: ["session"],
    summary: "Fork session",
    description: "Makes a session of its own from what came before a message, or from all of it.",
    answers: "The new session",
    params: session,
    body: inline(() => z.object({ messageID: MessageID().optional() })),
    isBodyOptional: true,
    answer: Session,
    errors: ["NotFoundError"],
  },
  async ({ params, body, engine }) => (await engine()).fork(params.sessionID, body),
)

const shell = route(
  "POST",
  "/session/:sessionID/shell",
  {
    id: "session.shell",
    tags: ["session"],
    summary: "Run shell command",
    description:
      "Runs a command that a person typed, and answers with the message that holds it when it is over. Nobody is asked. The next prompt shows it to the model.",
    answers: "Created message",
    params: session,
    body: ShellInput,
    mayTakeLong: true,
    answer: MessageWithParts,
    errors: ["NotFoundError", "SessionBusyError"],
  },
  async ({ params, body, engine }) => (await engine()).runShell(params.sessionID, body),
)

const deleteMessage = route(
  "DELETE",
  "/session/:sessionID/message/:messageID",
  {
    id: "session.deleteMessage",
    tags: ["session"],
    summary: "Delete message",
    description: "Removes a message with its parts from a session in which nothing runs. What it did to files stays.",
    answers: "Successfully deleted message",
    params: message,
    answer: inline(() => z.boolean()),
    errors: ["NotFoundError", "SessionBusyError"],
  },
  async ({ params: { sessionID, messageID }, engine }) => {
    await (await engine()).editHistory.removeMessage(sessionID, messageID)
    return true
  },
)

const deletePart = route(
  "DELETE",
  "/session/:sessionID/message/:messageID/part/:partID",
  {
    id: "part.delete",
    tags: ["session"],
    summary: "Delete part",
    description: "Removes a part of a message from a session in which nothing runs.",
    answers: "Successfully deleted part",
    params: part,
    answer: inline(() => z.boolean()),
    errors: ["NotFoundError", "SessionBusyError"],
  },
  async ({ params: { sessionID, messageID, partID }, engine }) => {
    await (await engine()).editHistory.removePart(sessionID, messageID, partID)
    return true
  },
)

const updatePart = route(
  "PATCH",
  "/session/:sessionID/message/:messageID/part/:partID",
  {
    id: "part.update",
    tags: ["session"],
    summary: "Update part",
    description: "Replaces a part of a message by another of its kind, in a session in which nothing runs.",
    answers: "Successfully updated part",
    params: part,
    body: Part,
    answer: Part,
    errors: ["NotFoundError", "SessionBusyError"],
  },
  async ({ params: { sessionID, messageID, partID }, body, engine }) => {
    if (body.id !== partID || body.messageID !== messageID || body.sessionID !== sessionID) {
      throw fault("bad_request", "The ids in the part are not those of the address.", { kind: "Payload" })
    }
    return (await engine()).editHistory.updatePart(body)
  },
)

export const sessionHistoryRoutes = [fork, shell, deleteMessage, deletePart, updatePart]
