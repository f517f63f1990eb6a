import { SessionID } from "@opencode/protocol/id.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { SessionHealth } from "@opencode/protocol/session-health.ts"
import { FoundSession } from "@opencode/protocol/session-search.ts"
import { z } from "zod"
import { queryBoolean } from "../query.ts"
import { route } from "../route.ts"

/** Longer ones are nobody's words. */
const MAX_QUERY = 1_000
const DEFAULT_LIMIT = 20
const MAX_LIMIT = 200

const search = route(
  "GET",
  "/find/session",
  {
    id: "find.sessions",
    tags: ["session"],
    summary: "Find sessions",
    description:
      "Sessions of the project in whose title or texts all words of `query` stand, in any case, newest first; with `everywhere` those of all projects. Files that were attached are not searched.",
    answers: "Sessions, with the messages that have the words",
    query: inline(() =>
      z.object({
        query: z.string().min(1).max(MAX_QUERY),
        everywhere: queryBoolean().optional(),
        limit: z.coerce.number().int().min(1).max(MAX_LIMIT).optional(),
      }),
    ),
    answer: inline(() => z.array(FoundSession())),
    mayTakeLong: true,
  },
  async ({ query: { query, everywhere, limit = DEFAULT_LIMIT }, engine, signal }) => {
    const { searchSessions, scope } = await engine()
    return searchSessions({ query, limit, signal: signal(), ...(everywhere ? {} : { projectID: scope.projectID }) })
  },
)

const doctor = route(
  "GET",
  "/session/:sessionID/doctor",
  {
    id: "session.doctor",
    tags: ["session"],
    summary: "Examine session",
    description:
      "What in a stored conversation a provider would refuse or was lost, and what becomes of it when it is sent. Changes nothing.",
    answers: "What was found",
    params: inline(() => z.object({ sessionID: SessionID() })),
    answer: SessionHealth,
    errors: ["NotFoundError"],
  },
  async ({ params: { sessionID }, engine }) => (await engine()).examineSession(sessionID),
)

export const sessionLookRoutes = [search, doctor]
