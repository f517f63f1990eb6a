import { SessionID } from "@opencode/protocol/id.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { Session, SessionCreate, SessionStatus, SessionUpdate } from "@opencode/protocol/session.ts"
import { Todo } from "@opencode/protocol/todo.ts"
import { z } from "zod"
import { JsonText } from "../json-text.ts"
import { queryBoolean } from "../query.ts"
import { route } from "../route.ts"

/** As many as in OpenCode 1.x: programs that list sessions to show them are made for it. */
const DEFAULT_LIMIT = 100
/** What SQLite counts with. */
const MAX_LIMIT = Number.MAX_SAFE_INTEGER

const params = inline(() => z.object({ sessionID: SessionID() }))

const list = route(
  "GET",
  "/session",
  {
    id: "session.list",
    tags: ["session"],
    summary: "List sessions",
    description:
      "The sessions of the project, newest updated first: 100 without a `limit`, all of them with -1. A `directory` in the query narrows them to that folder, unless `scope` or `path` say otherwise.",
    answers: "List of sessions",
    query: inline(() =>
      z.object({
        scope: z.enum(["project"]).optional(),
        /** Relative to the worktree; folders below it count. */
        path: z.string().optional(),
        roots: queryBoolean().optional(),
        start: z.coerce.number().optional(),
        search: z.string().optional(),
        limit: z.coerce.number().min(-1).max(MAX_LIMIT).optional(),
      }),
    ),
    answer: inline(() => z.array(Session())),
  },
  async ({ query: { scope, limit = DEFAULT_LIMIT, ...filter }, place, engine }) => {
    const { sessions, workspace } = await engine()
    const isFolder = place.isExplicit && !scope && !filter.path
    const where = isFolder ? { directory: workspace.directory } : { projectID: workspace.projectID }
    return new JsonText(sessions.listText({ ...filter, ...where, limit: Math.trunc(limit) }))
  },
)

const create = route(
  "POST",
  "/session",
  {
    id: "session.create",
    tags: ["session"],
    summary: "Create session",
    description: "Makes a session in the folder.",
    answers: "Successfully created session",
    body: SessionCreate,
    isBodyOptional: true,
    answer: Session,
  },
  async ({ body, engine }) => (await engine()).sessions.create(body),
)

const status = route(
  "GET",
  "/session/status",
  {
    id: "session.status",
    tags: ["session"],
    summary: "Get session status",
    description: "What each session of the folder that is not idle is doing.",
    answer: inline(() => z.record(z.string(), SessionStatus())),
  },
  async ({ engine }) => (await engine()).sessions.status(),
)

const get = route(
  "GET",
  "/session/:sessionID",
  {
    id: "session.get",
    tags: ["session"],
    summary: "Get session",
    description: "One session, whatever folder it belongs to.",
    params,
    answer: Session,
    errors: ["NotFoundError"],
  },
  async ({ params, server }) => new JsonText(await server.engines.readText(params.sessionID)),
)

const update = route(
  "PATCH",
  "/session/:sessionID",
  {
    id: "session.update",
    tags: ["session"],
    summary: "Update session",
    description: "Changes the title and other settings of a session.",
    answers: "Successfully updated session",
    params,
    body: SessionUpdate,
    isBodyOptional: true,
    answer: Session,
    errors: ["NotFoundError"],
  },
  async ({ params, body, engine }) => (await engine()).sessions.update(params.sessionID, body),
)

const remove = route(
  "DELETE",
  "/session/:sessionID",
  {
    id: "session.delete",
    tags: ["session"],
    summary: "Delete session",
    description: "Ends what runs in a session and its children, and removes them with all they hold.",
    answers: "Successfully deleted session",
    params,
    answer: inline(() => z.boolean()),
    errors: ["NotFoundError"],
  },
  async ({ params, engine }) => {
    await (await engine()).sessions.remove(params.sessionID)
    return true
  },
)

const abort = route(
  "POST",
  "/session/:sessionID/abort",
  {
    id: "session.abort",
    tags: ["session"],
    summary: "Abort session",
    description: "Ends what runs in a session. Answers when the session is idle, also when it was before.",
    answers: "Aborted session",
    params,
    answer: inline(() => z.boolean()),
    errors: ["NotFoundError"],
  },
  async ({ params, engine }) => {
    await (await engine()).sessions.abort(params.sessionID)
    return true
  },
)

const todo = route(
  "GET",
  "/session/:sessionID/todo",
  {
    id: "session.todo",
    tags: ["session"],
    summary: "Get session todos",
    description: "What the agent noted to be done in a session, in the order of the work.",
    answers: "Todo list",
    params,
    answer: inline(() => z.array(Todo())),
    errors: ["NotFoundError"],
  },
  async ({ params, engine }) => (await engine()).sessions.todos(params.sessionID),
)

export const sessionRoutes = [list, create, status, get, update, remove, abort, todo]
