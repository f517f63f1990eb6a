import { MessageID, PartID, SessionID } from "@opencode/protocol/id.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { Session, SnapshotFileDiff } from "@opencode/protocol/session.ts"
import { z } from "zod"
import { route } from "../route.ts"

const params = inline(() => z.object({ sessionID: SessionID() }))

const revert = route(
  "POST",
  "/session/:sessionID/revert",
  {
    id: "session.revert",
    tags: ["session"],
    summary: "Revert message",
    description:
      "Takes back what the agent did to files from a message, or a part of one, on. A file that was changed since is left alone. What became of each file is in `undo` of the session. The messages go with the next prompt.",
    answers: "Updated session",
    params,
    body: inline(() => z.object({ messageID: MessageID(), partID: PartID().optional() })),
    answer: Session,
    errors: ["NotFoundError", "SessionBusyError"],
  },
  async ({ params, body: { messageID, partID }, engine }) =>
    (await engine()).undo.revert(params.sessionID, { messageID, ...(partID === undefined ? {} : { partID }) }),
)

const unrevert = route(
  "POST",
  "/session/:sessionID/unrevert",
  {
    id: "session.unrevert",
    tags: ["session"],
    summary: "Restore reverted messages",
    description: "Takes back a revert: its messages count again, and the files become what they were before it.",
    answers: "Updated session",
    params,
    answer: Session,
    errors: ["NotFoundError", "SessionBusyError"],
  },
  async ({ params, engine }) => (await engine()).undo.unrevert(params.sessionID),
)

const diff = route(
  "GET",
  "/session/:sessionID/diff",
  {
    id: "session.diff",
    tags: ["session"],
    summary: "Get message diff",
    description:
      "The changes of files that answered a prompt; without `messageID` those of the whole session. One entry for each file that is different.",
    answers: "Successfully retrieved diff",
    params,
    query: inline(() => z.object({ messageID: MessageID().optional() })),
    answer: inline(() => z.array(SnapshotFileDiff())),
    errors: ["NotFoundError"],
  },
  async ({ params, query, engine }) => (await engine()).undo.diff(params.sessionID, query.messageID),
)

export const undoRoutes = [revert, unrevert, diff]
