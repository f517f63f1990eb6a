import { TICKET_SECONDS } from "@opencode/core/process/tickets.ts"
import { fault } from "@opencode/core/lib/fault.ts"
import { PtyID } from "@opencode/protocol/id.ts"
import { Pty, PtyCreate, PtyShell, PtyTicketConnectToken, PtyUpdate } from "@opencode/protocol/pty.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const tags = ["pty"]
const params = inline(() => z.object({ ptyID: PtyID() }))
/** The arguments and the environment of a program, of which the system takes less. */
const MAX_START_BYTES = 1024 * 1024

const shells = route(
  "GET",
  "/pty/shells",
  {
    id: "pty.shells",
    tags,
    summary: "List available shells",
    description: "The shells that the system lists. The setting `shell` takes those that are acceptable.",
    answers: "List of shells",
    answer: inline(() => z.array(PtyShell())),
  },
  async ({ engine }) => (await engine()).ptys.shells(),
)

const list = route(
  "GET",
  "/pty",
  {
    id: "pty.list",
    tags,
    summary: "List PTY sessions",
    description: "The terminals of the folder, oldest first. One whose program has ended is gone.",
    answers: "List of sessions",
    answer: inline(() => z.array(Pty())),
  },
  async ({ engine }) => (await engine()).ptys.list(),
)

const create = route(
  "POST",
  "/pty",
  {
    id: "pty.create",
    tags,
    summary: "Create PTY session",
    description: "Opens a terminal with a program in it, by default the person's shell, in the folder.",
    answers: "Created session",
    body: PtyCreate,
    isBodyOptional: true,
    maxBodyBytes: MAX_START_BYTES,
    answer: Pty,
  },
  async ({ engine, body }) => (await engine()).ptys.create(body),
)

const get = route(
  "GET",
  "/pty/:ptyID",
  {
    id: "pty.get",
    tags,
    summary: "Get PTY session",
    description: "One terminal.",
    answers: "Session info",
    params,
    answer: Pty,
    errors: ["PtyNotFoundError"],
  },
  async ({ engine, params: { ptyID } }) => (await engine()).ptys.get(ptyID),
)

const update = route(
  "PUT",
  "/pty/:ptyID",
  {
    id: "pty.update",
    tags,
    summary: "Update PTY session",
    description: "Changes the title, or the size that the program is told.",
    answers: "Updated session",
    params,
    body: PtyUpdate,
    answer: Pty,
    errors: ["PtyNotFoundError"],
  },
  async ({ engine, params: { ptyID }, body }) => (await engine()).ptys.update(ptyID, body),
)

const remove = route(
  "DELETE",
  "/pty/:ptyID",
  {
    id: "pty.remove",
    tags,
    summary: "Remove PTY session",
    description: "Ends everything that runs in a terminal; answers when nothing of it is left.",
    answers: "Session removed",
    params,
    answer: inline(() => z.boolean()),
    errors: ["PtyNotFoundError"],
  },
  async ({ engine, params: { ptyID } }) => {
    await (await engine()).ptys.remove(ptyID)
    return true
  },
)

/** Pages of others cannot send it without asking first. */
const ASKING = "x-opencode-ticket"

const connectToken = route(
  "POST",
  "/pty/:ptyID/connect-token",
  {
    id: "pty.connectToken",
    tags,
    summary: "Create PTY WebSocket token",
    description: `A ticket that opens the websocket of this terminal once, soon. Needs the header \`${ASKING}: 1\`.`,
    answers: "WebSocket connect token",
    params,
    answer: PtyTicketConnectToken,
    errors: ["PtyForbiddenError", "PtyNotFoundError"],
  },
  async ({ engine, params: { ptyID }, header }) => {
    if (header(ASKING) !== "1") throw fault("pty_forbidden", `A ticket needs the header ${ASKING}: 1.`)
    return { ticket: (await engine()).ptys.tickets(ptyID).give(), expires_in: TICKET_SECONDS }
  },
)

export const connect = route(
  "GET",
  "/pty/:ptyID/connect",
  {
    id: "pty.connect",
    tags,
    summary: "Connect to PTY session",
    description:
      "A websocket. Text frames are what the terminal shows, and what a person types; a binary frame of a zero byte and " +
      '`{"cursor":…}` ends what was shown before, which begins at `cursor`, or is left out with -1. Pages, and those who ' +
      "do not send the password, need a `ticket`.",
    answers: "Connected session",
    params,
    query: inline(() => z.object({ cursor: z.string().optional(), ticket: z.string().optional() })),
    answer: inline(() => z.boolean()),
    errors: ["PtyForbiddenError", "PtyNotFoundError"],
  },
  async ({ engine, params: { ptyID } }) => {
    ;(await engine()).ptys.get(ptyID)
    throw fault("bad_request", "This is a websocket: ask for an upgrade.")
  },
)

export const ptyRoutes = [shells, list, create, get, update, remove, connectToken, connect]
