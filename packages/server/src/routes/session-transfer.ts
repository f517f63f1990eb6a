import { jsonOf } from "@opencode/core/session/export.ts"
import { SessionID } from "@opencode/protocol/id.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { Session } from "@opencode/protocol/session.ts"
import { SessionExport, SessionImport } from "@opencode/protocol/transfer.ts"
import { z } from "zod"
import { jsonSource } from "../json-source.ts"
import { queryBoolean } from "../query.ts"
import { route } from "../route.ts"

const params = inline(() => z.object({ sessionID: SessionID() }))

/** It is in memory twice while it is checked; of text alone, this is the talk of a year. */
const MAX_IMPORT_BYTES = 128 * 1024 * 1024
/** Half a gigabyte each, for a moment, when they are as large as they may be. */
const IMPORTS_AT_ONCE = 2

const exported = route(
  "GET",
  "/session/:sessionID/export",
  {
    id: "session.export",
    tags: ["session"],
    summary: "Export session",
    description:
      "The whole conversation as one document. With `sanitize` without what is private: texts, arguments, outputs, paths and contents of files are marks that say what stood there.",
    answers: "The session with its messages",
    params,
    query: inline(() => z.object({ sanitize: queryBoolean().optional() })),
    answer: SessionExport,
    errors: ["NotFoundError"],
  },
  async ({ params, query, engine }) => jsonSource(jsonOf((await engine()).exportSession(params.sessionID, query))),
)

const imported = route(
  "POST",
  "/session/import",
  {
    id: "session.import",
    tags: ["session"],
    summary: "Import session",
    description:
      "Makes an exported conversation a session of this folder, as a whole or not at all. Its ids are kept when all of them are free, else it gets new ones.",
    answers: "The session as it is here",
    body: SessionImport,
    shownBody: SessionExport,
    maxBodyBytes: MAX_IMPORT_BYTES,
    atOnce: IMPORTS_AT_ONCE,
    answer: Session,
  },
  async ({ body, engine }) => (await engine()).importSession(body),
)

const share = route(
  "POST",
  "/session/:sessionID/share",
  {
    id: "session.share",
    tags: ["session"],
    summary: "Share session",
    description:
      "Writes the conversation as a page to the configured place, and again whenever the session becomes idle. 400 when sharing is disabled.",
    answers: "Successfully shared session",
    params,
    mayTakeLong: true,
    answer: Session,
    errors: ["NotFoundError", "ServiceUnavailableError"],
  },
  async ({ params, engine }) => (await engine()).share.share(params.sessionID),
)

const unshare = route(
  "DELETE",
  "/session/:sessionID/share",
  {
    id: "session.unshare",
    tags: ["session"],
    summary: "Unshare session",
    description: "Removes the page of a shared session.",
    answers: "Successfully unshared session",
    params,
    answer: Session,
    errors: ["NotFoundError", "ServiceUnavailableError"],
  },
  async ({ params, engine }) => (await engine()).share.unshare(params.sessionID),
)

export const sessionTransferRoutes = [exported, imported, share, unshare]
