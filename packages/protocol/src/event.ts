import { z } from "zod"
import { MessageError } from "./error.ts"
import { MessageID, PartID, PermissionID, PtyID, QuestionID, SessionID } from "./id.ts"
import { Message } from "./message.ts"
import { Part } from "./part.ts"
import { PermissionReply, PermissionRequest } from "./permission.ts"
import { Project } from "./project.ts"
import { Pty } from "./pty.ts"
import { QuestionAnswer, QuestionRequest } from "./question.ts"
import { inline, type Infer, type Schema } from "./schema.ts"
import { Session, SessionStatus, SnapshotFileDiff } from "./session.ts"
import { Todo } from "./todo.ts"
import { TuiCommandExecute, TuiPromptAppend, TuiSessionSelect, TuiToastShow } from "./tui.ts"

/**
 * How an event reaches a client:
 * - `state`: numbered; replaces what a client knew about one thing. A client that missed it reads the thing again.
 * - `must`: numbered; asks for an answer or ends something. Never dropped.
 * - `flow`: a piece of a stream. Carries no number, may be merged with its neighbours.
 */
export type Delivery = "state" | "must" | "flow"

const event = <S extends Schema>(delivery: Delivery, properties: S) => ({ delivery, properties })

/** Everything that can happen, in one table. */
export const events = {
  "server.connected": event(
    "flow",
    inline(() => z.object({ resumed: z.boolean().optional() })),
  ),
  "server.heartbeat": event(
    "flow",
    inline(() => z.object({})),
  ),
  "session.created": event(
    "state",
    inline(() => z.object({ sessionID: SessionID(), info: Session() })),
  ),
  "session.updated": event(
    "state",
    inline(() => z.object({ sessionID: SessionID(), info: Session() })),
  ),
  "session.deleted": event(
    "state",
    inline(() => z.object({ sessionID: SessionID(), info: Session() })),
  ),
  "session.status": event(
    "state",
    inline(() => z.object({ sessionID: SessionID(), status: SessionStatus() })),
  ),
  "session.idle": event(
    "must",
    inline(() => z.object({ sessionID: SessionID() })),
  ),
  "session.error": event(
    "must",
    inline(() => z.object({ sessionID: SessionID().optional(), error: MessageError().optional() })),
  ),
  "session.compacted": event(
    "must",
    inline(() => z.object({ sessionID: SessionID() })),
  ),
  "session.diff": event(
    "state",
    /** All changes of files in the session; long patches are left out. */
    inline(() => z.object({ sessionID: SessionID(), diff: z.array(SnapshotFileDiff()) })),
  ),
  "message.created": event(
    "state",
    inline(() => z.object({ sessionID: SessionID(), info: Message() })),
  ),
  "message.updated": event(
    "state",
    /** `parts` only in the update that completes a message. */
    inline(() => z.object({ sessionID: SessionID(), info: Message(), parts: z.array(Part()).optional() })),
  ),
  "message.removed": event(
    "state",
    inline(() => z.object({ sessionID: SessionID(), messageID: MessageID() })),
  ),
  "message.deleted": event(
    "state",
    inline(() => z.object({ sessionID: SessionID(), messageID: MessageID() })),
  ),
  "message.part.updated": event(
    "state",
    inline(() => z.object({ sessionID: SessionID(), part: Part(), time: z.number() })),
  ),
  "message.part.delta": event(
    "flow",
    inline(() =>
      z.object({
        sessionID: SessionID(),
        messageID: MessageID(),
        partID: PartID(),
        field: z.string(),
        delta: z.string(),
      }),
    ),
  ),
  "message.part.removed": event(
    "state",
    inline(() => z.object({ sessionID: SessionID(), messageID: MessageID(), partID: PartID() })),
  ),
  "permission.asked": event("must", PermissionRequest),
  "permission.replied": event(
    "must",
    inline(() => z.object({ sessionID: SessionID(), requestID: PermissionID(), reply: PermissionReply() })),
  ),
  "question.asked": event("must", QuestionRequest),
  "question.replied": event(
    "must",
    inline(() => z.object({ sessionID: SessionID(), requestID: QuestionID(), answers: z.array(QuestionAnswer()) })),
  ),
  "question.rejected": event(
    "must",
    inline(() => z.object({ sessionID: SessionID(), requestID: QuestionID() })),
  ),
  "todo.updated": event(
    "state",
    inline(() => z.object({ sessionID: SessionID(), todos: z.array(Todo()) })),
  ),
  "command.executed": event(
    "must",
    /** `messageID` is that of the last answer. */
    inline(() => z.object({ name: z.string(), sessionID: SessionID(), arguments: z.string(), messageID: MessageID() })),
  ),
  /** The settings of a folder have changed: clients read again what comes of them. */
  "server.instance.disposed": event(
    "must",
    inline(() => z.object({ directory: z.string() })),
  ),
  "project.updated": event("state", Project),
  /** Another version of the program lies where this one did. */
  "installation.updated": event(
    "must",
    inline(() => z.object({ version: z.string() })),
  ),
  /** The files of a new working tree are there; what its start command does goes on. */
  "worktree.ready": event(
    "must",
    inline(() => z.object({ name: z.string(), branch: z.string().optional() })),
  ),
  /** It could not be filled, or its start command failed. */
  "worktree.failed": event(
    "must",
    inline(() => z.object({ message: z.string() })),
  ),
  "global.disposed": event(
    "must",
    inline(() => z.object({})),
  ),
  "file.edited": event(
    "state",
    inline(() => z.object({ file: z.string() })),
  ),
  "pty.created": event(
    "state",
    inline(() => z.object({ info: Pty() })),
  ),
  "pty.updated": event(
    "state",
    inline(() => z.object({ info: Pty() })),
  ),
  /** Its program ended by itself, and the terminal is gone. */
  "pty.exited": event(
    "must",
    inline(() => z.object({ id: PtyID(), exitCode: z.number().int().nonnegative() })),
  ),
  /** Somebody ended it. */
  "pty.deleted": event(
    "must",
    inline(() => z.object({ id: PtyID() })),
  ),
  "tui.prompt.append": event("must", TuiPromptAppend),
  "tui.command.execute": event("must", TuiCommandExecute),
  "tui.toast.show": event("must", TuiToastShow),
  "tui.session.select": event("must", TuiSessionSelect),
} as const

export type EventType = keyof typeof events
export type EventProperties<Type extends EventType> = Infer<(typeof events)[Type]["properties"]>
export type EventOf<Type extends EventType> = { type: Type; properties: EventProperties<Type> }
export type Event = { [Type in EventType]: EventOf<Type> }[EventType]

/** An event as clients receive it. */
export const Envelope = inline(() =>
  z.object({ id: z.string().optional(), type: z.string(), properties: z.record(z.string(), z.unknown()) }),
)
